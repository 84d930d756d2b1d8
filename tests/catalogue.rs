//! The catalogue tests itself: what every scenario says a run shows, in each of its variants, is seen.

use std::process::{Command, Output};

/// Scenarios that run commands are skipped unless that is allowed: nobody's commands are run unasked. These are our own.
fn tested(names: &[&str]) -> Output {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["test", "--allow-exec"]).args(names).output().expect("the program starts")
}

/// Names of those that were not as expected: the last line says so.
fn unseen(text: &str) -> Vec<&str> {
    let last = text.lines().last().unwrap_or_default();
    last.split_once("not as expected: ").map_or(Vec::new(), |(_, names)| names.split(", ").collect())
}

/// A build server is never quite alone. What was not seen among all the others is looked at once more by itself, and then
/// it must be.
#[test]
fn everything_that_scenarios_expect_is_seen() {
    let ran = tested(&[]);
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("expectations seen"), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    if ran.status.success() {
        return;
    }
    let names = unseen(&text);
    assert!(!names.is_empty() && names.len() <= 6, "too much was not seen: {}", names.join(", "));
    println!("not seen among all the others, and so looked at once more: {}", names.join(", "));
    for name in names {
        let again = tested(&[name]);
        assert!(again.status.success(), "alone:\n{}", String::from_utf8_lossy(&again.stdout));
    }
}
