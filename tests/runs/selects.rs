//! `select` on real threads, processes and tasks.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, ExitKind, ResourceId, RunEnd};

/// Tests a scenario with threads, with processes, and with tasks of one loop.
fn each(text: &str, test: impl Fn(ObservedRun)) {
    for kind in ["thread", "process", "async"] {
        test(completed(&text.replace("WORKER", kind)));
    }
}

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "selects".into(), path: None, text: text.to_owned() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

fn completed(text: &str) -> ObservedRun {
    let seen = ObservedRun::run_to_end(&scenario(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}\n{text}", seen.notices);
    assert_eq!(seen.lost_events(), 0);
    seen
}

/// The numbers of the items taken from a queue, in order.
fn taken(seen: &ObservedRun, from: ResourceId) -> Vec<u32> {
    let numbers = seen.events.iter().filter_map(|event| match event.kind {
        EventKind::TookNth { queue, nth, .. } if queue == from => Some(nth),
        _ => None,
    });
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

fn added(seen: &ObservedRun) -> usize {
    seen.count(|kind| matches!(kind, EventKind::CounterAdded { .. }))
}

const A: ResourceId = ResourceId(0);
const B: ResourceId = ResourceId(1);

#[test]
fn no_item_and_no_wakeup_is_lost_between_workers_with_and_without_alternatives() {
    for pick in ["first", "fair"] {
        let text = "queue a capacity=2\nqueue b capacity=1\ncounter ended\n\
            WORKER maker count=2 { repeat 150 { put a; put b }; add ended; if ended equals=2 { close a; close b } }\n\
            WORKER chooser count=2 { forever { select pick=PICK { take a { compute \"3us\" }; take b } } }\n\
            WORKER only-a { take a { compute \"3us\" } }\n\
            WORKER only-b { take b { compute \"3us\" } }";
        each(&text.replace("PICK", pick), |seen| {
            assert_eq!(taken(&seen, A), (1..=300).collect::<Vec<_>>());
            assert_eq!(taken(&seen, B), (1..=300).collect::<Vec<_>>());
            let ended = seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Finished)));
            assert_eq!(ended, 6, "a worker whose queues are all closed and empty ends");
        });
    }
}

#[test]
fn puts_are_alternatives_too() {
    let text = "queue a capacity=1\nqueue b capacity=2\ncounter ended\n\
        WORKER giver count=2 { repeat 200 { select { put a; put b } }; add ended; \
            if ended equals=2 { close a; close b } }\n\
        WORKER only-a { take a { compute \"20us\" } }\n\
        WORKER only-b { take b { compute \"5us\" } }";
    each(text, |seen| {
        let (a, b) = (taken(&seen, A).len(), taken(&seen, B).len());
        assert_eq!(a + b, 400);
        assert!(a > 0 && b > 0, "{a} and {b}");
    });
}

#[test]
fn pulse_of_an_event_reaches_every_worker_that_selects_it() {
    let text = "queue a capacity=1\nevent stop\ncounter n\n\
        WORKER w count=3 { select { take a; wait stop { add n } } }\n\
        WORKER plain { wait stop; add n }\n\
        WORKER s { sleep \"250ms\"; set stop; clear stop }";
    each(text, |seen| assert_eq!(added(&seen), 4));
}

#[test]
fn limit_runs_its_branch_and_leaves_the_queues_to_others() {
    let text = "queue a capacity=1\nqueue b capacity=1\ncounter n\n\
        WORKER w count=2 { repeat 20 { select { take a; take b; after \"300us\" { add n } } } }\n\
        WORKER none { select { take a; after \"0us\" { add n by=-1 } } }\n\
        WORKER late { sleep \"300ms\"; put a; take a; put b; take b }";
    each(text, |seen| {
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 1, .. })), 40);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: -1, .. })), 1);
        assert_eq!((taken(&seen, A), taken(&seen, B)), (vec![1], vec![1]));
    });
}

#[test]
fn end_of_a_worker_is_an_alternative() {
    let text = "queue a capacity=1\ncounter n\n\
        WORKER long { sleep \"60ms\" }\n\
        WORKER w count=2 { select { take a; join long { add n } } }";
    each(text, |seen| assert_eq!(added(&seen), 2));
}

#[test]
fn worker_that_selects_completes_with_workers_at_queues_without_room() {
    let text = "queue a capacity=0\nqueue b capacity=0\ncounter ended\n\
        WORKER maker count=2 { repeat 60 { put a }; add ended; if ended equals=2 { close a } }\n\
        WORKER chooser count=2 { forever { select { take a { compute \"3us\" }; put b } } }\n\
        WORKER taker { repeat 40 { take b }; sleep \"100ms\"; close b }\n\
        WORKER only-a { take a { compute \"3us\" } }";
    for kind in ["thread", "process", "async"] {
        let seen = ObservedRun::run_to_end(&scenario(&text.replace("WORKER", kind)));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        assert_eq!(taken(&seen, A), (1..=120).collect::<Vec<_>>());
        assert_eq!(taken(&seen, B), (1..=40).collect::<Vec<_>>());
        let put = seen.count(|kind| matches!(kind, EventKind::PutNth { .. }));
        assert_eq!(put, 160, "each put has its take");
    }
}

#[test]
fn thread_and_task_select_from_the_same_queues() {
    let text = "queue a capacity=1\nqueue b capacity=1\nqueue c capacity=1\ncounter ended\n\
        async maker count=2 { repeat 100 { put a; put b }; add ended }\n\
        thread other { repeat 100 { put c }; add ended; while ended below=3 { sleep \"1ms\" }; close a; close b; close c }\n\
        thread chooser { forever { select { take a; take c } } }\n\
        async chooser-task { forever { select { take b; take c } } }\n\
        async rest { take a { yield } }\n\
        thread rest-too { take b { yield } }";
    let seen = completed(text);
    assert_eq!(taken(&seen, A).len() + taken(&seen, B).len(), 400);
    assert_eq!(taken(&seen, ResourceId(2)), (1..=100).collect::<Vec<_>>());
}
