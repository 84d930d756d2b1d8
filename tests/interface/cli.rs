//! The program as one starts it: what it prints where, and how it exits.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What came of one call.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "xterm-256color");
    command.stdin(Stdio::null());
    command
}

fn contend(args: &[&str]) -> Ran {
    ran(command(args).output().expect("the program starts"))
}

/// With this text on standard input.
fn fed(args: &[&str], input: &str) -> Ran {
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

/// A scenario that ends by itself in no time.
const SHORT: &str =
    "title \"Short\"\ncounter n\nthread a count=2 { repeat 3 { add n by=1 } }\nexpect value n equals=6\n";

#[test]
fn help_reads_well() {
    insta::assert_snapshot!("help", contend(&["--help"]).out);
    insta::assert_snapshot!("help_run", contend(&["run", "--help"]).out);
}

#[test]
fn versions_name_what_was_built() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(contend(&["-V"]).out, format!("contend {version}\n"));
    let long = contend(&["--version"]).out;
    assert!(long.starts_with(&format!("contend {version} (")) && long.contains(std::env::consts::ARCH), "{long}");
}

#[test]
fn the_catalogue_is_listed_by_group() {
    let list = contend(&["list"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""));
    let place = |text: &str| list.out.find(text).unwrap_or_else(|| panic!("no {text} in\n{}", list.out));
    assert!(place("Pools") < place("thread-pool") && place("thread-pool") < place("Locks"));
    assert!(place("Deadlocks") < place("philosophers"));
}

#[test]
fn the_catalogue_is_one_json_object() {
    let value: Value = serde_json::from_str(&contend(&["list", "--json"]).out).unwrap();
    let scenarios = value["scenarios"].as_array().unwrap();
    let deadlock = scenarios.iter().find(|entry| entry["name"] == "deadlock").unwrap();
    assert_eq!(deadlock["group"], "deadlocks");
    assert!(deadlock["knobs"].as_array().unwrap().iter().any(|knob| knob["name"] == "gap"));
}

#[test]
fn a_shown_scenario_can_be_checked_and_run() {
    let shown = contend(&["show", "lock-contention"]);
    assert!(shown.out.starts_with("title "), "{}", shown.out);
    let checked = fed(&["check", "-"], &shown.out);
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "-: ok\n"), "{}", checked.err);
}

