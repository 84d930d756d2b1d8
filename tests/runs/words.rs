//! A table of the words of workers, pools and resources: a tiny scenario for each, run by threads, processes and tasks,
//! with what its report must show; or the reason why the checker refuses it.
//!
//! The rows are in `tests/fixtures/words`, with `---` between them. A row begins with lines of these kinds; the rest is
//! its scenario.
//!
//! - `words:` the words that it shows: nodes, `NODE PROPERTY=`, and `NODE PROPERTY=WORD` where words are listed.
//! - `shows:` a figure of the JSON report; `shows CASE:` in these cases only. A case is a kind of workers, a word of
//!   `each`, or both as `KIND/WORD`.
//! - `refused CASE:` what the checker says instead.
//! - `each:` words that take the place of `EACH`, one run each. `only:` the kinds of workers where it has an effect.
//!
//! `WORKER` stands for the kind of workers, `OF` for the same kind in a pool.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use contend::scenario::{Source, check, language_reference};
use serde_json::Value;

/// Kinds of workers, alone and in a pool.
const KINDS: [(&str, &str); 3] = [("thread", "threads"), ("process", "processes"), ("async", "async")];

/// Words whose tests need files, other programs or a certain system, with these tests.
const ELSEWHERE: [(&str, &str); 11] = [
    ("server", "tests/runs/requests.rs"),
    ("http-get", "tests/runs/requests.rs"),
    ("exec", "tests/runs/commands.rs"),
    ("read-file", "tests/runs/real_work.rs"),
    ("thumbnail", "scenarios/thumbnails.kdl"),
    ("grayscale", "tests/runs/real_work.rs"),
    ("pool/batch files=", "tests/runs/real_work.rs"),
    ("pool/batch dir=", "tests/runs/real_work.rs"),
    ("pool/batch out=", "scenarios/thumbnails.kdl"),
    ("pool of=dask", "scenarios/dask-pool.kdl"),
    ("pool/batch needs=", "scenarios/dask-data-movement.kdl"),
];

/// Runs at a time.
const AT_ONCE: usize = 6;

/// A row of the table.
struct Row {
    place: String,
    /// Lines before the scenario: their keyword, the case they are for, and the rest.
    head: Vec<(String, String, String)>,
    text: String,
}

/// A row with a kind of workers and a word of `each`.
struct Case<'a> {
    row: &'a Row,
    kind: &'static str,
    word: String,
    text: String,
}

impl Row {
    fn read(place: String, text: &str) -> Self {
        let (mut head, mut body) = (Vec::new(), String::new());
        for line in text.lines() {
            let (before, value) = line.split_once(": ").unwrap_or_default();
            let (keyword, of) = before.split_once(' ').unwrap_or((before, ""));
            if ["words", "shows", "refused", "each", "only"].contains(&keyword) {
                head.push((keyword.to_owned(), of.to_owned(), value.to_owned()));
            } else {
                body += line;
                body.push('\n');
            }
        }
        Self { place, head, text: body }
    }

    /// Returns the values of a keyword, those of all cases and those of one.
    fn values(&self, keyword: &str, is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let lines = self.head.iter().filter(move |(key, of, _)| key == keyword && (of.is_empty() || is_meant(of)));
        lines.map(|(.., value)| value.as_str())
    }

    fn list(&self, keyword: &str) -> Vec<String> {
        self.values(keyword, |_| false).flat_map(|value| value.split(' ')).map(str::to_owned).collect()
    }

    /// Returns the words that the row shows.
    fn words(&self) -> Vec<String> {
        let written = self.values("words", |_| false).flat_map(|value| value.split(", "));
        let kinds = written.flat_map(|word| match word.strip_prefix("WORKER ") {
            Some(rest) => KINDS.iter().map(|(kind, _)| format!("{kind} {rest}")).collect(),
            None => vec![word.to_owned()],
        });
        let each = self.list("each");
        kinds
            .flat_map(|word| match word.strip_suffix("EACH") {
                Some(begin) => each.iter().map(|one| format!("{begin}{one}")).collect(),
                None => vec![word],
            })
            .collect()
    }

