//! A deadlock whose events were lost: nobody reads while it comes about, so that the rings are full by then. What the
//! workers wait for and hold is read from their slots.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use contend::scenario::{Scenario, Source, check};
use contend::trace::WorkerId;

use self::support::Seen;

/// Long enough for the slowest machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_mins(1);

/// Each tells more than its ring and all that is under way to a reader can hold.
const TEXT: &str = r#"
title "Lost"
mutex a
mutex b
mutex own count=2
barrier both parties=2
thread left { lock a { meet both; repeat 400000 { lock own at=0 { } }; lock b { } } }
thread right { lock b { meet both; repeat 400000 { lock own at=1 { } }; lock a { } } }
"#;

fn scenario() -> Scenario {
    let source = Source { name: "lost".into(), path: None, text: TEXT.into() };
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

#[test]
fn a_deadlock_whose_events_were_lost_is_found() {
    let mut seen = Seen::start(&scenario());
    seen.until("both workers", |seen| seen.pids().len() == 2);
    until_stuck(&seen.pids()); // and nothing is read meanwhile
    seen.until("the deadlock", |seen| seen.model().deadlock().is_some());
    let (health, deadlock) = (seen.model().health(), seen.model().deadlock().unwrap());
    assert_eq!(deadlock.set, [WorkerId(0), WorkerId(1)]);
    assert!(health.lost > 0 && health.recovered > 0, "nothing was lost: {health:?}");
    seen.until("a look that bears it out", |seen| seen.model().health().borne_out > 0);
}
