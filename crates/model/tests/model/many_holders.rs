//! A wait for a semaphore whose permits many workers hold: the costs of the holders add up to the wait.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{Event, EventKind, Grant, Message, Registry, ResourceKind, Stamp, State, WorkerId, WorkerKind};

/// `holders` workers hold all permits from the start on and sleep half of the time, in turns of `turn` ns; another
/// worker waits for a permit from 10 to 100 ms.
fn model(holders: u32, turn: u64) -> (Model, WorkerId) {
    let mut registry = Registry::default();
    let workers: Vec<WorkerId> =
        (0..holders).map(|n| registry.add_worker(format!("holder-{n}"), WorkerKind::Thread)).collect();
    let waiter = registry.add_worker("waiter", WorkerKind::Thread);
    let lock = registry.add_resource("permits", ResourceKind::Semaphore { permits: holders, scoped: true });
    let mut model = Model::new(Arc::new(registry), Budget::default());
    for (worker, nth) in workers.into_iter().zip(1..) {
        let event = |at, kind| Event { at: Stamp(at), worker, kind };
        let mut events =
            vec![event(0, EventKind::LifeBegan), event(1, EventKind::Acquired { lock, grant: Grant(nth) })];
        for at in (1..100_000_000 / turn).step_by(2) {
            events.push(event(at * turn, EventKind::Blocked { state: State::Sleep, on: None }));
            events.push(event(at * turn + turn / 2, EventKind::Resumed));
        }
        model.apply(&Message::Events(events));
    }
    let wait = EventKind::LockWait { lock, held_count: 0, timed: false };
    let event = |at, kind| Event { at: Stamp(at), worker: waiter, kind };
    model.apply(&Message::Events(vec![event(0, EventKind::LifeBegan), event(10_000_000, wait)]));
    (model, waiter)
}

/// Checks that the parts of the wait add up, and that each holder has its share of it.
fn check(holders: u32, turn: u64) -> Model {
    let (model, waiter) = model(holders, turn);
    let costs = model.who_costs_whom(Stamp(100_000_000));
    assert_eq!(costs.waiters.len(), 1);
    let (of, parts) = costs.waiters[0];
    assert_eq!((of, parts.total_ns), (waiter, 90_000_000));
    assert_eq!((parts.others_ns, parts.unknown_ns, parts.handoff_ns, parts.wakeup_ns), (0, 0, 0, 0));
    assert_eq!(costs.pairs.len(), holders as usize);
    assert_eq!(costs.pairs.iter().map(contend_model::PairCost::total_ns).sum::<u64>(), 90_000_000);
    let share = 90_000_000 / u64::from(holders);
    for pair in &costs.pairs {
        assert!(pair.total_ns().abs_diff(share) <= share / 50, "{pair:?}, a share is {share}");
    }
    model
}

#[test]
fn few_holders_share_a_wait_by_what_they_did_at_each_moment() {
    let model = check(16, 2_000_000);
    let costs = model.who_costs_whom(Stamp(100_000_000));
    let slept = costs.pairs[0].holder_times.get(State::Sleep);
    assert!((20..30).contains(&(slept * 100 / costs.pairs[0].total_ns())), "asleep in a quarter of the time: {slept}");
}

#[test]
fn many_holders_share_a_wait_and_count_with_their_longest_state() {
    let model = check(200, 2_000_000);
    let costs = model.who_costs_whom(Stamp(100_000_000));
    for pair in &costs.pairs {
        assert_eq!(pair.holder_times.get(State::Running), pair.total_ns(), "it ran three quarters of the time");
    }
}
