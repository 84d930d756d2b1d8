//! The command line: output, exit codes, completions and signals of the program as a user starts it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::poll_until;

/// The result of one call of the program.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "xterm-256color");
    command.stdin(Stdio::null());
    command
}

pub(crate) fn contend(args: &[&str]) -> Ran {
    ran(command(args).output().expect("the program starts"))
}

/// Runs the program with this text on standard input.
pub(crate) fn fed(args: &[&str], input: &str) -> Ran {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    ran(child.wait_with_output().expect("it ends"))
}

fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A scenario that ends by itself within milliseconds.
const SHORT: &str =
    "title \"Short\"\ncounter n\nthread a count=2 { repeat 3 { add n by=1 } }\nexpect value n equals=6\n";

#[test]
fn help_texts_match_their_snapshots() {
    insta::assert_snapshot!("help", contend(&["--help"]).out);
    insta::assert_snapshot!("help_run", contend(&["run", "--help"]).out);
    insta::assert_snapshot!("help_fmt", contend(&["fmt", "--help"]).out);
}

#[test]
fn version_names_release_and_target() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(contend(&["-V"]).out, format!("contend {version}\n"));
    let long = contend(&["--version"]).out;
    assert!(long.starts_with(&format!("contend {version} (")) && long.contains(std::env::consts::ARCH), "{long}");
}

#[test]
fn list_prints_the_catalogue_by_group() {
    let list = contend(&["list"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""));
    let place = |text: &str| list.out.find(text).unwrap_or_else(|| panic!("no {text} in\n{}", list.out));
    assert!(place("Pools") < place("thread-pool") && place("thread-pool") < place("Locks"));
    assert!(place("Deadlocks") < place("philosophers"));
}

#[test]
fn list_prints_one_json_object() {
    let value: Value = serde_json::from_str(&contend(&["list", "--json"]).out).unwrap();
    let scenarios = value["scenarios"].as_array().unwrap();
    let deadlock = scenarios.iter().find(|entry| entry["name"] == "deadlock").unwrap();
    assert_eq!(deadlock["group"], "deadlocks");
    assert!(deadlock["knobs"].as_array().unwrap().iter().any(|knob| knob["name"] == "gap"));
}

#[test]
fn shown_scenario_passes_the_check() {
    let shown = contend(&["show", "lock-contention"]);
    assert!(shown.out.starts_with("title "), "{}", shown.out);
    let checked = fed(&["check", "-"], &shown.out);
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "-: ok\n"), "{}", checked.err);
}

