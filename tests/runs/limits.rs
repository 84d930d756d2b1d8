//! Waits with a time limit on real threads, processes and tasks: a worker that gives up loses nothing and keeps nothing.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, ResourceId, RunEnd};

/// Tests a scenario with threads, with processes, and with tasks of one loop.
fn each(text: &str, test: impl Fn(&ObservedRun)) {
    for kind in ["thread", "process", "async"] {
        let text = text.replace("WORKER", kind);
        let source = Source { name: "limits".into(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario;
        test(&completed(&scenario));
    }
}

fn completed(scenario: &Scenario) -> ObservedRun {
    let seen = ObservedRun::run_to_end(scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert_eq!(seen.lost_events(), 0);
    assert_eq!(seen.model().health().anomalies, 0);
    seen
}

fn timeouts(seen: &ObservedRun, on: u16) -> usize {
    seen.count(|kind| matches!(kind, EventKind::WaitTimedOut { lock } if lock == ResourceId(on)))
}

#[test]
fn take_and_put_give_up_and_run_the_else() {
    let text = "queue jobs capacity=1\ncounter n\nWORKER w {\n\
        take jobs timeout=\"1ms\"\nelse { add n }\n\
        take jobs timeout=\"1ms\" { add n by=100 }\nelse { add n }\n\
        put jobs timeout=\"1ms\"\nelse { add n by=100 }\n\
        put jobs timeout=\"1ms\"\nelse { add n }\n\
        put jobs timeout=\"1ms\"\n\
        try-put jobs timeout=\"1ms\" { add n by=100 }\nelse { add n }\n\
        try-take jobs timeout=\"1ms\" { add n }\n\
        try-take jobs timeout=\"1ms\" { add n by=100 }\nelse { add n }\n}";
    each(text, |seen| {
        assert_eq!(seen.counter, Some(6));
        assert_eq!(timeouts(seen, 0), 6);
    });
}

#[test]
fn take_with_a_block_and_a_limit_takes_until_one_wait_is_too_long() {
    let text = "queue jobs capacity=9\ncounter n\n\
        WORKER w { put jobs; put jobs; put jobs; take jobs timeout=\"1ms\" { add n }\nelse { add n by=10 }\n\
        close jobs; take jobs timeout=\"1h\" { add n by=100 }\nelse { add n by=100 } }";
    each(text, |seen| assert_eq!(seen.counter, Some(13)));
}

#[test]
fn queue_with_waiters_that_give_up_loses_no_item_and_no_wake_up() {
    let text = "queue jobs capacity=1\ncounter stopped\n\
        WORKER maker count=2 { repeat 150 { put jobs }; add stopped; if stopped equals=4 { close jobs } }\n\
        WORKER hasty count=2 { repeat 200 { put jobs timeout=\"random(0us, 80us)\" }; add stopped\n\
            if stopped equals=4 { close jobs } }\n\
        WORKER user { take jobs { compute \"5us\" } }\n\
        WORKER fickle count=2 { while stopped below=4 { take jobs timeout=\"random(0us, 80us)\" { compute \"5us\" } } }";
    each(text, |seen| {
        let put = seen.count(|kind| matches!(kind, EventKind::PutNth { .. }));
        let taken = seen.count(|kind| matches!(kind, EventKind::TookNth { .. }));
        assert!(put >= 300 && put == taken, "{put} put, {taken} taken");
        assert!(timeouts(seen, 0) > 0, "no wait gave up");
    });
}
