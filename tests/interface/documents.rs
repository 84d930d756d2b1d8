//! Generated documents are up to date, and every claim of `docs/claims.md` is an expectation of a scenario.
//!
//! After an intended change, `UPDATE_DOCS=1 cargo test --test interface documents` rewrites the documents.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use contend::model::Threshold;
use contend::scenario;
use contend::trace::FindingId;

/// Asserts that the file holds this text. With `UPDATE_DOCS` set, writes it first.
fn assert_current(path: &str, text: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, text).expect("written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let stale = text.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    assert!(found == text, "{path} is stale; UPDATE_DOCS=1 cargo test --test interface documents writes it: {stale:?}");
}

#[test]
fn language_reference_is_current() {
    assert_current("docs/language.md", &scenario::language_reference());
}

#[test]
fn reference_of_tours_is_current() {
    assert_current("docs/demo.md", &scenario::tour_reference());
}

const FINDINGS: &str = "\
# Findings

A finding is a problem of a run, with the figures it rests on and a fix. Reports and the dashboard list the most severe
first. Most findings are judged by the last 4 seconds of a run, and by nothing before the last turned knob.

`--mute FINDING` hides a finding from `contend run`, `test`, `replay` and the timelines of `tune`; they say how many are
muted. In the dashboard, `u` mutes findings like the chosen one and `A` shows them again. Expectations and `--fail-on`
count muted findings too.

`--threshold FINDING=VALUE` sets where a finding begins to be reported, in the same commands:
`contend replay run.contend --threshold lock-bound=60% --threshold starved=2s`. Reports, and the explanation of a
finding in the dashboard (`e`), say which thresholds are set. Expectations are judged by the thresholds in force. The
other conditions of a finding stay as they are: a lower threshold reports more only where they hold.

A finding without a threshold rests on facts: it is proven, or it counts single events.

| finding | meaning | threshold | default | permitted |
|---|---|---|---|---|
";

#[test]
fn list_of_findings_is_current() {
    let mut text = FINDINGS.to_owned();
    for finding in FindingId::ALL {
        let (id, meaning) = (finding.as_str(), finding.meaning());
        let _ = match Threshold::of(id) {
            Some(one) => {
                let (default, range) = (one.format_argument(one.default), one.format_range());
                writeln!(text, "| `{id}` | {meaning} | {} | {default} | {range} |", one.meaning)
            }
            None => writeln!(text, "| `{id}` | {meaning} | | | |"),
        };
    }
    assert_current("docs/findings.md", &text);
}

const CONFIGURATION: &str = r##"# Configuration

contend works without a configuration. A file of your own changes colours, keys, mouse, questions, frames per second and
how much of a run is kept.

```sh
contend config --path                                          # where the file is looked for
mkdir -p ~/.config/contend
contend config --print-default > "$(contend config --path)"    # start one
contend config                                                 # check it
```

The file is `$XDG_CONFIG_HOME/contend/config.toml`, or `~/.config/contend/config.toml`, in
[TOML](https://toml.io). Options of the command line override it: `--theme`, `--no-mouse`, `--no-ask`. The dashboard
reads it when it opens; reports, tests and checks never do. A mistake keeps the dashboard from opening: the message
names the line, the column and the fix.

## Themes

| theme | for |
|---|---|
| `dark`, `light` | the standard; the background of the terminal decides, if no theme is chosen |
| `colorblind` | the colours of Okabe and Ito, which any colour vision tells apart |
| `high-contrast` | text with a contrast of at least 7:1 |
| `ansi` | the terminal's own sixteen colours |
| `mono` | no colour: letters, glyphs, bold and reversed text carry everything |

`--theme NAME` chooses one for a run, `T` goes through all of them. Text has a contrast of at least 4.5:1 against its
background and areas 3:1, except in `ansi`, where the terminal decides.

The terminal is asked for its background when the dashboard opens; if it does not answer within 150 ms, `COLORFGBG`
decides, and without that the background counts as dark. A theme for the other background paints its own.

Colours are as many as the terminal has: 16 million, 256 or 16, by `COLORTERM`, `TERM` and terminfo. `--color
truecolor`, `--color 256` and `--color 16` override that; `NO_COLOR` and `--color never` switch colours off.

A theme of your own is another one with some colours changed. Letters of a state are made lighter or darker where its
colour would not be readable:

```toml
theme = "mine"

[themes.mine]
base = "dark"
lock = "#ff8800"
workers = ["#e5c07b", "#61afef", "#98c379"]
```

## Keys

Every action has a name; the list is below. Help and hints on the screen follow your keys. A key with two actions in one
place is a mistake, so give the other action another key as well, or none:

```toml
[keys]
quit = ["Q", "F10"]
kill-worker = []
```

Keys inside a line that you type (a filter, a time, a path) are fixed: Enter, Esc, Backspace.

## Every option

`contend config --print-default` prints this:

```toml
"##;

#[test]
fn configuration_is_current() {
    assert_current("docs/configuration.md", &format!("{CONFIGURATION}{}```\n", contend::config::default_file()));
}

