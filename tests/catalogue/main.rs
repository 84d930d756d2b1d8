//! The catalogue tests itself: what every scenario says a run shows, in each of its variants, is seen.

#[path = "../support/schema.rs"]
mod schema;

use std::path::Path;
use std::process::{Command, Output};

/// Scenarios that run commands are skipped unless that is allowed: nobody's commands are run unasked. These are our own.
fn tested(reports: &Path, names: &[&str]) -> Output {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["test", "--allow-exec", "--reports"]).arg(reports).args(names).output().expect("the program starts")
}

/// Every report in a directory is as its schema says; returns how many there are.
fn assert_as_described(reports: &Path) -> usize {
    let schema = schema::load_schema("report");
    let files: Vec<_> =
        std::fs::read_dir(reports).expect("a directory").map(|entry| entry.expect("one").path()).collect();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a report");
        let found = schema::validation_errors(&schema, &serde_json::from_str(&text).expect("a report is JSON"));
        assert!(found.is_empty(), "{}: {found:#?}", file.display());
    }
    files.len()
}

/// Names of those that were not as expected: the last line says so.
fn unseen(text: &str) -> Vec<&str> {
    let last = text.lines().last().unwrap_or_default();
    last.split_once("not as expected: ").map_or(Vec::new(), |(_, names)| names.split(", ").collect())
}

/// A build server is never quite alone. What was not seen among all the others is looked at once more by itself, and then
/// it must be.
#[test]
fn every_scenario_meets_its_expectations() {
    let reports = tempfile::tempdir().expect("a directory");
    let ran = tested(reports.path(), &[]);
    assert!(assert_as_described(reports.path()) > 100);
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("expectations seen"), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    if ran.status.success() {
        return;
    }
    let names = unseen(&text);
    assert!(!names.is_empty() && names.len() <= 6, "too much was not seen: {}", names.join(", "));
    println!("not seen among all the others, and so looked at once more: {}", names.join(", "));
    for name in names {
        let again = tested(reports.path(), &[name]);
        assert!(again.status.success(), "alone:\n{}", String::from_utf8_lossy(&again.stdout));
    }
}

/// A few of them, with everything that a report can hold: what fails here fails in seconds.
#[test]
fn reports_match_their_schema() {
    let reports = tempfile::tempdir().expect("a directory");
    let names = [
        "deadlock",
        "async-lock",
        "pipe-backpressure",
        "separate-memory",
        "crash-policies",
        "results-in-order",
        "lost-wakeup",
        "exec",
    ];
    let ran = tested(reports.path(), &names);
    assert!(assert_as_described(reports.path()) >= names.len(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn list_test_and_tune_json_match_their_schemas() {
    let said = |args: &[&str]| {
        let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
        serde_json::from_slice(&contend.args(args).output().expect("it starts").stdout).expect("JSON")
    };
    for (name, args) in [
        ("list", &["list", "--json"][..]),
        ("tests", &["test", "--json", "deadlock", "--times", "2"]),
        ("tune", &["tune", "tune-lock", "--json", "--anyway", "--for", "4s", "--over", "1..2"]),
        ("tune", &["tune", "thread-pool", "--json", "--anyway", "--for", "4s", "--over", "5..8"]),
        ("tune", &["tune", "thread-pool", "--json", "--anyway", "--for", "1ms"]),
    ] {
        let found = schema::validation_errors(&schema::load_schema(name), &said(args));
        assert!(found.is_empty(), "{args:?}: {found:#?}");
    }
}
