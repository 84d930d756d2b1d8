//! Workers that are stopped before they could ask the kernel to die with their parent: at their first instruction, or
//! right after the fork of the runner. No process continues them, and they must still be gone.
#![cfg(debug_assertions)] // release builds have no fault injection

use crate::storm::running::Running;
use crate::support::{kill, parent_of, state_of};

/// Where a worker stops, and the arguments of the run. In the first case, workers start without a copy of the runner's
/// memory.
const STOPS: [(&str, &[&str]); 3] = [
    ("stop@worker", &["lock-contention", "--as", "processes"]),
    ("stop@worker", &["process-pool"]),
    ("stop@fork", &["process-pool"]),
];

fn is_stopped(pid: u32) -> bool {
    state_of(pid) == Some('T')
}

/// Returns a run with a stopped worker, and its runner.
fn stopped(fault: &str, args: &[&str]) -> (Running, u32) {
    let run = Running::start(args, Some(fault));
    run.until("a worker that is stopped", |run| run.family().into_iter().any(is_stopped));
    let is_runner = |pid: &u32| parent_of(*pid) == Some(run.dashboard.id());
    let runner = run.of("runner").into_iter().find(is_runner).expect("a runner");
    (run, runner)
}

#[test]
fn worker_stopped_before_its_first_instruction_dies_with_the_runner() {
    for (fault, args) in STOPS {
        let (mut run, runner) = stopped(fault, args);
        kill(runner);
        run.until_gone(&format!("{fault} {args:?}, runner killed"));
    }
}

#[test]
fn worker_stopped_before_its_first_instruction_dies_with_the_dashboard() {
    for (fault, args) in STOPS {
        let (mut run, _) = stopped(fault, args);
        kill(run.dashboard.id());
        run.until_gone(&format!("{fault} {args:?}, dashboard killed"));
    }
}

#[test]
fn worker_stopped_before_its_first_instruction_dies_with_runner_and_dashboard() {
    for (fault, args) in STOPS {
        let (mut run, runner) = stopped(fault, args);
        [runner, run.dashboard.id()].into_iter().for_each(kill);
        run.until_gone(&format!("{fault} {args:?}, both killed"));
    }
}

/// The forked runner has no mark yet, but holds every descriptor of the dashboard.
#[test]
fn runner_stopped_right_after_fork_dies_with_the_dashboard() {
    for args in [&["process-pool"][..], &["lock-contention", "--as", "processes"]] {
        let mut run = Running::start(args, Some("stop@launch"));
        run.until("a copy of the dashboard that is stopped", |run| run.family().into_iter().any(is_stopped));
        assert!(run.ours().is_empty(), "a process is a runner already");
        kill(run.dashboard.id());
        run.until_gone(&format!("stop@launch {args:?}, dashboard killed"));
    }
}