const MISTAKES: &str = "\
# Mistakes

Messages of `contend check`, each with the fix it suggests. Names and numbers are those of the test files in
`tests/fixtures/scenario`. [The language reference](language.md) describes the correct syntax.
";

/// Returns the first message of a snapshot and its fix.
fn message_and_fix(snapshot: &Path) -> (String, String) {
    let text = fs::read_to_string(snapshot).expect("a snapshot");
    let mut lines = text.splitn(3, "---\n").nth(2).expect("a text").lines();
    let first = lines.next().unwrap_or_default();
    let title = first.split_once(": ").map_or(first, |(_, title)| title).trim();
    let help = lines.take_while(|line| !line.is_empty()).find_map(|line| line.split_once("= help: "));
    (title.to_owned(), help.map_or("", |(_, help)| help).trim().to_owned())
}

/// Returns the fix of each message, sorted by message.
fn mistakes(kind: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(Path::new("tests/fixtures/scenario").join(kind)).expect("the fixtures");
    let mut snapshots: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    snapshots.retain(|path| path.extension().is_some_and(|end| end == "snap"));
    snapshots.sort();
    snapshots.iter().rev().map(|path| message_and_fix(path)).collect() // the first of several equal messages wins
}

#[test]
fn list_of_mistakes_is_current() {
    let mut text = MISTAKES.to_owned();
    for (title, kind) in [("Errors", "bad"), ("Warnings", "doubtful")] {
        let _ = write!(text, "\n## {title}\n\n| message | fix |\n|---|---|\n");
        for (title, help) in mistakes(kind) {
            let _ = writeln!(text, "| {} | {} |", title.replace('|', "\\|"), help.replace('|', "\\|"));
        }
    }
    assert_current("docs/mistakes.md", &text);
}

/// Returns the cells of all table rows of a document, including the headers.
fn rows(document: &str) -> Vec<Vec<String>> {
    let lines = document.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{1}");
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    };
    lines.map(cells).collect()
}

/// Returns the parts of a cell between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_claim_names_expectations_of_its_scenario() {
    let rows = rows(include_str!("../../docs/claims.md"));
    let claims: Vec<_> = rows.iter().filter(|row| row[0] != "claim").collect();
    assert!(claims.len() > 50, "{} claims", claims.len());
    for row in claims {
        let [claim, shows, scenario, by] = row.as_slice() else { panic!("four cells: {row:?}") };
        assert!(!claim.is_empty() && !shows.is_empty(), "{row:?}");
        let name = quoted(scenario).concat();
        let entry = contend::catalogue::get(&name).unwrap_or_else(|| panic!("there is no scenario {name}"));
        let expected: Vec<&str> = entry.text.lines().filter_map(|line| line.strip_prefix("expect ")).collect();
        assert!(!quoted(by).is_empty(), "{claim}: no expectation is named");
        for expectation in quoted(by) {
            assert!(expected.contains(&expectation), "{name} does not expect `{expectation}`");
        }
    }
}

const SCENARIOS: [&str; 2] = [
    "<!-- scenarios: written by `UPDATE_DOCS=1 cargo test --test interface documents` -->\n",
    "<!-- end of scenarios -->\n",
];

/// Returns the output of `contend list` as tables, one for each group.
fn scenario_tables() -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_contend")).arg("list").output().expect("it starts");
    let list = String::from_utf8(ran.stdout).expect("it is text");
    let mut text = String::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let written = match line.strip_prefix("  ").and_then(|row| row.split_once(' ')) {
            Some((name, title)) => writeln!(text, "| `{name}` | {} |", title.trim().replace('|', "\\|")),
            None => write!(text, "\n### {line}\n\n| name | what it shows |\n|---|---|\n"),
        };
        written.expect("a string takes all");
    }
    text + "\n"
}

#[test]
fn readme_lists_every_scenario_by_group() {
    let readme = fs::read_to_string("README.md").expect("it is there");
    let (before, rest) = readme.split_once(SCENARIOS[0]).expect("the list begins");
    let (_, after) = rest.split_once(SCENARIOS[1]).expect("the list ends");
    let current = [before, SCENARIOS[0], &scenario_tables(), SCENARIOS[1], after].concat();
    assert_current("README.md", &current);
}