#[test]
fn the_readme_speaks_of_what_there_is() {
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
fn a_mistyped_name_is_guessed() {
    for args in [["show", "philosphers"], ["run", "philosphers"], ["check", "philosphers"]] {
        let ran = contend(&args);
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert_eq!(ran.out, "");
        assert_eq!(ran.err, "error: no scenario is called `philosphers`; did you mean `philosophers`?\n");
    }
}

#[test]
fn a_file_with_mistakes_is_told_all_of_them() {
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
fn one_bad_file_does_not_hide_the_others() {
    let ran = contend(&["check", "deadlock", "no/such/file.kdl", "thread-pool"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.out, "deadlock: ok\nthread-pool: ok\n");
    assert_eq!(ran.err, "error: `no/such/file.kdl` does not exist\n");
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_right() {
    for (args, said) in [
        (&["run", "deadlock", "--set", "gpa=1ms"][..], "did you mean `gap`?"),
        (&["run", "deadlock", "--set", "gap"], "write KNOB=VALUE"),
        (&["run", "deadlock", "--set", "gap=1parsec"], "`1parsec` is no value for `gap`"),
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

#[test]
fn completions_and_manual_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = contend(&["completions", shell]).out;
        assert!(script.contains("contend") && script.contains("headless"), "{shell}");
        assert!(!script.contains("__runner"), "{shell}");
    }
    let page = contend(&["man"]).out;
    for word in [".TH contend", "RUN", "\\-\\-fail\\-on", "Exit codes"] {
        assert!(page.contains(word), "no {word} in\n{page}");
    }
}

#[test]
fn a_run_without_terminal_is_a_report() {
    let ran = fed(&["run", "-"], SHORT);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(": all workers ended\n"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && ran.err.is_empty(), "{}{}", ran.out, ran.err);
}

#[test]
fn colour_is_given_when_asked_for() {
    assert!(fed(&["run", "-", "--color", "always"], SHORT).out.contains('\u{1b}'));
}

#[test]
fn a_report_as_json_is_one_object() {
    let ran = fed(&["run", "-", "--json"], SHORT);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!(value["ended"], "completed");
    assert_eq!(value["counters"][0]["value"], 6);
    assert_eq!(value["expectations"][0]["seen"], true);
}

#[test]
fn an_expectation_that_is_not_seen_exits_with_1() {
    let ran = fed(&["run", "-"], &SHORT.replace("equals=6", "equals=7"));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("not seen  value n equals 7"), "{}", ran.out);
}

#[test]
fn a_deadlock_ends_a_run_that_never_would() {
    let ran = contend(&["run", "deadlock", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((value["ended"].as_str(), ran.code), (Some("deadlock"), Some(0)), "{}", ran.out);
    let ring: Vec<&str> =
        value["deadlocks"][0]["ring"].as_array().unwrap().iter().map(|l| l["worker"].as_str().unwrap()).collect();
    assert_eq!(ring.len(), 2, "{ring:?}");
}

#[test]
fn a_named_finding_exits_with_3() {
    let ran = contend(&["run", "deadlock", "--headless", "--fail-on", "lost-update", "--fail-on", "deadlock"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
}

#[test]
fn time_ends_a_run() {
    let ran = contend(&["run", "deadlock", "--set", "order=same", "--for", "300ms", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["ended"], "time");
    assert!(value["elapsed_s"].as_f64().unwrap() >= 0.3);
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_shout() {
    for args in [&["show", "deadlock"][..], &["list"], &["man"], &["--help"], &["completions", "bash"], &["run", "-"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let spawned = command(args).stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("the program starts");
        let _ = child.stdin.take().expect("it is piped").write_all(SHORT.as_bytes()); // most do not read it
        let mut err = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut err).unwrap();
        let code = child.wait().expect("it ends").code();
        assert_eq!((code, err.as_str()), (Some(141), ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let full = std::fs::File::create("/dev/full").expect("/dev/full opens");
    let ran = ran(command(&["list"]).stdout(full).output().expect("the program starts"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("error: cannot write to standard output"), "{}", ran.err);
}

#[test]
fn a_signal_ends_a_run_with_the_report_so_far() {
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

/// Until the program has a child: by then it listens to signals.
fn wait_until_running(pid: u32) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let has_child = || {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it is there");
        tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("children")).is_ok_and(|children| !children.trim().is_empty())
        })
    };
    while !has_child() {
        assert!(std::time::Instant::now() < deadline, "it never started its runner");
        std::thread::yield_now();
    }
}

/// A scenario of three variants, one of which is not as expected.
const VARIANTS: &str = "title \"Variants\"\ntest for=\"200ms\"\nknob more 2 min=1 max=9 help=\"x\"\ncounter n\n\
    thread a { repeat $more { add n by=1 } }\nexpect value n equals=2\nexpect value n equals=3 when=\"more=3\"\n\
    expect value n equals=9 when=\"more=4\"\n";

#[test]
fn every_variant_is_a_run_and_says_what_was_seen() {
    let ran = fed(&["test", "-"], VARIANTS);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    assert!(ran.out.contains("not seen  value n equals 9 when more=4"), "{}", ran.out);
    assert!(ran.out.contains("counter n: 4, expected 4: 0 lost; required: exactly 9"), "{}", ran.out);
    assert!(ran.out.ends_with("2 of 5 expectations seen in 3 runs of 1 scenario; not as expected: stdin\n"));
}

/// Where the values of a JSON document stand: `runs[].set[]`.
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
fn the_json_of_tests_is_what_its_description_says() {
    let text = "knob n 1 min=1 max=9\ncounter c\nthread w { repeat $n { add c }; sleep \"20ms\" }\n\
        expect value c equals=1\nexpect value c equals=3 when=\"n=3\"\nexpect rate c above=1.5 times=\"n=1\" when=\"n=9\"\n";
    let ran = fed(&["test", "-", "--json", "--times", "2"], text);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!(value["rounds"], 2);
    let mut found = BTreeSet::new();
    members(&value, "", &mut found);
    let described: BTreeSet<String> = include_str!("../../docs/tests.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(member, _)| member.to_owned())
        .collect();
    let untold: Vec<_> = found.difference(&described).collect();
    assert!(untold.is_empty(), "docs/tests.md does not tell of {untold:?}");
    // What is only there when something went wrong, or was left out.
    let seldom = |member: &String| {
        let last = member.rsplit('.').next();
        matches!(last, Some("error" | "not_judged")) || member.contains("unsteady") || member == "skipped[]"
    };
    let missing: Vec<_> = described.difference(&found).filter(|member| !seldom(member)).collect();
    assert!(missing.is_empty(), "docs/tests.md tells of {missing:?}");
}

#[test]
fn tests_as_json_are_one_object() {
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
fn tests_that_are_seen_exit_with_0() {
    let ran = fed(&["test", "-"], SHORT);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let nothing = fed(&["test", "-"], "title \"x\"\nthread t { sleep \"1ms\" }\n");
    assert_eq!(nothing.code, Some(0));
    assert!(nothing.out.contains("no expectations"), "{}", nothing.out);
}

#[test]
fn a_bad_file_is_not_tested_nor_are_the_others() {
    let ran = fed(&["test", "-", "no-such", "deadlock"], "title 3\n");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("stdin.kdl:1:7") && ran.err.contains("no scenario is called `no-such`"), "{}", ran.err);
}

#[test]
fn a_run_that_cannot_start_is_not_as_expected() {
    let text = "title \"x\"\nknob dir \"/no/such/place\" text=#true help=\"x\"\nknob out text=#true help=\"x\"\n\
        pool p of=threads workers=1 { batch files=\"png\" dir=$dir out=$out; task { thumbnail 32 } }\n\
        expect failed p equals=0\n";
    let ran = fed(&["test", "-"], text);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("not seen  the run failed: cannot read the directory `/no/such/place`"), "{}", ran.out);
}

#[test]
fn a_signal_ends_tests() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut child = command(&["test", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let pid = Pid::from_child(&child);
    let text = b"title \"x\"\ntest for=\"60s\"\nthread a { sleep \"60s\" }\nexpect no-deadlock\n";
    child.stdin.take().expect("it is piped").write_all(text).unwrap();
    wait_until_running(child.id());
    kill_process(pid, Signal::INT).expect("it is there");
    assert_eq!(ran(child.wait_with_output().expect("it ends")).code, Some(130));
}