    fn cases(&self) -> Vec<Case<'_>> {
        let (each, only) = (self.list("each"), self.list("only"));
        let each = if each.is_empty() { vec![String::new()] } else { each };
        let kinds = KINDS.iter().filter(|(kind, _)| only.is_empty() || only.iter().any(|one| one == kind));
        let case = |kind: &'static str, of: &str, word: &String| {
            let text = self.text.replace("of=OF", &format!("of={of}")).replace("WORKER", kind).replace("EACH", word);
            Case { row: self, kind, word: word.clone(), text }
        };
        kinds.flat_map(|(kind, of)| each.iter().map(move |word| case(kind, of, word))).collect()
    }
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} {} {}", self.row.place, self.kind, self.word)
    }

    /// Returns the values of a keyword for this case.
    fn values(&self, keyword: &str) -> impl Iterator<Item = &str> {
        let (kind, word) = (self.kind, self.word.clone());
        self.row.values(keyword, move |of| of == kind || of == word || of == format!("{kind}/{word}"))
    }

    /// Runs the scenario, or lets it be refused. Returns what differs from the row.
    fn failure(&self, at: &Path) -> Option<String> {
        let path = at.join(format!("{}.kdl", self.name().replace([' ', '/'], "-")));
        let source = Source { name: "word".to_owned(), path: Some(path.clone()), text: self.text.clone() };
        let said = check(&source).err().map(|mistakes| mistakes.render(false));
        let refusal = self.values("refused").next();
        match (said, refusal) {
            (Some(said), Some(refusal)) if said.contains(refusal) => return None,
            (None, None) => {}
            (said, refusal) => return Some(format!("refused with {said:?} instead of {refusal:?}")),
        }
        fs::write(&path, &self.text).expect("it is written");
        let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
        let output = contend.arg("run").arg(&path).args(["--headless", "--json", "--for", "60s"]).output();
        let output = output.expect("the program starts");
        let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
            return Some(String::from_utf8_lossy(&output.stderr).into_owned());
        };
        let wrong: Vec<String> = self.values("shows").filter_map(|shown| difference(&report, shown)).collect();
        let ending = || format!("; ended {}, failures {}", report["ended"], report["failures"]);
        (!wrong.is_empty()).then(|| wrong.join("; ") + &ending())
    }
}

/// Compares a figure of the report, as in `counters[n].value >= 3`. Returns what the report has if that differs.
fn difference(report: &Value, shown: &str) -> Option<String> {
    let (path, sign, value) = [" >= ", " <= ", " = "]
        .into_iter()
        .find_map(|sign| shown.split_once(sign).map(|(path, value)| (path, sign.trim(), value)))
        .expect("a comparison");
    let Some(found) = figure(report, path) else { return Some(format!("there is no {path}")) };
    let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    let (is, due) = (found.as_f64().unwrap_or(f64::NAN), value.parse::<f64>().unwrap_or(f64::NAN));
    let holds = match sign {
        ">=" => is >= due,
        "<=" => is <= due,
        _ => text == value,
    };
    (!holds).then(|| format!("{path} is {text}, not {sign} {value}"))
}

/// Returns a member of the report. An element of a list is found by its name, text or priority.
fn figure<'a>(report: &'a Value, path: &str) -> Option<&'a Value> {
    let (mut at, mut rest) = (report, path);
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        at = if end > 0 { at.get(&rest[..end])? } else { at };
        rest = &rest[end..];
        if let Some((key, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let is_called = |one: &&Value| {
                let priority = one["priority"].as_u64().map(|priority| priority.to_string());
                ["name", "text"].iter().any(|name| one[*name] == key) || priority.as_deref() == Some(key)
            };
            at = at.as_array()?.iter().find(is_called)?;
            rest = behind;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Some(at)
}

fn rows() -> Vec<Row> {
    let mut files: Vec<_> =
        fs::read_dir("tests/fixtures/words").expect("the table").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let read = |(nth, text)| Row::read(format!("{name} {}", nth + 1), text);
        rows.extend(text.split("---\n").enumerate().map(read));
    }
    rows
}

