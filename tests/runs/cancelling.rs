//! Cancelled workers and tasks: waits end, held locks come back or not, and nothing that others wait for is lost.

use crate::support::ObservedRun;
use contend::model::LifeEnd;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, PoolId, ResourceId, RunEnd, WorkerId};

const KINDS: [&str; 3] = ["thread", "process", "async"];

fn read(text: &str) -> Scenario {
    let source = Source { name: "cancelling".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

fn completed(text: &str) -> ObservedRun {
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{text}: {:?}", seen.notices);
    assert_eq!(seen.model().health().anomalies, 0, "{text}");
    seen
}

fn ending(seen: &ObservedRun, worker: u32) -> Option<LifeEnd> {
    seen.model().lane(WorkerId(worker)).ending()
}

#[test]
fn waits_of_a_cancelled_worker_end() {
    let waits = [
        "sleep \"1h\"",
        "io \"1h\"",
        "take q",
        "put full",
        "wait e",
        "lock m { wait c }",
        "acquire s",
        "acquire s { sleep \"1us\" }",
        "read rw { sleep \"1us\" }",
        "write rw { sleep \"1us\" }",
        "meet b",
        "select { take q { sleep \"1us\" }; wait e { sleep \"1us\" } }",
        "join sleeper",
        "repeat 9 { sleep \"9s\" }",
    ];
    for kind in KINDS {
        for wait in waits {
            let seen = completed(&format!(
                "queue q capacity=1\nqueue full capacity=1\nevent e\nmutex m\ncondition c of=m
                 semaphore s permits=1\nrwlock rw\nbarrier b parties=3
                 event ready\nevent over
                 {kind} v {{ put full; wait ready; {wait} }}
                 {kind} sleeper {{ acquire s {{ write rw {{ set ready; wait over }} }} }}
                 {kind} u {{ wait ready; sleep \"20ms\"; cancel v; join v; set over }}
                 {kind} never {{ if q above=5 {{ put q; take full; set e; notify c; repeat 2 {{ meet b }} }} }}"
            ));
            assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}: {wait}");
        }
    }
}

#[test]
fn select_of_pipes_ends_when_its_worker_is_cancelled() {
    for (kind, other) in
        [("thread", "receive b"), ("process", "receive b"), ("thread", "take q"), ("process", "take q")]
    {
        let seen = completed(&format!(
            "pipe a\npipe b\nqueue q capacity=1\nevent over
             {kind} v {{ select {{ receive a; {other} {{ sleep \"1us\" }} }} }}
             {kind} w {{ wait over; if q above=5 {{ send a; send b; put q }} }}
             {kind} u {{ sleep \"20ms\"; cancel v; join v; set over }}"
        ));
        assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}: {other}");
    }
}

#[test]
fn cancelled_wait_is_not_one_that_gave_up() {
    let resource = ResourceId(0);
    let waits = [
        ("queue r capacity=1", "take r timeout=\"1h\"", "put r"),
        ("event r", "wait r timeout=\"1h\"", "set r"),
        ("semaphore r permits=0", "acquire r timeout=\"1h\"", "release r"),
        ("barrier r parties=2", "meet r", "meet r"),
    ];
    for kind in KINDS {
        for (declared, wait, other) in waits {
            let seen = completed(&format!(
                "{declared}\n{kind} v {{ {wait} }}\n{kind} u {{ sleep \"20ms\"; cancel v }}
                 {kind} never {{ repeat 0 {{ {other} }} }}"
            ));
            let count = |wanted| seen.count(|kind| kind == wanted);
            assert_eq!(count(EventKind::WaitCancelled { on: resource }), 1, "{kind}: {wait}");
            assert_eq!(count(EventKind::WaitTimedOut { lock: resource }), 0, "{kind}: {wait}");
            assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}: {wait}");
        }
    }
}

#[test]
fn unwinding_gives_back_what_the_worker_holds() {
    for kind in KINDS {
        let seen = completed(&format!(
            "mutex m\nsemaphore s permits=1\ncounter n
             {kind} v {{ acquire s {{ lock m {{ sleep \"1h\" }} }} }}
             {kind} u {{ sleep \"20ms\"; cancel v; lock m {{ acquire s {{ add n by=1 }} }} }}"
        ));
        assert_eq!(seen.counter, Some(1), "{kind}");
        assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}");
    }
}

#[test]
fn killed_worker_keeps_what_it_holds() {
    for kind in ["thread", "async"] {
        let seen = completed(&format!(
            "mutex m\ncounter n
             {kind} v {{ lock m {{ sleep \"1h\" }} }}
             {kind} u {{ sleep \"20ms\"; cancel v how=kill; try-lock m timeout=\"60ms\" {{ add n by=1 }} }}"
        ));
        assert_eq!(ending(&seen, 0), Some(LifeEnd::FoundDead), "{kind}");
        assert_eq!(seen.counter.unwrap_or(0), 0, "{kind}: the mutex stays locked");
    }
    let seen = completed(
        "mutex m\ncounter n
         process v { lock m { sleep \"1h\" } }
         process u { sleep \"40ms\"; cancel v how=kill; lock m { add n by=1 } }",
    );
    assert_eq!(seen.counter, Some(1), "the system releases the mutex of a killed process");
}

#[test]
fn task_that_is_killed_in_line_gets_the_mutex_and_keeps_it() {
    let text = |how: &str| {
        format!(
            "mutex m\ncounter n
             async h {{ lock m {{ sleep \"40ms\" }} }}
             async v {{ sleep \"5ms\"; lock m {{ add n by=1 }} }}
             async w {{ sleep \"10ms\"; try-lock m timeout=\"150ms\" {{ add n by=1 }} }}
             async u {{ sleep \"20ms\"; cancel v how={how} }}"
        )
    };
    let seen = completed(&text("kill"));
    assert_eq!(seen.counter.unwrap_or(0), 0, "the mutex was handed to the dead task");
    let got = seen.events.iter().any(|event| {
        event.worker == WorkerId(1) && matches!(event.kind, EventKind::Acquired { lock: ResourceId(0), .. })
    });
    assert!(got && ending(&seen, 1) == Some(LifeEnd::FoundDead), "{:?}", ending(&seen, 1));
    assert_eq!(completed(&text("unwind")).counter, Some(1), "it leaves the line");
}

#[test]
fn computation_is_not_interrupted_and_counts() {
    for kind in KINDS {
        let seen = completed(&format!(
            "counter n\n{kind} v {{ compute \"60ms\" }}\nthread u {{ sleep \"20ms\"; cancel v; add n by=1 }}"
        ));
        assert_eq!(ending(&seen, 0), Some(LifeEnd::Finished), "{kind}: no step was left to cancel");
    }
}

#[test]
fn join_of_a_cancelled_worker_runs_the_else() {
    for kind in KINDS {
        let seen = completed(&format!(
            "counter n\n{kind} v {{ sleep \"1h\" }}
             {kind} u {{ sleep \"10ms\"; cancel v; join v {{ add n by=5 }}\n else {{ add n by=1 }} }}"
        ));
        assert_eq!(seen.counter, Some(1), "{kind}");
    }
}

#[test]
fn cancelled_task_of_a_queue_never_begins_and_its_result_is_a_failure() {
    for kind in ["threads", "processes", "async"] {
        let seen = completed(&format!(
            "counter n\npool p of={kind} workers=1 {{ task {{ sleep \"30ms\" }} }}
             thread u {{ repeat 4 {{ submit p }}; sleep \"10ms\"; cancel p task=2
                 repeat 4 {{ result {{ add n by=1 }}\n else {{ add n by=10 }} }} }}"
        ));
        let pool = seen.model().pool(PoolId(0)).expect("a pool");
        assert_eq!((pool.done(), pool.cancelled(), seen.counter), (3, 1, Some(13)), "{kind}");
    }
}

#[test]
fn shutdown_that_interrupts_ends_tasks_that_wait() {
    for kind in ["threads", "processes", "async"] {
        let seen = completed(&format!(
            "counter n\npool p of={kind} workers=2 {{ task {{ sleep \"1h\" }} }}
             thread u {{ repeat 5 {{ submit p }}; sleep \"50ms\"; shutdown p how=interrupt
                 repeat 5 {{ result {{ add n by=10 }}\n else {{ add n by=1 }} }} }}"
        ));
        let pool = seen.model().pool(PoolId(0)).expect("a pool");
        assert_eq!((pool.failed(), pool.cancelled(), seen.counter), (2, 3, Some(5)), "{kind}");
    }
}

/// Tasks of threads leave at their next step, which these never reach.
#[test]
fn run_ends_without_abandoned_tasks_that_wait_forever() {
    for kind in ["threads", "processes", "async"] {
        let seen = completed(&format!(
            "event never\npool p of={kind} workers=2 {{ task {{ wait never }} }}
             thread u {{ repeat 3 {{ submit p }}; sleep \"50ms\"; shutdown p how=abandon }}"
        ));
        let pool = seen.model().pool(PoolId(0)).expect("a pool");
        assert_eq!((pool.done(), pool.cancelled(), pool.lost(), pool.open_tasks()), (0, 1, 2, 0), "{kind}");
    }
}

#[test]
fn workers_behind_a_cancelled_writer_go_on() {
    for kind in KINDS {
        for policy in ["fair", "writers"] {
            let seen = completed(&format!(
                "rwlock rw policy={policy}\ncounter n\nevent over
                 {kind} v {{ sleep \"10ms\"; write rw {{ add n }} }}
                 {kind} reader {{ sleep \"20ms\"; read rw {{ add n }} }}
                 {kind} holder {{ write rw {{ wait over }} }}
                 {kind} u {{ sleep \"40ms\"; cancel v; join v; set over }}"
            ));
            assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}, {policy}");
            assert_eq!(seen.counter, Some(1), "{kind}, {policy}: the reader");
        }
    }
}

/// The reader behind the writer waits for the holder, and the holder for the reader: until the writer is cancelled.
#[test]
fn ring_through_a_writer_that_may_be_cancelled_is_no_deadlock() {
    for limit in ["", " timeout=\"80ms\""] {
        let seen = completed(&format!(
            "rwlock rw policy=writers\nmutex m
             thread w {{ sleep \"20ms\"; write rw{limit} {{ sleep \"1us\" }} }}
             thread first {{ read rw {{ sleep \"10ms\"; lock m {{ sleep \"1us\" }} }} }}
             thread second {{ lock m {{ sleep \"40ms\"; read rw {{ sleep \"1us\" }} }} }}
             thread u {{ sleep \"100ms\"; cancel w }}"
        ));
        assert!(seen.model().first_deadlock().is_none(), "{limit}: {:?}", seen.model().first_deadlock());
        assert_eq!(seen.model().health().disagreements, 0, "{limit}");
    }
}

#[test]
fn spinning_worker_notices_a_cancellation() {
    for kind in ["thread", "process"] {
        let seen = completed(&format!(
            "counter n
             {kind} v {{ spin {{ until n above=5 }} }}
             {kind} u {{ sleep \"20ms\"; cancel v; join v }}"
        ));
        assert_eq!(ending(&seen, 0), Some(LifeEnd::Cancelled), "{kind}");
    }
}

#[test]
fn putter_killed_at_a_queue_without_room_puts_nothing() {
    let seen = completed(
        "queue q capacity=0\ncounter n
         process v { put q }
         process u { sleep \"40ms\"; cancel v how=kill; join v
             try-take q timeout=\"60ms\" { add n by=5 } else { add n } }",
    );
    assert_eq!(seen.counter, Some(1), "nothing is taken from the dead worker");
}

/// Its ring has a writer: the mutex, which will record in its name that it got the mutex.
#[test]
fn task_that_was_killed_in_line_cannot_be_spawned_again() {
    let seen = completed(
        "mutex m\nevent over
         async v { lock m { sleep \"1us\" } }
         async holder { lock m { wait over } }
         async u { sleep \"10ms\"; spawn v; sleep \"20ms\"; cancel v how=kill; sleep \"20ms\"; set over; spawn v }",
    );
    let why = seen.notices.iter().find_map(|notice| match notice {
        contend::trace::Notice::TaskFailed { message, .. } => Some(message.clone()),
        _ => None,
    });
    assert!(why.as_ref().is_some_and(|why| why.contains("killed in the line of a mutex")), "{:?}", seen.notices);
}

/// The killed task is the only one that puts, and the mutex that it waits for is never released.
#[test]
fn task_that_was_killed_in_line_supplies_nothing() {
    let mut seen = ObservedRun::start(&read(
        "mutex m\nqueue q capacity=1
         async holder { lock m { take q } }
         async v { sleep \"5ms\"; lock m { put q } }
         async u { sleep \"20ms\"; cancel v how=kill }",
    ));
    let stuck = |seen: &ObservedRun| seen.model().stall().map_or_else(Vec::new, |stall| stall.workers);
    seen.wait_until("verdict on the holder", |seen| stuck(seen) == [WorkerId(0)]);
    assert_eq!((seen.model().health().anomalies, ending(&seen, 1)), (0, Some(LifeEnd::FoundDead)));
}

#[test]
fn workers_behind_a_task_that_was_killed_in_line_are_stuck_when_the_mutex_is_handed_to_it() {
    let mut seen = ObservedRun::start(&read(
        "mutex m\nmutex other\nqueue q capacity=1\nevent over\nevent never
         async holder { lock m { wait over timeout=\"150ms\" }; lock other { wait over } }
         async v { sleep \"5ms\"; lock m { put q; set never } }
         async taker { take q }
         async behind { sleep \"250ms\"; lock m { set over } }
         async u { sleep \"20ms\"; cancel v how=kill }",
    ));
    let stuck = |seen: &ObservedRun| seen.model().stall().map_or_else(Vec::new, |stall| stall.workers);
    seen.wait_until("verdict on the taker", |seen| stuck(seen) == [WorkerId(2)]);
    seen.wait_until("verdict on the workers behind the dead holder", |seen| {
        stuck(seen) == [WorkerId(0), WorkerId(2), WorkerId(3)]
    });
    assert_eq!(ending(&seen, 1), Some(LifeEnd::FoundDead));
    assert_eq!((seen.model().health().anomalies, seen.model().health().disagreements), (0, 0));
    assert_eq!(seen.model().lane(WorkerId(1)).crash_count(), 1);
}

/// It keeps one place in line, not one for each time that it had locked the mutex.
#[test]
fn killed_task_that_held_a_reentrant_mutex_twice_keeps_one_place_in_line() {
    let mut seen = ObservedRun::start(&read(
        "mutex m kind=reentrant\ncondition c of=m\ncounter n
         async v { lock m { lock m { wait c } } }
         async holder { sleep \"10ms\"; lock m { sleep \"80ms\" } }
         async u { sleep \"40ms\"; cancel v how=kill }
         async behind { sleep \"60ms\"; lock m { notify c } }",
    ));
    let stuck = |seen: &ObservedRun| seen.model().stall().map_or_else(Vec::new, |stall| stall.workers);
    seen.wait_until("verdict on the worker behind the dead task", |seen| stuck(seen) == [WorkerId(3)]);
    let places = seen.events.iter().filter(|event| {
        event.worker == WorkerId(0) && matches!(event.kind, EventKind::LockWait { lock: ResourceId(0), .. })
    });
    assert_eq!(places.count(), 1);
    assert_eq!(seen.model().health().anomalies, 0);
}
