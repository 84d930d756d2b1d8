//! `select` on real threads, processes and tasks.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Command, EventKind, ExitKind, Notice, ResourceId, RunEnd, WorkerId};

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
        thread other { repeat 100 { put c }; add ended; while ended below=3 { sleep \"1ms\" }\n\
            close a; close b; close c }\n\
        thread chooser { forever { select { take a; take c } } }\n\
        async chooser-task { forever { select { take b; take c } } }\n\
        async rest { take a { yield } }\n\
        thread rest-too { take b { yield } }";
    let seen = completed(text);
    assert_eq!(taken(&seen, A).len() + taken(&seen, B).len(), 400);
    assert_eq!(taken(&seen, ResourceId(2)), (1..=100).collect::<Vec<_>>());
}

/// Tests a scenario with threads, and with processes: tasks have no pipes.
fn both(text: &str, test: impl Fn(ObservedRun)) {
    for kind in ["thread", "process"] {
        test(completed(&text.replace("WORKER", kind)));
    }
}

/// Bytes and messages received from a pipe.
fn received(seen: &ObservedRun, from: ResourceId) -> (u64, usize) {
    let (mut all, mut messages) = (0, 0);
    for event in &seen.events {
        if let EventKind::Received { pipe, bytes, whole, .. } = event.kind
            && pipe == from
        {
            (all, messages) = (all + u64::from(bytes), messages + usize::from(whole));
        }
    }
    (all, messages)
}

fn failures(seen: &ObservedRun) -> Vec<&str> {
    let notices = seen.notices.iter();
    notices
        .filter_map(|of| if let Notice::TaskFailed { message, .. } = of { Some(message.as_str()) } else { None })
        .collect()
}

fn finished(seen: &ObservedRun) -> usize {
    seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Finished)))
}

#[test]
fn each_message_is_received_once_and_whole_by_workers_with_and_without_alternatives() {
    // Within a page, more than a page, more than the capacity of the pipe.
    for (bytes, messages) in [(100, 150), (6_000, 30), (20_000, 15)] {
        for pick in ["first", "fair"] {
            let text = "pipe a capacity=\"8KiB\"\npipe b capacity=\"8KiB\"\n\
                WORKER writer count=2 { repeat TIMES { send a bytes=SIZE; send b bytes=SIZE } }\n\
                WORKER chooser count=3 { forever { select pick=PICK { \
                    receive a bytes=SIZE { compute \"1us\" }; receive b bytes=SIZE } } }\n\
                WORKER plain { receive b bytes=SIZE { compute \"1us\" } }";
            let text = text.replace("SIZE", &format!("\"{bytes}B\"")).replace("TIMES", &messages.to_string());
            both(&text.replace("PICK", pick), |seen| {
                for pipe in [A, B] {
                    assert_eq!(received(&seen, pipe), (2 * messages * bytes, 2 * messages as usize), "{bytes} {pick}");
                }
                assert!(failures(&seen).is_empty(), "{:?}", seen.notices);
                assert_eq!(finished(&seen), 6, "a worker whose pipes are all at their end ends");
            });
        }
    }
}

#[test]
fn worker_that_finds_the_pipe_empty_after_a_wake_up_goes_on_waiting() {
    // All choosers are woken for each message, and one gets it.
    let text = "pipe a\nqueue q capacity=1\ncounter n\n\
        WORKER writer { repeat 40 { send a; sleep \"500us\" }; repeat 40 { put q }; close q }\n\
        WORKER chooser count=4 { forever { select { receive a { add n }; take q { add n } } } }";
    both(text, |seen| {
        assert_eq!((received(&seen, A).1, added(&seen)), (40, 80));
        assert_eq!(finished(&seen), 5);
    });
}

#[test]
fn messages_items_events_and_ends_of_workers_are_alternatives_together() {
    let text = "pipe a\nqueue q capacity=2\nevent stop\ncounter n\ncounter over\n\
        WORKER writer { repeat 50 { send a }; while n below=100 { sleep \"1ms\" }; set stop; wait stop }\n\
        WORKER putter { repeat 50 { put q } }\n\
        WORKER chooser count=2 { while over below=1 { select { \
            receive a { add n }; take q { add n }; wait stop { add over } } } }\n\
        WORKER joiner { join putter; select { join chooser at=0; receive a { add n } } }";
    both(text, |seen| {
        assert_eq!(received(&seen, A).1 + taken(&seen, ResourceId(1)).len(), 100);
        assert!(failures(&seen).is_empty());
    });
}

#[test]
fn pipe_at_its_end_leaves_the_other_alternatives_and_the_limit() {
    let text = "pipe a\npipe b\nqueue q capacity=1\ncounter n\n\
        WORKER early { send a; close a }\n\
        WORKER late { send b; sleep \"60ms\"; repeat 3 { put q } }\n\
        WORKER chooser { repeat 5 { select { receive a { add n }; receive b { add n }; take q { add n } } }; \
            select { receive a { add n by=10 }; receive b { add n by=10 }; after \"1ms\" { add n by=100 } }; \
            select { receive a; receive b }; add n by=120 }";
    both(text, |seen| {
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 1, .. })), 5);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 10, .. })), 0);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 100, .. })), 1);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 120, .. })), 0);
        assert_eq!(finished(&seen), 3, "nothing will come: the worker ends");
    });
}

#[test]
fn limit_ends_a_select_of_empty_pipes_and_takes_no_message() {
    let text = "pipe a\npipe b\nevent done\ncounter n\n\
        WORKER writer { wait done; send a; send b }\n\
        WORKER chooser { repeat 20 { select { receive a; receive b; after \"300us\" { add n } } }; set done; \
            receive a; receive b }";
    both(text, |seen| {
        assert_eq!(added(&seen), 20);
        assert_eq!((received(&seen, A).1, received(&seen, B).1), (1, 1));
    });
}

#[test]
fn message_that_ends_in_the_middle_fails_the_worker_that_selected_it() {
    let text = "pipe a\npipe b\ncounter n\nWORKER writer { send a bytes=\"10B\"; sleep \"20ms\"; close a }\n\
        WORKER other { if n above=2 { send b } }\n\
        WORKER chooser { select { receive a bytes=\"20B\"; receive b } }";
    both(text, |seen| {
        assert_eq!(failures(&seen), ["received from a, but it ended in the middle of a message"]);
    });
    let text = "pipe a\npipe b\nWORKER writer { send a; send b }\n\
        WORKER chooser { close b; select { receive a; receive b } }";
    both(text, |seen| assert!(failures(&seen).contains(&"used b, after closing it"), "{:?}", seen.notices));
}

#[test]
fn killed_writer_ends_a_pipe_for_workers_that_select_it() {
    let scenario = scenario(
        "pipe a\nqueue q capacity=1\nprocess writer { send a; sleep \"1h\" }\n\
        process chooser count=2 { forever { select { receive a; take q } } }\n\
        thread last { join writer; close q }",
    );
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("the message", |seen| received(seen, A).1 == 1);
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert_eq!(finished(&seen), 3);
}
