//! Deadlocks and stalls whose events were lost: nobody reads while they come about, so that the rings are full by then. What the
//! workers wait for and hold is read from their slots.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::time::{Duration, Instant};

use contend::model::Model;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Notice, Span, WorkerId};

use crate::support::ObservedRun;

/// Long enough for the slowest machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_mins(1);

/// Two who take one lock each and then want the other's, with all that is in between. Each tells more than its ring and all
/// that is under way to a reader can hold.
fn crossed(between: &str, within: &str) -> String {
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

/// One takes the only item there is and waits for another, one waits for its signal; who put the item has ended.
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

/// What telling so much takes of a CPU at the very least, in nanoseconds: 10 for an event.
const WORK: u64 = 800_000 * 10;

/// How long a thread was on a CPU, in nanoseconds; and whether it sleeps.
fn kernel(tid: u32) -> (u64, bool) {
    let of = |file: &str| fs::read_to_string(format!("/proc/{tid}/{file}")).unwrap_or_default();
    let sleeps = of("stat").rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    let on_cpu = of("schedstat").split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    (on_cpu.unwrap_or_default(), sleeps)
}

/// Waits until these threads have done their work and sleep, and do nothing else between one look and the next, a hundred
/// times over.
fn until_stuck(tids: &[u32]) {
    let (start, mut calm, mut last) = (Instant::now(), 0, Vec::new());
    while calm < 100 {
        assert!(start.elapsed() < DEADLINE, "they never came to rest: {last:?}");
        std::thread::yield_now();
        let now: Vec<(u64, bool)> = tids.iter().map(|tid| kernel(*tid)).collect();
        calm = if now == last && now.iter().all(|(on_cpu, sleeps)| *sleeps && *on_cpu > WORK) { calm + 1 } else { 0 };
        last = now;
    }
}

/// The threads of the first two workers.
fn first_two(seen: &ObservedRun) -> Vec<u32> {
    let started = seen.notices.iter().filter_map(|notice| match notice {
        Notice::Started { worker: WorkerId(0 | 1), tid, .. } => Some(*tid),
        _ => None,
    });
    started.collect()
}

/// Runs it until the first two of its workers are stuck, and nobody reads meanwhile. Then reads until `wanted` holds.
fn unread(text: &str, workers: usize, wanted: impl Fn(&Model) -> bool) -> ObservedRun {
    let mut seen = ObservedRun::start(&scenario(text));
    seen.wait_until("all workers", |seen| seen.pids().len() == workers || seen.end.is_some());
    assert_eq!(seen.end, None);
    until_stuck(&first_two(&seen));
    seen.wait_until("the verdict", |seen| wanted(seen.model()));
    let health = seen.model().health();
    assert!(health.lost > 0 && health.recovered > 0, "nothing was lost: {health:?}");
    assert_eq!(health.disagreements, 0);
    seen
}

#[test]
fn a_deadlock_whose_events_were_lost_is_found() {
    let many: Vec<String> = (0..30).map(|n| format!("lock many at={n} {{ ")).collect();
    for held in [&[][..], &many] {
        let mut seen =
            unread(&crossed(&held.concat(), &"}".repeat(held.len())), 2, |model| model.first_deadlock().is_some());
        assert_eq!(seen.model().first_deadlock().unwrap().workers, [WorkerId(0), WorkerId(1)]);
        assert_eq!(seen.model().health().partially_recovered, 0);
        seen.wait_until("a look that bears it out", |seen| seen.model().health().confirmed_verdicts > 0);
    }
}

#[test]
fn who_holds_more_than_it_can_say_is_told_of() {
    let all: Vec<String> = (0..5).map(|n| format!("acquire permits at={n} permits=64 {{ ")).collect();
    let text = crossed(&all.concat(), &"}".repeat(all.len()));
    let mut seen = unread(&text, 2, |model| model.health().partially_recovered > 0);
    let then = seen.model().complete_until().unwrap();
    seen.wait_until("more looks", |seen| seen.model().complete_until() > Some(then + Span::from_millis(500)));
    assert_eq!(seen.model().first_deadlock(), None, "that one holds lock a is not known");
    assert_eq!(seen.model().health().partially_recovered, 1, "the same wait is read once");
}

#[test]
fn a_stall_whose_events_were_lost_is_found() {
    let spawned = DRAINED.replace("thread left {", "thread left { spawn maker;");
    for text in [DRAINED, &spawned] {
        let both = [WorkerId(0), WorkerId(1)];
        let mut seen = unread(text, 3, |model| model.stall().is_some_and(|stall| stall.workers == both));
        seen.wait_until("a look that bears it out", |seen| seen.model().health().confirmed_verdicts > 0);
    }
}
