//! Waits with a time limit on real threads, processes and tasks: a worker that gives up loses nothing and keeps
//! nothing.

use std::cell::Cell;

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, ResourceId, RunEnd, WorkerId};

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

fn timeouts(seen: &ObservedRun, on: u32) -> usize {
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
        WORKER fickle count=2 { while stopped below=4 {
            take jobs timeout=\"random(0us, 80us)\" { compute \"5us\" } } }";
    each(text, |seen| {
        let put = seen.count(|kind| matches!(kind, EventKind::PutNth { .. }));
        let taken = seen.count(|kind| matches!(kind, EventKind::TookNth { .. }));
        assert!(put >= 300 && put == taken, "{put} put, {taken} taken");
        assert!(timeouts(seen, 0) > 0, "no wait gave up");
    });
}

#[test]
fn acquire_gives_up_without_a_permit_and_takes_one_in_time() {
    let text = "semaphore s permits=2\nsemaphore empty permits=0\ncounter n\nWORKER w {\n\
        acquire s timeout=\"1h\" { add n\n\
            acquire s timeout=\"1h\" permits=1 { add n\n\
                acquire s timeout=\"1ms\" { add n by=100 }\nelse { add n }\n\
                try-acquire s { add n by=100 }\nelse { add n }\n\
                try-acquire s timeout=\"1ms\" permits=2 { add n by=100 } }\n\
            try-acquire s { add n }\nelse { add n by=100 } }\n\
        try-acquire s permits=2 { add n }\nelse { add n by=100 }\n\
        acquire empty timeout=\"1ms\"\nelse { add n }\n\
        release empty\n\
        acquire empty timeout=\"1h\"\nelse { add n by=100 }\n}";
    each(text, |seen| {
        assert_eq!(seen.counter, Some(7));
        assert_eq!((timeouts(seen, 0), timeouts(seen, 1)), (3, 1));
        let model = seen.model();
        let lock = |on: u32| model.lock(ResourceId(on)).expect("a semaphore");
        assert_eq!((lock(0).timeouts(), lock(0).acquired(), lock(1).timeouts()), (3, 5, 1));
    });
}

#[test]
fn semaphore_with_waiters_that_give_up_loses_no_permit_and_no_wake_up() {
    let text = "semaphore s permits=2\ncounter n\n\
        WORKER patient count=2 { repeat 20 { acquire s permits=\"1 + i\" { sleep \"random(1ms, 4ms)\" } } }\n\
        WORKER hasty count=3 { repeat 40 { acquire s timeout=\"random(0us, 2ms)\" { sleep \"random(0us, 1ms)\" } } }\n\
        WORKER last { join patient; join hasty; try-acquire s permits=2 { add n }\nelse { add n by=100 } }";
    each(text, |seen| {
        assert!(timeouts(seen, 0) > 0, "no wait gave up");
        assert_eq!(seen.counter, Some(1), "all permits are back");
    });
}

#[test]
fn wait_runs_its_else_only_if_nothing_woke_it() {
    let text = "mutex m\ncondition c of=m\nevent e\ncounter n\n\
        WORKER w { lock m { wait c timeout=\"1ms\"\nelse { add n } }\n\
            wait e timeout=\"1ms\"\nelse { add n }\n\
            set e; wait e timeout=\"1h\"\nelse { add n by=100 } }";
    each(text, |seen| assert_eq!(seen.counter, Some(2)));
}

#[test]
fn worker_that_gives_up_at_a_barrier_takes_its_arrival_back() {
    let text = "barrier b parties=2\nevent left\ncounter n\n\
        WORKER hasty { repeat 3 { meet b timeout=\"1ms\"\nelse { add n } }\n\
            set left; meet b timeout=\"1h\"\nelse { add n by=100 } }\n\
        WORKER patient { wait left; meet b; add n }";
    each(text, |seen| {
        assert_eq!(seen.counter, Some(4));
        assert_eq!(timeouts(seen, 0), 3);
    });
}

#[test]
fn barrier_with_parties_that_give_up_lets_none_pass_alone() {
    let text = "barrier b parties=3\ncounter done\n\
        WORKER w count=3 { repeat 20 { sleep \"random(0us, 4ms)\"; meet b }; add done }\n\
        WORKER fickle count=2 { while done below=3 { meet b timeout=\"random(0us, 1ms)\" } }";
    each(text, |seen| {
        let met = |by: &EventKind| matches!(by, EventKind::Signalled { on: ResourceId(0), .. });
        let woken = |kind: &EventKind| if let EventKind::Signalled { woken, .. } = kind { *woken } else { 0 };
        assert!(seen.events.iter().filter(|event| met(&event.kind)).all(|event| woken(&event.kind) == 2));
        let passed = seen.count(|kind| matches!(kind, EventKind::Woken { .. }));
        let rounds = seen.count(|kind| met(&kind));
        assert_eq!(passed, 2 * rounds, "each round wakes two and has a last one");
        assert!(timeouts(seen, 0) > 0, "no wait gave up");
    });
}

#[test]
fn read_and_write_give_up_and_leave_the_rwlock_to_others() {
    for policy in ["readers", "writers", "fair"] {
        // While `holder` reads, `writer` gives up; then `reader`, which stood behind it, gets in beside `holder`.
        let text = format!(
            "rwlock t policy={policy}\ncounter n\nevent held\nevent waits\nevent gone\nevent in\n\
            WORKER holder {{ read t {{ set held; wait in }} }}\n\
            WORKER writer {{ wait held; set waits\n\
                write t timeout=\"5ms\" {{ add n by=100 }}\nelse {{ add n; set gone }}\n\
                read t timeout=\"1h\" {{ add n }}\nelse {{ add n by=100 }} }}\n\
            WORKER reader {{ wait waits; sleep \"2ms\"; read t {{ add n; wait gone; set in }} }}\n\
            WORKER last {{ join holder; join writer; join reader\n\
                write t timeout=\"1h\" {{ add n; read t timeout=\"1ms\" {{ add n by=100 }}\nelse {{ add n }} }}\n\
                else {{ add n by=100 }} }}"
        );
        each(&text, |seen| {
            assert_eq!(seen.counter, Some(5), "{policy}");
            assert_eq!(timeouts(seen, 0), 2, "{policy}");
        });
    }
}

#[test]
fn rwlock_with_waiters_that_give_up_excludes_and_lets_everyone_through() {
    let gave_up = Cell::new(0);
    for policy in ["readers", "writers", "fair"] {
        let text = format!(
            "rwlock t policy={policy}\ncounter inside\ncounter bad\n\
            WORKER writer count=2 {{ repeat 25 {{ write t {{ add inside; if inside above=1 {{ add bad }}\n\
                sleep \"random(0us, 1ms)\"; add inside by=-1 }} }} }}\n\
            WORKER reader count=2 {{ repeat 25 {{ read t {{ if inside above=0 {{ add bad }}\n\
                sleep \"random(0us, 1ms)\" }}; yield }} }}\n\
            WORKER hasty count=3 {{ repeat 25 {{ write t timeout=\"random(0us, 2ms)\" {{ add inside\n\
                if inside above=1 {{ add bad }}; add inside by=-1 }}\n\
                read t timeout=\"random(0us, 2ms)\" {{ if inside above=0 {{ add bad }} }} }} }}"
        );
        each(&text, |seen| {
            let bad = seen.count(|kind| matches!(kind, EventKind::CounterAdded { counter: ResourceId(2), .. }));
            assert_eq!(bad, 0, "{policy}");
            gave_up.set(gave_up.get() + timeouts(seen, 0));
        });
    }
    assert!(gave_up.get() > 0, "no wait gave up");
}

#[test]
fn result_that_was_given_up_is_read_later() {
    let text = "counter n\nevent begin\n\
        pool p of=threads workers=1 { task { wait begin } }\n\
        thread w { submit p; submit p\n\
            result timeout=\"1ms\"\nelse { add n }\n\
            result timeout=\"1ms\" { add n by=100 }\nelse { add n }\n\
            result timeout=\"1ms\"\n\
            set begin\n\
            result timeout=\"1h\" { add n }\nelse { add n by=100 }\n\
            result { add n }\nelse { add n by=100 } }";
    each(text, |seen| {
        assert_eq!(seen.counter, Some(4));
        let results = seen.model().results(ResourceId(3)).expect("results");
        assert_eq!((results.timeouts(), results.read_count()), (3, 2));
    });
}

#[test]
fn join_that_gave_up_can_be_repeated() {
    let text = "counter n\nevent go\n\
        WORKER helper { wait go }\n\
        WORKER w { spawn helper\n\
            join helper timeout=\"1ms\" { add n by=100 }\nelse { add n }\n\
            join helper timeout=\"1ms\"\n\
            set go\n\
            join helper timeout=\"1h\" { add n }\nelse { add n by=100 }\n\
            join helper { add n }\nelse { add n by=100 } }";
    each(text, |seen| {
        assert_eq!(seen.counter, Some(3));
        assert_eq!(seen.count(|kind| matches!(kind, EventKind::WaitTimedOut { .. })), 2);
    });
}

/// Its limit does not depend on the timer of the event loop, which stands still while a task computes.
#[test]
fn thread_that_shares_a_resource_with_tasks_gives_up_in_time() {
    for attempt in
        ["acquire s timeout=\"50ms\" { add n by=100 }", "select { take q { add n by=100 }\nafter \"50ms\" { add n } }"]
    {
        let text = format!(
            "semaphore s permits=1\nqueue q capacity=1\ncounter n
             thread holder {{ acquire s {{ sleep \"900ms\" }} }}
             thread hasty {{ sleep \"20ms\"; {attempt} }}
             async busy {{ sleep \"20ms\"; try-acquire s {{ add n by=9 }}; try-take q {{ add n by=9 }}
                compute \"800ms\" }}"
        );
        let source = Source { name: "limits".into(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario;
        let seen = completed(&scenario);
        let of_thread = |kind: fn(&EventKind) -> bool| {
            seen.events.iter().find(|event| event.worker == WorkerId(1) && kind(&event.kind)).map(|event| event.at.0)
        };
        let began = of_thread(|kind| matches!(kind, EventKind::LockWait { .. } | EventKind::TimedAttempt { .. }))
            .expect("a wait");
        let ended = of_thread(|kind| matches!(kind, EventKind::LifeEnded(_))).expect("an end");
        assert!(ended - began < 400_000_000, "{attempt}: it waited {} ms", (ended - began) / 1_000_000);
    }
}
