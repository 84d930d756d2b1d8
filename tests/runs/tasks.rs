//! Workers that are tasks of an event loop with one and with several threads: recorded events match what the tasks
//! did.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::ObservedRun;
use contend::model::{Budget, Model};
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Event, EventKind, ExitKind, Message, Notice, ResourceId, RunEnd, Span, Stamp, State, WorkerId};

fn read(text: &str) -> Scenario {
    let source = Source { name: "tasks".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// Runs a scenario on a loop with one thread, and with three.
fn each(text: &str, test: impl Fn(Scenario)) {
    for threads in [1, 3] {
        test(read(&format!("runtime threads={threads}\n{text}")));
    }
}

fn completed(scenario: &Scenario) -> ObservedRun {
    let seen = ObservedRun::run_to_end(scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert_eq!(seen.lost_events(), 0);
    seen
}

/// Returns the events of each worker, in their order, and asserts that time does not go back.
fn streams(seen: &ObservedRun) -> BTreeMap<WorkerId, Vec<Event>> {
    let mut streams: BTreeMap<WorkerId, Vec<Event>> = BTreeMap::new();
    for event in &seen.events {
        streams.entry(event.worker).or_default().push(*event);
    }
    for stream in streams.values() {
        for pair in stream.windows(2) {
            assert!(pair[0].at <= pair[1].at, "{pair:?}");
        }
    }
    streams
}

/// Returns the highest value of a counter.
fn counted(seen: &ObservedRun, counter: u32) -> Option<i32> {
    let values = seen.events.iter().filter_map(|event| match event.kind {
        EventKind::CounterAdded { counter: ResourceId(id), value, .. } if id == counter => Some(value),
        _ => None,
    });
    values.max()
}

/// Returns the delay after each wait of a worker: from `Ready` to its next event.
fn lags(stream: &[Event]) -> Vec<Span> {
    let pairs = stream.windows(2).filter(|pair| pair[0].kind == EventKind::BecameRunnable);
    pairs.map(|pair| pair[1].at.span_since(pair[0].at)).collect()
}

#[test]
fn async_mutex_excludes_and_numbers_its_grants() {
    each(
        "mutex m\ncounter n\nasync w count=40 { repeat 25 { lock m { load n; yield; store n add=1 } } }",
        |scenario| {
            let seen = completed(&scenario);
            assert_eq!(seen.counter, Some(1_000), "an update was lost: two had the lock at once");
            let holds = seen.lock_holds();
            assert_eq!(holds.iter().map(|hold| hold.grant).collect::<Vec<_>>(), (1..=1_000).collect::<Vec<_>>());
            for pair in holds.windows(2) {
                assert!(pair[0].released_at <= pair[1].acquired_at, "{pair:?}");
            }
            streams(&seen);
        },
    );
}

#[test]
fn async_mutex_held_over_an_await_is_granted_in_order() {
    let seen = completed(&read("mutex m\nasync w count=5 { repeat 4 { lock m { sleep \"1ms\" } } }"));
    let mut taken: Vec<_> = seen.events.iter().filter(|e| matches!(e.kind, EventKind::Acquired { .. })).collect();
    taken.sort_by_key(|event| event.at);
    let who: Vec<u32> = taken.iter().map(|event| event.worker.0).collect();
    assert_eq!(who, (0..4).flat_map(|_| 0..5).collect::<Vec<_>>());
}

#[test]
fn deadlock_of_two_tasks_is_found() {
    let text = "mutex a\nmutex b\n\
        async left { forever { lock a { sleep \"2ms\"; lock b { sleep \"1ms\" } } } }\n\
        async right { forever { lock b { sleep \"2ms\"; lock a { sleep \"1ms\" } } } }\nexpect deadlock";
    each(text, |scenario| {
        let mut seen = ObservedRun::start(&scenario);
        seen.wait_until("both wait while they hold", |seen| {
            (0..2).all(|w| {
                matches!(seen.last_event(WorkerId(w)), Some(EventKind::LockWait { held_count: 1, timed: false, .. }))
            })
        });
        let mut model = Model::new(Arc::clone(&seen.registry()), Budget::default());
        model.apply(&Message::Events(seen.events.clone()));
        model.apply(&Message::Watermark(seen.events.iter().map(|event| event.at).max().unwrap_or_default()));
        let deadlock = model.first_deadlock().expect("both are stuck");
        assert_eq!(deadlock.workers, [WorkerId(0), WorkerId(1)]);
        assert_eq!(model.health().anomalies, 0);
    });
}

#[test]
fn thousand_tasks_sleep_concurrently_on_one_thread() {
    let seen = completed(&read("counter n\nasync w count=1000 { sleep \"20ms\"; io \"300ms\"; add n }"));
    assert_eq!(seen.counter, Some(1_000));
    let all = |wanted: fn(EventKind) -> bool| seen.events.iter().filter(move |event| wanted(event.kind));
    let last_begins =
        all(|kind| matches!(kind, EventKind::Blocked { state: State::Io, .. })).map(|event| event.at).max();
    let first_ends = all(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Finished))).map(|event| event.at).min();
    assert_eq!(all(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Finished))).count(), 1_000);
    assert!(last_begins < first_ends, "all waited at once: {last_begins:?} {first_ends:?}");
}

