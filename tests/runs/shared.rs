//! Queues, conditions, events and barriers on real threads and processes.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Command, Event, EventKind, ExitKind, Notice, ResourceId, RunEnd, State, WorkerId};

/// Tests a scenario with threads, with processes, and with tasks of one loop.
fn each(text: &str, test: impl Fn(Scenario)) {
    for kind in ["thread", "process", "async"] {
        let text = text.replace("WORKER", kind);
        let source = Source { name: "shared".into(), path: None, text };
        test(check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario);
    }
}

fn completed(scenario: &Scenario) -> ObservedRun {
    let seen = ObservedRun::run_to_end(scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert_eq!(seen.lost_events(), 0);
    seen
}

/// Returns what `pick` finds in the events, sorted by time.
fn all<T>(seen: &ObservedRun, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
    let mut events: Vec<&Event> = seen.events.iter().collect();
    events.sort_by_key(|event| event.at);
    events.into_iter().filter_map(pick).collect()
}

#[test]
fn queue_items_are_taken_once_and_capacity_is_never_exceeded() {
    let text = "queue jobs capacity=3\ncounter stopped\n\
        WORKER maker count=3 { repeat 200 { put jobs }; add stopped; if stopped equals=3 { close jobs } }\n\
        WORKER user count=2 { take jobs { compute \"5us\" } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let put = all(&seen, |event| match event.kind {
            EventKind::PutNth { nth, depth, .. } => Some((nth, depth)),
            _ => None,
        });
        let taken = all(&seen, |event| match event.kind {
            EventKind::TookNth { nth, .. } => Some(nth),
            _ => None,
        });
        assert_eq!(put.iter().map(|(nth, _)| *nth).collect::<Vec<_>>(), (1..=600).collect::<Vec<_>>());
        assert_eq!(taken, (1..=600).collect::<Vec<_>>(), "stamps are taken inside: their order is the numbers'");
        assert!(put.iter().all(|(_, depth)| (1..=3).contains(depth)));
    });
}

#[test]
fn put_into_a_closed_queue_fails() {
    each("queue jobs capacity=3\nWORKER w { put jobs; close jobs; take jobs; put jobs }", |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Panicked))), 1);
        let failed =
            |notice: &Notice| matches!(notice, Notice::TaskFailed { message, .. } if message.contains("was closed"));
        assert!(seen.notices.iter().any(failed), "{:?}", seen.notices);
    });
}

#[test]
fn put_into_a_queue_without_room_completes_only_with_a_take() {
    let text = "queue hand capacity=0\ncounter stopped\n\
        WORKER maker count=3 { repeat 100 { put hand }; add stopped; if stopped equals=3 { close hand } }\n\
        WORKER user count=2 { take hand { compute \"5us\" } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let mut moves = all(&seen, |event| match event.kind {
            EventKind::PutNth { nth, depth, .. } => Some((event.at, 1, nth, depth)),
            EventKind::TookNth { nth, depth, .. } => Some((event.at, -1, nth, depth)),
            _ => None,
        });
        moves.sort_by_key(|(at, ..)| *at);
        for side in [1, -1] {
            let numbers = moves.iter().filter(|(_, of, ..)| *of == side).map(|(_, _, nth, _)| *nth);
            assert_eq!(numbers.collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
        }
        assert!(moves.iter().all(|(.., depth)| *depth == 0));
        // Each side can be ahead by no more than its waiters that were served and have not continued.
        let mut ahead = 0_i32;
        for (_, side, ..) in moves {
            ahead += side;
            assert!((-3..=2).contains(&ahead), "{ahead} items were in a queue without room");
        }
    });
}

#[test]
fn try_steps_at_a_queue_without_room_need_a_waiting_worker() {
    let text = "queue hand capacity=0\ncounter n\n\
        WORKER early { try-put hand { add n by=100 }; try-take hand { add n by=100 } }\n\
        WORKER taker { sleep \"20ms\"; take hand; add n }\n\
        WORKER giver { sleep \"400ms\"; try-put hand { add n }\nelse { put hand } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 1, .. })), 2);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::CounterAdded { delta: 100, .. })), 0);
    });
}