#[test]
fn readme_lists_all_scenarios_and_its_example_is_valid() {
    let readme = include_str!("../../README.md");
    let example = readme.split("```kdl\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(fed(&["check", "-"], example).out, "-: ok\n");
    let value: Value = serde_json::from_str(&contend(&["list", "--json"]).out).unwrap();
    for entry in value["scenarios"].as_array().unwrap() {
        let row = format!("| `{}` |", entry["name"].as_str().unwrap());
        assert!(readme.contains(&row), "the readme has no {row}");
    }
}

#[test]
fn similar_name_is_suggested_for_an_unknown_scenario() {
    for args in [["show", "philosphers"], ["run", "philosphers"], ["check", "philosphers"]] {
        let ran = contend(&args);
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert_eq!(ran.out, "");
        assert_eq!(ran.err, "error: no scenario is called `philosphers`; did you mean `philosophers`?\n");
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported() {
    let wrong = "title \"x\"\nmutx a\nthread t { lokc a { compute \"1ms\" } }\n";
    for args in [&["check", "-"][..], &["run", "-", "--headless"]] {
        let ran = fed(args, wrong);
        assert_eq!(ran.code, Some(2));
        assert_eq!(ran.out, "");
        assert!(ran.err.contains("stdin.kdl:2:1") && ran.err.contains("stdin.kdl:3:12"), "{}", ran.err);
        assert!(ran.err.contains("did you mean `mutex`?"), "{}", ran.err);
    }
}

#[test]
fn check_continues_after_a_bad_file() {
    let ran = contend(&["check", "deadlock", "no/such/file.kdl", "thread-pool"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.out, "deadlock: ok\nthread-pool: ok\n");
    assert_eq!(ran.err, "error: `no/such/file.kdl` does not exist\n");
}

#[test]
fn wrong_usage_exits_with_2_and_suggests_a_fix() {
    for (args, said) in [
        (&["run", "deadlock", "--set", "gpa=1ms"][..], "did you mean `gap`?"),
        (&["run", "deadlock", "--set", "gap"], "write KNOB=VALUE"),
        (&["run", "deadlock", "--set", "gap=1parsec"], "`1parsec` is not a value for `gap`"),
        (&["run", "deadlock", "--for", "never"], "10s or 500ms"),
        (&["run", "deadlock", "--for", "0s"], "10s or 500ms"),
        (&["run", "deadlock", "--fail-on", "lock-bond"], "lock-bound"),
        (&["run", "deadlock", "--as", "fibres"], "threads, processes"),
        (&["lst"], "list"),
        (&["deadlock"], "contend run deadlock"),
        (&["run"], "SCENARIO|FILE"),
        (&["completions", "cmd"], "bash"),
        (&[], "contend run SCENARIO"),
    ] {
        let ran = contend(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ran.err.contains(said), "{args:?} says\n{}", ran.err);
        assert_eq!(ran.err.matches("error:").count(), 1, "{}", ran.err);
    }
}

/// Returns the candidates for the last word, without descriptions, as the scripts for fish and zsh ask for them.
fn candidates(shell: &str, words: &[&str]) -> Vec<String> {
    let output = command(&[&["--"], words].concat())
        .env("CONTEND_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .env("_CLAP_IFS", "\n")
        .output();
    let answer = ran(output.expect("the program starts"));
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{shell} {words:?}");
    answer.out.lines().map(|line| line.split(['\t', ':']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn completion_offers_scenarios_knobs_findings_and_schemas() {
    for shell in ["fish", "zsh"] {
        let offered = |words: &[&str]| candidates(shell, &[&["contend"], words].concat());
        assert_eq!(offered(&["run", "dead"]), ["deadlock"]);
        assert!(offered(&["show", ""]).contains(&"philosophers".to_owned()));
        assert_eq!(offered(&["run", "deadlock", "--set", "g"]), ["gap="]);
        assert_eq!(offered(&["run", "--fail-on", "livelock", "deadlock", "--set", "order=s"]), ["order=same"]);
        assert_eq!(offered(&["tune", "thread-pool", "--knob", "work"]), ["workers"]);
        assert_eq!(offered(&["run", "deadlock", "--fail-on", "lost-"]), ["lost-wakeup", "lost-update"]);
        assert_eq!(offered(&["test", "deadlock", "--threshold", "loop-"]), ["loop-blocked=50ms", "loop-bound=30%"]);
        assert_eq!(offered(&["run", "deadlock", "--mute", "lost-u"]), ["lost-update"]);
        assert_eq!(offered(&["--theme", "high"]), ["high-contrast"]);
        assert_eq!(offered(&["demo", "fi"]), ["five-minutes"]);
        assert_eq!(offered(&["schema", "t"]), ["tests", "tune"]);
        assert_eq!(offered(&["fmt", "scenarios/deadl"]), ["scenarios/deadlock.kdl"]);
        assert_eq!(offered(&["fmt", "--ch"]), ["--check"]);
        assert!(offered(&["run", "deadlock", "--head"]).contains(&"--headless".to_owned()));
        assert_eq!(offered(&["run", "no-such-scenario", "--set", ""]), [""; 0]);
    }
}

#[test]
fn completion_offers_knobs_of_a_scenario_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("mine.kdl");
    std::fs::write(&file, "knob tellers 2 min=1 max=9 help=\"x\"\nthread t count=$tellers { sleep \"1ms\" }\n")
        .unwrap();
    let path = file.to_str().expect("text");
    assert_eq!(candidates("fish", &["contend", "run", path, "--set", "tell"]), ["tellers="]);
    let partial = path.strip_suffix("ne.kdl").expect("its name");
    assert_eq!(candidates("fish", &["contend", "run", partial]), [path]);
}

/// Sources the script in bash and calls its completion function as bash does.
fn candidates_in_bash(line: &str, word: &str) -> Vec<String> {
    const CALL: &str = r#"source <(contend completions bash) && COMP_LINE=$1 COMP_POINT=${#1} &&
        _contend contend "$2" "" && printf '%s\n' "${COMPREPLY[@]}""#;
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_contend")).parent().expect("a directory");
    let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap_or_default());
    let answer =
        ran(Command::new("bash").args(["-c", CALL, "bash", line, word]).env("PATH", path).output().expect("bash"));
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{line}");
    answer.out.lines().map(str::to_owned).collect()
}

#[test]
fn bash_script_completes_the_word_at_the_cursor() {
    assert_eq!(candidates_in_bash("contend run dead", "dead"), ["deadlock"]);
    assert_eq!(candidates_in_bash("contend run deadlock --set g", "g"), ["gap="]);
    // Bash takes the text behind `=` for a word of its own.
    assert_eq!(candidates_in_bash("contend run deadlock --set order=", ""), ["opposite", "same"]);
    assert_eq!(candidates_in_bash("contend run deadlock --set=order=s", "s"), ["same"]);
    assert_eq!(candidates_in_bash("contend run deadlock --fail-on=lost-u", "lost-u"), ["lost-update"]);
    let all = candidates_in_bash("contend run ", "");
    assert!(all.contains(&"deadlock".to_owned()) && !all.contains(&"--headless".to_owned()), "{all:?}");
}

#[test]
fn completion_scripts_and_manual_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = contend(&["completions", shell]).out;
        assert!(script.contains("contend") && script.contains("CONTEND_COMPLETE"), "{shell}");
    }
    let page = contend(&["man"]).out;
    for word in [".TH contend", "RUN", "\\-\\-fail\\-on", "Exit codes"] {
        assert!(page.contains(word), "no {word} in\n{page}");
    }
}

#[test]
fn run_without_a_terminal_prints_a_plain_report() {
    let ran = fed(&["run", "-"], SHORT);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(": all workers ended\n"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && ran.err.is_empty(), "{}{}", ran.out, ran.err);
}

#[test]
fn color_always_colours_output_without_a_terminal() {
    assert!(fed(&["run", "-", "--color", "always"], SHORT).out.contains('\u{1b}'));
}

#[test]
fn run_prints_one_json_object() {
    let ran = fed(&["run", "-", "--json"], SHORT);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!(value["ended"], "completed");
    assert_eq!(value["counters"][0]["value"], 6);
    assert_eq!(value["expectations"][0]["seen"], true);
}

#[test]
fn run_exits_with_1_if_an_expectation_is_not_met() {
    let ran = fed(&["run", "-"], &SHORT.replace("equals=6", "equals=7"));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("not seen  value n equals 7"), "{}", ran.out);
}

#[test]
fn headless_run_ends_at_a_deadlock() {
    let ran = contend(&["run", "deadlock", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((value["ended"].as_str(), ran.code), (Some("deadlock"), Some(0)), "{}", ran.out);
    let ring: Vec<&str> =
        value["deadlocks"][0]["ring"].as_array().unwrap().iter().map(|l| l["worker"].as_str().unwrap()).collect();
    assert_eq!(ring.len(), 2, "{ring:?}");
}

#[test]
fn finding_named_by_fail_on_exits_with_3() {
    let ran = contend(&["run", "deadlock", "--headless", "--fail-on", "lost-update", "--fail-on", "deadlock"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
}

#[test]
fn run_ends_at_its_time_limit() {
    let ran = contend(&["run", "deadlock", "--set", "order=same", "--for", "300ms", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["ended"], "time");
    assert!(value["elapsed_s"].as_f64().unwrap() >= 0.3);
}

#[test]
fn closed_pipe_ends_the_program_without_a_message() {
    for args in [&["show", "deadlock"][..], &["list"], &["man"], &["--help"], &["completions", "bash"], &["run", "-"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let spawned = command(args).stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("the program starts");
        let _ = child.stdin.take().expect("it is piped").write_all(SHORT.as_bytes()); // most commands do not read it
        let mut err = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut err).unwrap();
        let code = child.wait().expect("it ends").code();
        assert_eq!((code, err.as_str()), (Some(141), ""), "{args:?}");
    }
}

#[test]
fn full_disk_is_reported() {
    let full = std::fs::File::create("/dev/full").expect("/dev/full opens");
    let ran = ran(command(&["list"]).stdout(full).output().expect("the program starts"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("error: cannot write to standard output"), "{}", ran.err);
}

#[test]
fn signal_ends_a_run_with_a_report() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut child = command(&["run", "-", "--headless", "--for", "60s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let pid = Pid::from_child(&child);
        child.stdin.take().expect("it is piped").write_all(b"title \"x\"\nthread a { sleep \"60s\" }").unwrap();
        wait_until_running(child.id());
        kill_process(pid, signal).expect("it is there");
        let ran = ran(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(code));
        assert!(ran.out.contains(": stopped\n"), "{}", ran.out);
    }
}

/// Waits until the program has a child: by then it listens for signals.
fn wait_until_running(pid: u32) {
    let has_child = || {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it is there");
        tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("children")).is_ok_and(|children| !children.trim().is_empty())
        })
    };
    poll_until("its runner starts", has_child);
}

/// A scenario of three variants, one of which does not meet its expectation.
const VARIANTS: &str = "title \"Variants\"\ntest for=\"200ms\"\nknob more 2 min=1 max=9 help=\"x\"\ncounter n\n\
    thread a { repeat $more { add n by=1 } }\nexpect value n equals=2\nexpect value n equals=3 when=\"more=3\"\n\
    expect value n equals=9 when=\"more=4\"\n";

#[test]
fn test_runs_every_variant_and_reports_unmet_expectations() {
    let ran = fed(&["test", "-"], VARIANTS);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    assert!(ran.out.contains("not seen  value n equals 9 when more=4"), "{}", ran.out);
    assert!(ran.out.contains("counter n: 4, expected 4: 0 lost; required: exactly 9"), "{}", ran.out);
    assert!(ran.out.ends_with("2 of 5 expectations seen in 3 runs of 1 scenario; not as expected: stdin\n"));
}

/// Collects the paths of all values in a JSON document, such as `runs[].set[]`.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members_of) => {
            for (name, value) in members_of {
                let dot = if path.is_empty() { "" } else { "." };
                members(value, &format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, &format!("{path}[]"), found)),
        _ => drop(found.insert(path.to_owned())),
    }
}

#[test]
fn test_json_has_the_members_that_its_document_describes() {
    let text = "knob n 1 min=1 max=9\ncounter c\nthread w { repeat $n { add c }; sleep \"20ms\" }\n\
        process dies { abort }\nexpect value c equals=1\nexpect share running of=w above=\"0%\"\nexpect value c equals=3 when=\"n=3\"\nexpect rate c above=1.5 times=\"n=1\" \
        when=\"n=9\"\n";
    let choices = ["--mute", "crashed", "--threshold", "lock-bound=60%"];
    let ran = fed(&[&["test", "-", "--json", "--times", "2"][..], &choices].concat(), text);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!(value["rounds"], 2);
    let mut found = BTreeSet::new();
    members(&value, "", &mut found);
    let described: BTreeSet<String> = include_str!("../../docs/tests.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(member, _)| member.to_owned())
        .collect();
    let undescribed: Vec<_> = found.difference(&described).collect();
    assert!(undescribed.is_empty(), "docs/tests.md does not describe {undescribed:?}");
    // Members that appear only if something went wrong or was left out.
    let is_rare = |member: &String| {
        let last = member.rsplit('.').next();
        matches!(last, Some("error" | "not_judged"))
            // A comparison of counts has no interval.
            || member.ends_with("comparisons[].low")
            || member.ends_with("comparisons[].high")
            || member.contains("unsteady") || member == "skipped[]"
    };
    let missing: Vec<_> = described.difference(&found).filter(|member| !is_rare(member)).collect();
    assert!(missing.is_empty(), "docs/tests.md describes {missing:?}, which the output lacks");
}

#[test]
fn test_prints_one_json_object() {
    let ran = fed(&["test", "-", "--json"], VARIANTS);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!((ran.code, value["passed"].as_bool()), (Some(1), Some(false)));
    let runs = value["scenarios"][0]["runs"].as_array().unwrap();
    assert_eq!(
        runs.iter().map(|run| run["set"].to_string()).collect::<Vec<_>>(),
        ["[]", "[\"more=3\"]", "[\"more=4\"]"]
    );
    assert_eq!(runs[0]["expectations"][0]["seen"], true);
    assert_eq!(runs[2]["ended"], "completed");
}

#[test]
fn test_exits_with_0_if_all_expectations_are_met() {
    let ran = fed(&["test", "-"], SHORT);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let nothing = fed(&["test", "-"], "title \"x\"\nthread t { sleep \"1ms\" }\n");
    assert_eq!(nothing.code, Some(0));
    assert!(nothing.out.contains("no expectations"), "{}", nothing.out);
}

#[test]
fn test_runs_nothing_if_one_file_has_mistakes() {
    let ran = fed(&["test", "-", "no-such", "deadlock"], "title 3\n");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("stdin.kdl:1:7") && ran.err.contains("no scenario is called `no-such`"), "{}", ran.err);
}

#[test]
fn test_fails_if_a_run_cannot_start() {
    let text = "title \"x\"\nknob dir \"/no/such/place\" text=#true help=\"x\"\nknob out text=#true help=\"x\"\n\
        pool p of=threads workers=1 { batch files=\"png\" dir=$dir out=$out; task { thumbnail 32 } }\n\
        expect failed p equals=0\n";
    let ran = fed(&["test", "-"], text);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("not seen  the run failed: cannot read the directory `/no/such/place`"), "{}", ran.out);
}

#[test]
fn signal_ends_tests() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut child = command(&["test", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let pid = Pid::from_child(&child);
    let text = b"title \"x\"\ntest for=\"60s\"\nthread a { sleep \"60s\" }\nexpect no-deadlock\n";
    child.stdin.take().expect("it is piped").write_all(text).unwrap();
    wait_until_running(child.id());
    kill_process(pid, Signal::INT).expect("it is there");
    assert_eq!(ran(child.wait_with_output().expect("it ends")).code, Some(130));
}
