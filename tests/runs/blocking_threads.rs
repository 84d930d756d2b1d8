//! The limit on the threads beside an event loop.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, RunEnd};

fn read(text: &str) -> Scenario {
    let source = Source { name: "threads".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

#[test]
fn no_more_blocks_run_at_once_than_there_are_blocking_threads() {
    let text = "runtime threads=1 blocking-threads=2\ncounter over\ncounter inside\n\
        async w count=6 { repeat 5 { to-thread {
            add inside; if inside above=2 { add over }; sleep \"1ms\"; add inside by=-1 } } }";
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    let limit = seen.registry().resources.iter().position(|resource| resource.name == "blocking-threads");
    let limit = limit.expect("the limit is a semaphore");
    let taken = seen.count(|kind| matches!(kind, EventKind::Acquired { lock, .. } if lock.index() == limit));
    let waits = seen.count(|kind| matches!(kind, EventKind::LockWait { lock, .. } if lock.index() == limit));
    assert_eq!(taken, 30);
    assert!(waits > 0, "six workers share two threads");
    assert_eq!(seen.model().counter(contend::trace::ResourceId(0)).map(contend::model::Counter::value), Some(0));
}

#[test]
fn failure_and_panic_inside_give_the_thread_back() {
    let text = "runtime threads=1 blocking-threads=1\ncounter n\n\
        async fails { retry 3 { to-thread { fail \"no\" } }\nelse { add n } }\n\
        async panics { to-thread { panic \"no\" } }\n\
        async w { sleep \"5ms\"; to-thread { add n } }";
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!((seen.end.clone(), seen.counter), (Some(RunEnd::Completed), Some(2)), "{:?}", seen.notices);
}

#[test]
fn blocking_threads_that_all_wait_for_one_that_needs_one_are_stuck() {
    let text = "runtime threads=1 blocking-threads=2\nqueue asked capacity=4\nsemaphore answered permits=0\n\
        async asks count=2 { to-thread { put asked; acquire answered } }\n\
        async answers { repeat 2 { take asked; to-thread { sleep \"1ms\" }; release answered } }";
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("a verdict", |seen| seen.model().stall().is_some() || seen.model().first_deadlock().is_some());
    let seen = ObservedRun::run_to_end(&read(&text.replace("blocking-threads=2", "blocking-threads=3")));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
}
