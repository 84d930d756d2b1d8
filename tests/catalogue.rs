//! The catalogue tests itself: what every scenario says a run shows, in each of its variants, is seen.

use std::process::Command;

#[test]
fn everything_that_scenarios_expect_is_seen() {
    let ran = Command::new(env!("CARGO_BIN_EXE_contend")).arg("test").output().expect("the program starts");
    let text = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(text.contains("expectations seen in"), "{text}");
}

/// Scenarios that run commands are skipped above: nobody's commands are run unasked.
#[test]
fn what_the_scenario_with_commands_expects_is_seen_when_they_are_allowed() {
    let ran = Command::new(env!("CARGO_BIN_EXE_contend")).args(["test", "exec", "--allow-exec"]).output();
    let ran = ran.expect("the program starts");
    let text = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&ran.stderr));
}
