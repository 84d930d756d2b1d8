//! Processes that are forked from a running process: what the copy has of locks, and how it ends.

use std::process::{Command, Stdio};

use contend::scenario::{Scenario, Source, check};
use contend::trace::{DeathCause, EventKind, LockKind, Notice, RunEnd, WorkerId};

use crate::support::{ObservedRun, kill, pids_with_mark, poll_until};

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "forks".into(), path: None, text: text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

/// A thread that holds a lock of this kind while another thread forks a process that runs these steps.
fn held_at_fork(kind: LockKind, steps: &str) -> Scenario {
    scenario(&format!(
        "mutex m kind={}
        event locked
        event forked
        counter done
        thread filler {{ lock m {{ set locked; wait forked }} }}
        thread server {{ wait locked; spawn child; set forked; join child }}
        process child by=fork {{ {steps} }}",
        kind.word()
    ))
}

fn lock_kinds_of_one_process() -> impl Iterator<Item = LockKind> {
    LockKind::NAMED.into_iter().filter(|kind| kind.is_of_one_process())
}

#[test]
fn lock_held_at_a_fork_stays_locked_in_the_copy() {
    assert_eq!(lock_kinds_of_one_process().count(), 6);
    for kind in lock_kinds_of_one_process() {
        let steps = "try-lock m timeout=\"50ms\" { abort } else { add done }";
        let seen = ObservedRun::run_to_end(&held_at_fork(kind, steps));
        assert_eq!(
            (seen.end.clone(), seen.counter),
            (Some(RunEnd::Completed), Some(1)),
            "{kind:?}: {:?}",
            seen.notices
        );
        let holders = seen.events.iter().filter_map(|event| match event.kind {
            EventKind::CopiedHeld { lock, holder } => Some((event.worker, lock, holder)),
            _ => None,
        });
        let copy = seen.registry().lock_copies[0];
        assert_eq!(holders.collect::<Vec<_>>(), [(WorkerId(2), copy.copy, WorkerId(0))], "{kind:?}");
        assert_eq!(seen.model().health().anomalies, 0, "{kind:?}");
    }
}

#[test]
fn copy_that_waits_for_a_lock_held_at_its_fork_is_stuck_with_its_joiner() {
    for kind in [LockKind::Std, LockKind::ParkingLot] {
        let mut seen = ObservedRun::start(&held_at_fork(kind, "lock m { add done }"));
        seen.wait_until("the stall", |seen| seen.model().stall().is_some());
        let stuck = seen.model().stall().expect("it was just found").workers;
        assert_eq!(stuck, [WorkerId(1), WorkerId(2)], "{kind:?}");
        assert!(seen.model().deadlocks().is_empty(), "{kind:?}: the filler is no part of it");
    }
}

#[test]
fn lock_that_is_free_at_a_fork_works_in_the_copy_and_is_not_the_original() {
    for kind in lock_kinds_of_one_process() {
        let text = format!(
            "mutex m kind={}
            event holds
            counter done
            thread server {{ lock m {{ add done }}; spawn child; lock m {{ set holds; join child }} }}
            process child by=fork {{ wait holds; repeat 20 {{ lock m {{ add done }} }} }}",
            kind.word()
        );
        let seen = ObservedRun::run_to_end(&scenario(&text));
        assert_eq!(
            (seen.end.clone(), seen.counter),
            (Some(RunEnd::Completed), Some(21)),
            "{kind:?}: {:?}",
            seen.notices
        );
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CopiedHeld { .. })), 0, "{kind:?}");
        assert_eq!(seen.model().health().anomalies, 0, "{kind:?}");
    }
}

#[test]
fn lock_in_shared_memory_is_not_copied() {
    let seen = ObservedRun::run_to_end(&held_at_fork(LockKind::NotRobust, "lock m { add done }"));
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(1)), "{:?}", seen.notices);
    assert!(seen.registry().lock_copies.is_empty());
}

/// Threads that lock, allocate and start threads while the process is forked again and again.
#[test]
fn many_forks_of_a_busy_process_all_run_their_steps() {
    let text = "mutex m
        counter done
        semaphore turns permits=2
        thread busy count=3 daemon=#true { forever {
            lock m { compute \"20us\" }; acquire turns { compute \"1us\" }; spawn helper any=#true; sleep \"100us\" } }
        thread helper count=4 daemon=#true { compute \"5us\" }
        thread server { repeat 40 { spawn child; join child } }
        process child by=fork count=2 {
            try-lock m timeout=\"1ms\" { add done } else { add done }; acquire turns { add done } }";
    let seen = ObservedRun::run_to_end(&scenario(text));
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(160)), "{:?}", seen.notices);
}

#[test]
fn death_of_a_copy_is_reported_and_ends_its_life_as_failed() {
    for (step, cause) in [("abort", DeathCause::Signal(6)), ("exit 3", DeathCause::Exit(3))] {
        let text = format!(
            "mutex m
            counter done
            thread server {{ repeat 2 {{ spawn child; join child {{ abort }} else {{ add done }} }} }}
            process child by=fork {{ lock m; {step} }}"
        );
        let seen = ObservedRun::run_to_end(&scenario(&text));
        assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(2)), "{step}: {:?}", seen.notices);
        let died = Notice::Died { worker: WorkerId(1), cause };
        assert_eq!(seen.notices.iter().filter(|notice| **notice == died).count(), 2, "{step}: {:?}", seen.notices);
    }
}

#[test]
fn failed_step_of_a_copy_is_reported() {
    let text = "counter done
        thread server { spawn child; join child { abort } else { add done } }
        process child by=fork { fail \"no luck\" }";
    let seen = ObservedRun::run_to_end(&scenario(text));
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(1)), "{:?}", seen.notices);
    let failed = |notice: &Notice| matches!(notice, Notice::TaskFailed { message, .. } if message == "no luck");
    assert!(seen.notices.iter().any(failed), "{:?}", seen.notices);
}

/// Waits until no process has the mark.
fn assert_all_end(mark: &str) {
    poll_until("the end of all its processes", || pids_with_mark(mark).is_empty());
}

#[test]
fn stuck_copies_end_with_the_run_and_with_the_program() {
    let file = tempfile::NamedTempFile::with_suffix(".kdl").expect("a file");
    let text = "mutex m\ncounter done\nthread server { lock m { spawn child; add done; sleep \"1h\" } }
        process child by=fork count=3 { lock m { add done } }\nexpect deadlock\n";
    std::fs::write(file.path(), text).expect("written");
    for (name, limit) in [("run", "1s"), ("program", "1h")] {
        let (key, value) = ("CONTEND_FORK_TEST", format!("{name}-{}", std::process::id()));
        let mark = format!("{key}={value}");
        let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
        contend.args(["run", "--headless", "--for", limit]).arg(file.path()).env(key, &value);
        let mut child = contend.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        if name == "program" {
            // The program, its guardian, the runner and three copies.
            poll_until("six processes", || pids_with_mark(&mark).len() >= 6);
            kill(child.id());
        }
        child.wait().expect("it ends");
        assert_all_end(&mark);
    }
}
