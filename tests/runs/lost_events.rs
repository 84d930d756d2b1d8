//! Deadlocks and stalls with lost events: the test does not read until the workers are stuck, so that their rings are
//! full. The model learns from wait slots what the workers wait for and hold.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use contend::model::Model;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Notice, Span, WorkerId};

use crate::support::ObservedRun;

/// Long enough for the slowest machine; reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);

/// Returns a scenario with two workers that lock one mutex each and then want the other's. Each records more than its
/// ring and the reader's buffers can hold.
fn crossed_locks(between: &str, within: &str) -> String {
    format!(
        r#"
title "Lost"
mutex a
mutex b
mutex own count=2
mutex many count=30
semaphore permits permits=64 count=5
barrier both parties=2
thread left {{ lock a {{ {between} meet both; repeat 400000 {{ lock own at=0 {{ }} }}; lock b {{ }} {within} }} }}
thread right {{ lock b {{ meet both; repeat 400000 {{ lock own at=1 {{ }} }}; lock a {{ }} }} }}
"#
    )
}

/// A worker takes the only item and waits for another, a second worker waits for its signal, and the worker that put
/// the item has ended.
const DRAINED: &str = r#"
title "Drained"
mutex own count=3
mutex spare
queue jobs capacity=4
condition more of=spare
thread left { repeat 400000 { lock own at=0 { } }; take jobs; take jobs; notify more }
thread right { repeat 400000 { lock own at=1 { } }; lock spare { wait more } }
thread maker { repeat 400000 { lock own at=2 { } }; put jobs }
"#;

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "lost".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// The least CPU time for recording this many events, in nanoseconds: 10 per event.
const WORK: u64 = 800_000 * 10;

/// Returns the CPU time of a thread in nanoseconds, and whether it sleeps.
fn cpu_ns_and_sleep(tid: u32) -> (u64, bool) {
    let of = |file: &str| fs::read_to_string(format!("/proc/{tid}/{file}")).unwrap_or_default();
    let sleeps = of("stat").rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    let on_cpu = of("schedstat").split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    (on_cpu.unwrap_or_default(), sleeps)
}

/// Waits until these threads have done their work and sleep, without using CPU in a hundred successive intervals.
fn wait_until_stuck(tids: &[u32]) {
    let (start, mut calm, mut last) = (Instant::now(), 0, Vec::new());
    while calm < 100 {
        assert!(start.elapsed() < DEADLINE, "they never came to rest: {last:?}");
        thread::yield_now();
        let now: Vec<(u64, bool)> = tids.iter().map(|tid| cpu_ns_and_sleep(*tid)).collect();
        calm = if now == last && now.iter().all(|(on_cpu, sleeps)| *sleeps && *on_cpu > WORK) { calm + 1 } else { 0 };
        last = now;
    }
}

/// Returns the threads of the first two workers.
fn first_two(seen: &ObservedRun) -> Vec<u32> {
    let started = seen.notices.iter().filter_map(|notice| match notice {
        Notice::Started { worker: WorkerId(0 | 1), tid, .. } => Some(*tid),
        _ => None,
    });
    started.collect()
}

/// Runs until the first two workers are stuck, without reading. Then reads until `wanted` holds.
fn run_unread(text: &str, workers: usize, wanted: impl Fn(&Model) -> bool) -> ObservedRun {
    let mut seen = ObservedRun::start(&scenario(text));
    seen.wait_until("all workers", |seen| seen.pids().len() == workers || seen.end.is_some());
    assert_eq!(seen.end, None);
    wait_until_stuck(&first_two(&seen));
    seen.wait_until("the verdict", |seen| wanted(seen.model()));
    let health = seen.model().health();
    assert!(health.lost > 0 && health.recovered > 0, "nothing was lost: {health:?}");
    assert_eq!(health.disagreements, 0);
    seen
}

#[test]
fn deadlock_is_found_although_its_events_were_lost() {
    let many: Vec<String> = (0..30).map(|n| format!("lock many at={n} {{ ")).collect();
    for held in [&[][..], &many] {
        let mut seen = run_unread(&crossed_locks(&held.concat(), &"}".repeat(held.len())), 2, |model| {
            model.first_deadlock().is_some()
        });
        assert_eq!(seen.model().first_deadlock().unwrap().workers, [WorkerId(0), WorkerId(1)]);
        assert_eq!(seen.model().health().partially_recovered, 0);
        seen.wait_until("a look that bears it out", |seen| seen.model().health().confirmed_verdicts > 0);
    }
}

#[test]
fn worker_with_more_locks_than_its_slot_holds_is_found() {
    let all: Vec<String> = (0..5).map(|n| format!("acquire permits at={n} permits=64 {{ ")).collect();
    let text = crossed_locks(&all.concat(), &"}".repeat(all.len()));
    let mut seen = run_unread(&text, 2, |model| model.health().partially_recovered > 0);
    let then = seen.model().complete_until().unwrap();
    seen.wait_until("more looks", |seen| seen.model().complete_until() > Some(then + Span::from_millis(500)));
    assert_eq!(seen.model().first_deadlock(), None, "that one holds lock a is not known");
    assert_eq!(seen.model().health().partially_recovered, 1, "the same wait is read once");
}

#[test]
fn stall_is_found_although_its_events_were_lost() {
    let spawned = DRAINED.replace("thread left {", "thread left { spawn maker;");
    for text in [DRAINED, &spawned] {
        let both = [WorkerId(0), WorkerId(1)];
        let mut seen = run_unread(text, 3, |model| model.stall().is_some_and(|stall| stall.workers == both));
        seen.wait_until("a look that bears it out", |seen| seen.model().health().confirmed_verdicts > 0);
    }
}

/// Four workers share one mutex all the time, and between two holds each records more than its ring has room for.
const BURSTS: &str = r#"
title "Bursts"
mutex till
mutex own count=4
thread teller count=4 { forever { lock till { compute "100ms" }; repeat 40000 { lock own at="i" { } } } }
"#;

#[test]
fn lock_bound_is_found_although_events_are_lost_and_says_so() {
    let mut seen = ObservedRun::start(&scenario(BURSTS));
    let finding = |seen: &ObservedRun| {
        let now = seen.model().complete_until()?;
        let findings = seen.model().findings(now);
        findings.into_iter().find(|finding| finding.id == "lock-bound" && finding.sentence.contains("till"))
    };
    // Messages that nobody takes keep the reader from the rings, which overflow.
    seen.wait_until("a finding after a loss", |seen| {
        thread::sleep(Duration::from_millis(60));
        seen.model().health().lost > 0 && finding(seen).is_some()
    });
    let evidence = finding(&seen).unwrap().evidence;
    assert!(evidence.contains("of the events were lost"), "{evidence}");
}
