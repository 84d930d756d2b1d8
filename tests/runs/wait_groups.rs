//! Wait groups and latches on real threads, processes and tasks.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, ExitKind, Notice, ResourceId, RunEnd};

/// Tests a scenario with threads, with processes, and with tasks of one loop.
fn each(text: &str, test: impl Fn(Scenario)) {
    for kind in ["thread", "process", "async"] {
        let text = text.replace("WORKER", kind);
        let source = Source { name: "groups".into(), path: None, text };
        test(check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario);
    }
}

fn failures(seen: &ObservedRun, message: &str) -> usize {
    let failed = |notice: &&Notice| matches!(notice, Notice::TaskFailed { message: why, .. } if why.contains(message));
    seen.notices.iter().filter(failed).count()
}

#[test]
fn wait_returns_after_every_done() {
    let text = "wait-group jobs\nqueue results capacity=64\ncounter early\n\
        WORKER boss { repeat 20 { add jobs times=6; put tasks; put tasks; put tasks; put tasks; put tasks; put tasks\n\
        wait jobs; repeat 6 { try-take results { sleep \"0us\" }\nelse { add early } } }; close tasks }\n\
        queue tasks capacity=64\n\
        WORKER helper count=3 { take tasks { put results; done jobs } }";
    each(text, |scenario| {
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        assert_eq!(seen.counter, Some(0), "a wait returned early");
        let counted = seen.count(|kind| matches!(kind, EventKind::GroupCounted { on: ResourceId(0), .. }));
        assert_eq!(counted, 20 * 7, "each change of the count is an event");
        let zeros = seen.count(|kind| matches!(kind, EventKind::GroupCounted { count: 0, .. }));
        let signals = seen.count(|kind| matches!(kind, EventKind::Signalled { .. }));
        assert_eq!((zeros, signals), (20, 20));
    });
}

#[test]
fn done_below_zero_fails() {
    each(
        "wait-group jobs\nlatch ready initial=1\nWORKER w { add jobs; done jobs; done ready; done ready }",
        |scenario| {
            let seen = ObservedRun::run_to_end(&scenario);
            assert_eq!(failures(&seen, "`done` at ready, whose count is 0 already"), 1, "{:?}", seen.notices);
            assert_eq!(seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Panicked))), 1);
        },
    );
}

#[test]
fn group_reused_before_its_waiters_left_fails_them() {
    let text = "wait-group jobs\nevent begun\n\
        WORKER opener { add jobs; set begun; sleep \"30ms\"; done jobs }\n\
        WORKER waiter count=12 { wait begun; wait jobs; add jobs; done jobs }";
    each(text, |scenario| {
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        let failed = failures(&seen, "waited at jobs, which was added to before this wait returned");
        assert!((1..12).contains(&failed), "{failed} failed; the first to leave did not: {:?}", seen.notices);
    });
}

#[test]
fn latch_stays_open() {
    let text = "latch ready initial=3\nevent late\ncounter passed\n\
        WORKER early count=2 { wait ready; add passed; set late }\n\
        WORKER prepares count=3 { sleep \"i * 5ms\"; done ready }\n\
        WORKER after { wait late; wait ready; wait ready; add passed }";
    each(text, |scenario| {
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        assert_eq!(seen.counter, Some(3));
    });
}

#[test]
fn timed_wait_at_a_group_gives_up() {
    each("wait-group jobs\nWORKER w { add jobs; wait jobs timeout=\"1ms\" }", |scenario| {
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(seen.end, Some(RunEnd::Completed));
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::WaitTimedOut { lock: ResourceId(0) })), 1);
    });
}

#[test]
fn wait_that_no_remaining_worker_can_end_is_a_stall() {
    let text = "wait-group jobs\nlatch ready initial=2\n\
        WORKER boss { add jobs by=2; wait jobs }\n\
        WORKER helper { sleep \"5ms\"; done jobs; done ready; wait ready timeout=\"20ms\" }";
    each(text, |scenario| {
        let mut seen = ObservedRun::start(&scenario);
        seen.wait_until("a stall", |seen| seen.model().stall().is_some());
        let stall = seen.model().stall().expect("a stall");
        assert_eq!(stall.workers.len(), 1, "the boss waits for a `done` that no worker will do");
        let finding = seen.model().findings(stall.at + contend::trace::Span::from_millis(900)).into_iter();
        let finding = finding.into_iter().find(|finding| finding.id == "stall").expect("a finding");
        assert!(
            finding
                .sentence
                .starts_with("boss waits for jobs (count 1); every worker that could count it down has ended."),
            "{}",
            finding.sentence
        );
    });
}