#[test]
fn worker_that_gives_up_at_a_queue_without_room_leaves_nothing_behind() {
    let text = "queue hand capacity=0\ncounter n\ncounter gave-up\n\
        WORKER maker count=2 { repeat 40 { put hand timeout=\"300us\"\nelse { add gave-up } } }\n\
        WORKER user count=2 { repeat 40 { take hand timeout=\"300us\"\nelse { add gave-up } } }\n\
        WORKER last { sleep \"300ms\"; try-put hand { add n }; try-take hand { add n } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let put = seen.count(|kind| matches!(kind, EventKind::PutNth { .. }));
        let taken = seen.count(|kind| matches!(kind, EventKind::TookNth { .. }));
        let gave_up = seen.count(|kind| matches!(kind, EventKind::CounterAdded { .. }));
        assert_eq!(put, taken, "each put has its take");
        assert_eq!(put + taken + gave_up, 160, "the last worker found nobody");
    });
}

#[test]
fn closing_a_queue_without_room_ends_every_wait_at_it() {
    let text = "queue hand capacity=0\nqueue other capacity=0\n\
        WORKER taker count=2 { take hand { compute \"1us\" } }\n\
        WORKER putter { put other }\n\
        WORKER closer { sleep \"50ms\"; close hand; close other }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Panicked))), 1, "the putter fails");
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Finished))), 3);
    });
}

#[test]
fn try_put_and_try_take_skip_when_they_would_block() {
    let text = "queue jobs capacity=1\ncounter n\nWORKER w {\n\
        try-take jobs { add n by=100 }\nelse { add n }\n\
        try-put jobs { add n }\n\
        try-put jobs { add n by=100 }\nelse { add n }\n\
        try-take jobs { add n }\n}";
    each(text, |scenario| {
        assert_eq!(completed(&scenario).counter, Some(4));
    });
}

#[test]
fn condition_wait_releases_and_reacquires_the_mutex() {
    let text = "mutex m\ncondition some of=m\ncondition none of=m\ncounter items\n\
        WORKER maker { repeat 100 { lock m { while items above=0 { wait none }; add items; notify some } } }\n\
        WORKER user { repeat 100 { lock m { while items below=1 { wait some }; add items by=-1; notify none } } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.counter, Some(0));
        let holds = seen.lock_holds();
        assert!(holds.windows(2).all(|pair| pair[0].released_at <= pair[1].acquired_at), "two held the mutex at once");
        let waits = seen.count(|kind| matches!(kind, EventKind::Blocked { state: State::Signal, .. }));
        let heard = seen.count(|kind| matches!(kind, EventKind::Woken { .. }));
        assert!(waits > 0 && waits == heard, "{waits} waits, {heard} of them heard a signal");
        assert_eq!(holds.len(), 200 + waits, "each wait takes the mutex once more");
    });
}

#[test]
fn timed_wait_gives_up() {
    each("mutex m\ncondition c of=m\nWORKER w { lock m { wait c timeout=\"1ms\" } }", |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::WaitTimedOut { lock: ResourceId(1) })), 1);
    });
}

#[test]
fn event_stays_set_until_cleared() {
    let text = "event ready\nevent again\nqueue q capacity=9\n\
        WORKER early count=3 { wait ready; put q }\n\
        WORKER late { take q; take q; take q; wait ready; clear ready; set again; wait ready timeout=\"1ms\" }\n\
        WORKER setter { set ready; wait again }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::WaitTimedOut { .. })), 1, "it was cleared");
    });
}