#[test]
fn delay_behind_a_blocking_task_is_measured() {
    let text = "async heart { repeat 20 { sleep \"5ms\" } }\nasync worker { sleep \"20ms\"; HOW { sleep \"60ms\" } }";
    let longest = |how: &str| {
        let seen = completed(&read(&text.replace("HOW", how)));
        let streams = streams(&seen);
        let wait = streams[&WorkerId(1)].windows(2).filter(|pair| {
            matches!(pair[0].kind, EventKind::Blocked { state: State::Sleep, .. })
                && pair[1].at.span_since(pair[0].at) >= Span::from_millis(59)
        });
        assert_eq!(wait.count(), 1, "{how}: it slept as long as it should, and said so");
        lags(&streams[&WorkerId(0)]).into_iter().max().unwrap_or_default()
    };
    assert!(longest("blocking") >= Span::from_millis(50), "a beat that was due at the beginning came after the end");
    assert!(longest("to-thread") < Span::from_millis(50));
    assert!(longest("repeat 1") < Span::from_millis(50));
}

#[test]
fn ring_has_one_writer_when_a_task_moves_between_threads() {
    let text = "mutex m\ncounter n\nqueue q capacity=2\n\
        async w count=8 { repeat 30 { to-thread { lock m { load n; sleep \"20us\"; store n add=1 } }; yield } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.counter, Some(240));
        for (worker, stream) in streams(&seen) {
            let acquired = stream.iter().filter(|event| matches!(event.kind, EventKind::Acquired { .. })).count();
            assert_eq!(acquired, 30, "{worker:?}");
            assert!(matches!(stream.last().map(|event| event.kind), Some(EventKind::LifeEnded(ExitKind::Finished))));
        }
    });
}

#[test]
fn panicking_task_ends_alone_and_releases_its_lock() {
    for how in ["panic \"on purpose\"", "blocking { panic \"on purpose\" }", "to-thread { panic \"on purpose\" }"] {
        let text = format!(
            "mutex m\nasync bad {{ lock m {{ {how} }} }}\nasync good {{ repeat 50 {{ lock m {{ sleep \"50us\" }} }} }}"
        );
        let seen = completed(&read(&text));
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::LifeEnded(ExitKind::Panicked))), 1, "{how}");
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::Acquired { .. })), 51, "{how}");
        let is_reported =
            |notice: &Notice| matches!(notice, Notice::TaskFailed { message, .. } if message.contains("on purpose"));
        assert!(seen.notices.iter().any(is_reported), "{how}: {:?}", seen.notices);
    }
}