/// Returns the words of resources, workers, pools and steps, from the reference, which is made from the grammar.
fn words_of_the_language() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let (mut place, mut family, mut node) = ("", "", None);
    let reference = language_reference();
    for line in reference.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            place = match title {
                "In the block of a pool" => "pool/",
                "In the block of `choose`" => "choose/",
                "In the block of `select`" => "select/",
                _ => "",
            };
            let is_wanted = ["At the top of a file", "Steps", "In the block of `spin`"].contains(&title);
            (family, node) = (if is_wanted || !place.is_empty() { "" } else { "none" }, None);
        } else if let Some(title) = line.strip_prefix("### ").filter(|_| family != "none") {
            let is_other = ["Texts", "Knobs", "Expectations"].contains(&title);
            (family, node) = (if is_other { "other" } else { "" }, None);
        } else if let Some(word) = line.strip_prefix("#### ").filter(|_| family.is_empty()) {
            node = Some(format!("{place}{word}"));
            words.extend(node.clone());
        } else if let (Some(node), Some(row)) = (&node, line.strip_prefix("| `")) {
            let (name, cells) = row.split_once("` |").expect("a property");
            let allowed = cells.split(" | ").nth(1).expect("the allowed values");
            let listed: Vec<&str> = allowed.split('`').skip(1).step_by(2).collect();
            let is_list = allowed.starts_with('`') && listed.len() > 1;
            let all = if is_list { listed } else { vec![""] };
            words.extend(all.into_iter().map(|word| format!("{node} {name}{word}")));
        }
    }
    words
}

/// Whether a test elsewhere covers a word: a node with all that belongs to it, or a property.
fn is_covered_elsewhere(word: &str) -> bool {
    ELSEWHERE.iter().any(|(other, _)| word == *other || word.split(' ').next() == Some(other))
}

#[test]
fn every_word_of_the_language_has_a_row() {
    let (words, rows) = (words_of_the_language(), rows());
    assert!(words.len() > 200 && words.contains("select/receive bytes="), "{words:?}");
    let shown: BTreeSet<String> = rows.iter().flat_map(Row::words).collect();
    let missing: Vec<&String> = words.difference(&shown).filter(|word| !is_covered_elsewhere(word)).collect();
    assert!(missing.is_empty(), "no row in tests/fixtures/words for {missing:?}");
    let unknown: Vec<&String> = shown.difference(&words).collect();
    assert!(unknown.is_empty(), "the language has no {unknown:?}");
    for (word, file) in ELSEWHERE {
        let test = fs::read_to_string(file).expect("the test");
        let name = word.rsplit(['/', ' ']).next().unwrap_or(word);
        assert!(test.contains(name), "{file} has no {name}");
    }
}

#[test]
fn every_word_has_its_effect_with_threads_processes_and_tasks_or_is_refused_with_the_reason() {
    let (rows, directory) = (rows(), tempfile::tempdir().expect("a directory"));
    let trace = "arrival_ms,duration_ms\n1000,5\n1100,20\n1100,40\n1300,10\n1500,1\n";
    fs::write(directory.path().join("requests.csv"), trace).expect("it is written");
    let cases: Vec<Case<'_>> = rows.iter().flat_map(Row::cases).collect();
    let (open, failures) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    let next = || open.lock().expect("no test panics").next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    if let Some(why) = case.failure(directory.path()) {
                        failures.lock().expect("no test panics").push(format!("{}: {why}", case.name()));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no test panics");
    assert!(cases.len() > 150, "only {} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