#[test]
fn no_worker_passes_a_barrier_before_all_arrive() {
    let text = "barrier b parties=4\ncounter n\nWORKER w count=4 { repeat 50 { add n; meet b } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let rounds = all(&seen, |event| match event.kind {
            EventKind::Signalled { woken, .. } => Some(woken),
            _ => None,
        });
        assert_eq!(rounds, [3; 50]);
        // Before the kth meeting, the counter is at most 4k.
        let mut met = [0; 4];
        for (worker, kind) in all(&seen, |event| Some((event.worker.index(), event.kind))) {
            match kind {
                EventKind::CounterAdded { value, .. } => assert!(i64::from(value) <= 4 * (met[worker] + 1)),
                EventKind::Woken { .. } | EventKind::Signalled { .. } => met[worker] += 1,
                _ => {}
            }
        }
    });
}

#[test]
fn process_killed_while_waiting_blocks_no_worker() {
    let text = "queue jobs capacity=2\n\
        process user count=2 { take jobs { compute \"10us\" } }\n\
        process maker { forever { put jobs; sleep \"1ms\" } }";
    each(text, |scenario| {
        let mut seen = ObservedRun::start(&scenario);
        let took = |seen: &ObservedRun, by: WorkerId| {
            let mine = |event: &&Event| event.worker == by && matches!(event.kind, EventKind::TookNth { .. });
            seen.events.iter().filter(mine).count()
        };
        seen.wait_until("both take", |seen| took(seen, WorkerId(0)) > 3 && took(seen, WorkerId(1)) > 3);
        seen.send_command(Command::Kill(WorkerId(0)));
        seen.wait_until("one dies", |seen| {
            seen.notices.iter().any(|notice| matches!(notice, Notice::Died { worker: WorkerId(0), .. }))
        });
        let before = took(&seen, WorkerId(1));
        seen.wait_until("the other continues", |seen| took(seen, WorkerId(1)) > before + 20);
    });
}

#[test]
fn items_leave_by_priority_and_equals_in_order_of_arrival() {
    let text = "queue jobs capacity=6 order=priority\n\
        WORKER w { put jobs priority=1; put jobs; put jobs priority=7; put jobs priority=1; put jobs priority=2; \
        repeat 5 { take jobs } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let left = seen.events.iter().filter_map(|event| match event.kind {
            EventKind::ItemPriority { priority, taken: true, .. } => Some(priority),
            _ => None,
        });
        assert_eq!(left.collect::<Vec<_>>(), [7, 2, 1, 1, 0]);
        let taken = all(&seen, |event| match event.kind {
            EventKind::TookNth { nth, .. } => Some(nth),
            _ => None,
        });
        assert_eq!(taken, [1, 2, 3, 4, 5], "takes are numbered in their order");
    });
}

#[test]
fn no_item_of_a_priority_queue_is_lost_between_many_workers() {
    let text = "queue jobs capacity=3 order=ORDER\ncounter stopped\n\
        WORKER maker count=3 { repeat 100 { put jobs priority=i }; add stopped; if stopped equals=3 { close jobs } }\n\
        WORKER user count=2 { take jobs { compute \"5us\" } }";
    for order in ["priority", "fifo"] {
        each(&text.replace("ORDER", order), |scenario| {
            let seen = completed(&scenario);
            for wanted in 0..3 {
                let count = |side: bool| {
                    seen.count(|kind| {
                        matches!(kind, EventKind::ItemPriority { priority, taken, .. }
                            if priority == wanted && taken == side)
                    })
                };
                assert_eq!((count(false), count(true)), (100, 100), "items of priority {wanted}");
            }
        });
    }
}

#[test]
fn update_that_is_lost_by_the_last_write_of_the_same_value_counts() {
    let text = "counter sum\n\
        WORKER early { load sum; sleep \"20ms\"; store sum add=1 }\n\
        WORKER late { load sum; sleep \"150ms\"; store sum add=1 }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        let counter = seen.model().counter(0.into()).expect("a counter");
        assert_eq!((counter.value(), counter.expected(), counter.lost_updates()), (1, 2, 1));
    });
}
