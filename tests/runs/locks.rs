//! Catalogue scenarios about locks, semaphores and rwlocks meet their expectations in real runs.

use std::process::{Command, Stdio};

/// Runs a scenario headless with these knobs; panics with its report if an expectation is not met.
fn assert_meets_expectations(scenario: &str, knobs: &[&str], seconds: u32) {
    for kind in ["threads", "processes"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(["run", scenario, "--headless", "--as", kind, "--for", &format!("{seconds}s")]);
        command.args(knobs.iter().flat_map(|knob| ["--set", knob]));
        let output = command.stdin(Stdio::null()).output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{scenario} {knobs:?} as {kind}:\n{out}{err}");
    }
}

#[test]
fn self_deadlock_scenario_meets_its_expectations() {
    assert_meets_expectations("self-deadlock", &["kind=std"], 5);
    assert_meets_expectations("self-deadlock", &["kind=reentrant"], 2);
}

#[test]
fn connection_pool_scenario_meets_its_expectations() {
    assert_meets_expectations("connection-pool", &["size=4"], 5);
    assert_meets_expectations("connection-pool", &["size=5"], 2);
    assert_meets_expectations("connection-pool", &["size=2", "take=both-at-once"], 2);
}

#[test]
fn readers_writers_scenario_meets_its_expectations() {
    for policy in ["readers", "writers", "fair"] {
        assert_meets_expectations("readers-writers", &[&format!("policy={policy}")], 2);
    }
}

#[test]
fn writer_starvation_scenario_meets_its_expectations() {
    for policy in ["readers", "writers", "fair"] {
        assert_meets_expectations("writer-starvation", &[&format!("policy={policy}")], 2);
    }
}