#[test]
fn threads_and_tasks_share_a_lock_and_a_queue() {
    let text = "mutex m\ncounter n\nqueue q capacity=3\ncounter stopped\n\
        thread maker count=2 { repeat 100 { put q; lock m { load n; sleep \"10us\"; store n add=1 } }; add stopped; \
        if stopped equals=2 { close q } }\n\
        async user count=3 { take q { lock m { load n; yield; store n add=1 } } }";
    each(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(counted(&seen, 1), Some(400), "an update was lost");
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::TookNth { .. })), 200);
    });
}

#[test]
fn run_with_stuck_tasks_leaves_no_process() {
    let text = "mutex m\nasync holds { lock m { forever { sleep \"1ms\" } } }\nasync waits count=50 { lock m { sleep \
        \"1ms\" } }\n\
        async stuck { blocking { lock m { sleep \"1ms\" } } }\nprocess other { forever { sleep \"1ms\" } }";
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("the loop's thread waits for what only the loop can give", |seen| {
        matches!(seen.last_event(WorkerId(51)), Some(EventKind::LockWait { .. })) && seen.pids().len() == 1
    });
    let runner = crate::support::parent_of(seen.pids()[0]).expect("a runner");
    drop(seen);
    assert!(!crate::support::is_running(runner), "the runner outlived the run");
}

#[test]
fn task_that_never_blocks_still_yields_to_others() {
    let text =
        "mutex m\ncounter others\nasync busy { forever { lock m { add others by=0 } } }\nasync other { add others }";
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("the other one ends", |seen| {
        seen.last_event(WorkerId(1)) == Some(EventKind::LifeEnded(ExitKind::Finished))
    });
}

#[test]
fn worker_kind_is_reported_for_tasks_threads_and_processes() {
    let seen = completed(&read("async w { sleep \"1ms\" }\nthread t { sleep \"1ms\" }"));
    let kinds: Vec<&str> = seen.registry().workers.iter().map(|worker| worker.kind.word()).collect();
    assert_eq!(kinds, ["async", "thread"]);
    assert!(seen.events.iter().all(|event| event.at > Stamp(0)));
}

#[test]
fn task_joins_any_worker_kind_without_blocking_its_thread() {
    for other in ["async", "thread", "process"] {
        each(
            &format!(
                "counter n\nasync main {{ repeat 3 {{ spawn helper; join helper }}; add n }}\n\
                 {other} helper count=2 {{ sleep \"30ms\"; add n }}\n\
                 async heart {{ repeat 40 {{ sleep \"1ms\" }}; add n }}"
            ),
            |scenario| {
                let seen = completed(&scenario);
                assert_eq!(seen.counter, Some(8), "{other}");
                let main = &streams(&seen)[&WorkerId(0)];
                let joins = main.windows(2).filter(|pair| matches!(pair[0].kind, EventKind::Joins { .. }));
                let ends: Vec<EventKind> = joins.map(|pair| pair[1].kind).collect();
                assert!(
                    ends.len() >= 3 && ends.contains(&EventKind::BecameRunnable),
                    "{other}: it was woken: {ends:?}"
                );
                let mut model = Model::new(seen.registry(), Budget::default());
                model.apply(&Message::Events(seen.events.clone()));
                assert_eq!(model.health().anomalies, 0, "{other}");
            },
        );
    }
}

#[test]
fn task_is_ready_while_its_thread_has_no_cpu() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = 4 * cores;
    let seen = completed(&read(&format!(
        "runtime threads={threads}\ncounter n\nasync w count={threads} {{ repeat 20 {{ compute \"3ms\"; yield; add n \
            }} }}"
    )));
    let mut model = Model::new(seen.registry(), Budget::default());
    model.apply(&Message::Events(seen.events.clone()));
    assert_eq!(model.health().anomalies, 0);
    let end = seen.events.iter().map(|event| event.at).max().unwrap_or_default();
    let mut all = [0, 0];
    for (_, lane) in model.lanes() {
        let totals = lane.total_state_times(end);
        all = [all[0] + totals.get(State::Running), all[1] + totals.get(State::Ready)];
    }
    assert!(all[1] > all[0], "four times as many threads as cores: they run a quarter of the time: {all:?}");
}
