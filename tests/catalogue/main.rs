//! Runs scenarios of the catalogue in all their variants and checks expectations, reports and JSON output: some in
//! `cargo test`, every one in `.ci/run`.

#[path = "../support/schema.rs"]
mod schema;

#[path = "../support/plural.rs"]
mod plural;
mod previews;
mod replays;
#[path = "../support/whole.rs"]
mod whole;

use std::path::Path;
use std::process::{Command, Output};

use contend::catalogue;
use whole::inputs;

/// Runs `contend test` on these scenarios, or on all without names, and keeps the recording of each run beside its
/// report. `--allow-exec` includes scenarios that run commands.
fn run_tests(reports: &Path, names: &[&str]) -> Output {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["test", "--allow-exec", "--reports"]).arg(reports).arg("--record").arg(reports);
    contend.args(names).output().expect("the program starts")
}

/// Asserts that every report in a directory matches its schema, and returns the number of reports.
fn check_reports(reports: &Path) -> usize {
    let schema = schema::load_schema("report");
    let files = replays::files_with_extension(reports, "json");
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a report");
        let wrong = plural::wrong_plurals(&text);
        assert!(wrong.is_empty(), "{}: {wrong:?}", file.display());
        let found = schema::validation_errors(&schema, &serde_json::from_str(&text).expect("a report is JSON"));
        assert!(found.is_empty(), "{}: {found:#?}", file.display());
    }
    files.len()
}

/// Returns the names of the scenarios with unmet expectations, from the last line of the output.
fn failed_scenarios(text: &str) -> Vec<&str> {
    let last = text.lines().last().unwrap_or_default();
    last.split_once("not as expected: ").map_or(Vec::new(), |(_, names)| names.split(", ").collect())
}

/// Scenarios that may fail in the run of the whole catalogue and pass when run alone: a build server is never quite
/// idle.
const MAX_RETRIED: usize = 3;

/// Scenarios whose reports cover the whole schema.
const REPORTED: [&str; 8] = [
    "deadlock",
    "async-lock",
    "pipe-backpressure",
    "separate-memory",
    "crash-policies",
    "results-in-order",
    "lost-wakeup",
    "exec",
];

/// Returns scenarios of every group: each twelfth of the catalogue, and those that cover the schema. Scenarios on Dask
/// are refused by name where it is absent; the run of all scenarios says that it skips them.
fn some_scenarios() -> Vec<&'static str> {
    let every = catalogue::all().iter().map(|entry| entry.name).filter(|name| !name.starts_with("dask-"));
    every.enumerate().filter(|(nth, name)| nth % 12 == 0 || REPORTED.contains(name)).map(|(_, name)| name).collect()
}

/// Few scenarios may need a second run, and each of them must then meet its expectations.
#[test]
fn every_scenario_meets_its_expectations() {
    let reports = tempfile::tempdir().expect("a directory");
    let (names, least) = inputs((some_scenarios(), 20), (Vec::new(), 100)); // without names, all of them run
    let ran = run_tests(reports.path(), &names);
    assert!(check_reports(reports.path()) > least);
    assert!(replays::check_replays(reports.path()) > least);
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("expectations seen"), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    if ran.status.success() {
        return;
    }
    let names = failed_scenarios(&text);
    println!("{} of at most {MAX_RETRIED} scenarios failed and run again alone: {}", names.len(), names.join(", "));
    assert!(!names.is_empty(), "no failed scenario is named:\n{text}");
    assert!(names.len() <= MAX_RETRIED, "{} scenarios failed: {text}", names.len());
    for name in names {
        let again = run_tests(reports.path(), &[name]);
        assert!(again.status.success(), "{name} fails alone as well:\n{}", String::from_utf8_lossy(&again.stdout));
    }
}

/// A few scenarios whose reports cover the whole schema: a part of the test of all scenarios, for a failure within
/// seconds.
#[test]
#[ignore = "a part of another test"]
fn reports_match_their_schema() {
    let reports = tempfile::tempdir().expect("a directory");
    let ran = run_tests(reports.path(), &REPORTED);
    assert!(check_reports(reports.path()) >= REPORTED.len(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(replays::check_replays(reports.path()) >= REPORTED.len());
}

#[test]
fn list_test_and_tune_json_match_their_schemas() {
    let json_of = |args: &[&str]| {
        let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
        serde_json::from_slice(&contend.args(args).output().expect("it starts").stdout).expect("JSON")
    };
    for (name, args) in [
        ("list", &["list", "--json"][..]),
        ("check", &["check", "--json", "deadlock"]),
        ("tests", &["test", "--json", "deadlock", "--times", "2"]),
        ("tune", &["tune", "tune-lock", "--json", "--anyway", "--for", "4s", "--over", "1..2"]),
        ("tune", &["tune", "thread-pool", "--json", "--anyway", "--for", "4s", "--over", "5..8"]),
        ("tune", &["tune", "thread-pool", "--json", "--anyway", "--for", "1ms"]),
    ] {
        let found = schema::validation_errors(&schema::load_schema(name), &json_of(args));
        assert!(found.is_empty(), "{args:?}: {found:#?}");
    }
}
