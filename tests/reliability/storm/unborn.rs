//! Workers that are stopped before they could ask to die with anybody: at their first instruction, or while they are but a
//! copy of the runner. Nobody continues them here, and they are gone all the same.
#![cfg(debug_assertions)] // a release has no such faults

use crate::storm::running::Running;
use crate::support::{kill, parent_of, state_of};

/// Where a worker stops, and the run. Workers of the first are started without a copy of the runner's memory.
const STOPS: [(&str, &[&str]); 3] = [
    ("stop@worker", &["lock-contention", "--as", "processes"]),
    ("stop@worker", &["process-pool"]),
    ("stop@fork", &["process-pool"]),
];

fn is_stopped(pid: u32) -> bool {
    state_of(pid) == Some('T')
}

/// A run with a worker that has stopped, and its runner.
fn stopped(fault: &str, args: &[&str]) -> (Running, u32) {
    let run = Running::start(args, Some(fault));
    run.until("a worker that is stopped", |run| run.family().into_iter().any(is_stopped));
    let is_runner = |pid: &u32| parent_of(*pid) == Some(run.dashboard.id());
    let runner = run.of("runner").into_iter().find(is_runner).expect("a runner");
    (run, runner)
}

#[test]
fn who_was_stopped_before_its_first_instruction_goes_with_its_runner() {
    for (fault, args) in STOPS {
        let (mut run, runner) = stopped(fault, args);
        kill(runner);
        run.until_gone(&format!("{fault} {args:?}, runner killed"));
    }
}

#[test]
fn who_was_stopped_before_its_first_instruction_goes_with_the_dashboard() {
    for (fault, args) in STOPS {
        let (mut run, _) = stopped(fault, args);
        kill(run.dashboard.id());
        run.until_gone(&format!("{fault} {args:?}, dashboard killed"));
    }
}

#[test]
fn who_was_stopped_before_its_first_instruction_goes_with_both() {
    for (fault, args) in STOPS {
        let (mut run, runner) = stopped(fault, args);
        [runner, run.dashboard.id()].into_iter().for_each(kill);
        run.until_gone(&format!("{fault} {args:?}, both killed"));
    }
}

/// It has no mark yet, but everything that the dashboard had open.
#[test]
fn a_runner_that_was_stopped_before_it_was_one_goes_with_the_dashboard() {
    for args in [&["process-pool"][..], &["lock-contention", "--as", "processes"]] {
        let mut run = Running::start(args, Some("stop@launch"));
        run.until("a copy of the dashboard that is stopped", |run| run.family().into_iter().any(is_stopped));
        assert!(run.ours().is_empty(), "nobody is a runner yet");
        kill(run.dashboard.id());
        run.until_gone(&format!("stop@launch {args:?}, dashboard killed"));
    }
}
