//! A worker that holds more locks than the list before a wait has room for.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, Stamp, WaitSlot,
    WaitSnapshot, WorkerId, WorkerInfo, WorkerKind,
};

const HOLDER: WorkerId = WorkerId(0);
const OTHER: WorkerId = WorkerId(1);
const PERMITS: ResourceId = ResourceId(0);
const A: ResourceId = ResourceId(1);
const B: ResourceId = ResourceId(2);
const MANY: u32 = 300;

fn model() -> Model {
    let mutex = ResourceKind::Mutex { kind: LockKind::Std };
    let kinds = [ResourceKind::Semaphore { permits: MANY, scoped: true }, mutex.clone(), mutex];
    let worker =
        |name: &str| WorkerInfo { name: name.into(), group: name.into(), kind: WorkerKind::Thread, pool: None };
    let resource = |kind: ResourceKind| ResourceInfo { name: kind.word().into(), kind };
    let registry = Registry {
        workers: ["holder", "other"].map(worker).into(),
        resources: kinds.map(resource).into(),
        ..Registry::default()
    };
    Model::new(Arc::new(registry), Budget::default())
}

fn apply(model: &mut Model, worker: WorkerId, at: u64, kinds: &[EventKind]) {
    let event = |kind: &EventKind| Event { at: Stamp(at), worker, kind: *kind };
    model.apply(&Message::Events(kinds.iter().map(event).collect()));
}

fn permits(nth: impl Iterator<Item = u32>, event: fn(ResourceId, Grant) -> EventKind) -> Vec<EventKind> {
    nth.map(|nth| event(PERMITS, Grant(nth.into()))).collect()
}

/// The newest 255 holds of the holder, and its wait for lock b.
fn holder_wait() -> Vec<EventKind> {
    let mut wait = permits(MANY - 254..=MANY, |lock, grant| EventKind::Held { lock, grant });
    wait.push(EventKind::LockWait { lock: B, held_count: u8::MAX, timed: false });
    wait
}

/// The holder takes lock a and 300 permits; the other worker takes lock b and waits for a.
fn apply_begin(model: &mut Model) {
    apply(model, HOLDER, 1, &[EventKind::LifeBegan, EventKind::Acquired { lock: A, grant: Grant(1) }]);
    apply(model, HOLDER, 2, &permits(1..=MANY, |lock, grant| EventKind::Acquired { lock, grant }));
    apply(model, OTHER, 3, &[EventKind::LifeBegan, EventKind::Acquired { lock: B, grant: Grant(1) }]);
    let list =
        [EventKind::Held { lock: B, grant: Grant(1) }, EventKind::LockWait { lock: A, held_count: 1, timed: false }];
    apply(model, OTHER, 4, &list);
}

#[test]
fn holds_beyond_the_length_of_the_list_stay_held() {
    let mut model = model();
    apply_begin(&mut model);
    apply(&mut model, HOLDER, 5, &holder_wait());
    assert_eq!(model.first_deadlock().expect("a deadlock").workers, [HOLDER, OTHER]);
    assert_eq!(model.lane(HOLDER).held_locks().len(), MANY as usize + 1);
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn after_lost_events_holds_beyond_the_length_of_a_slot_are_unknown_and_reported() {
    let mut model = model();
    apply_begin(&mut model);
    apply(&mut model, HOLDER, 5, &[EventKind::Gap { lost: 1 }]);
    let slot = |worker, at, lost, events| WaitSlot { worker, at: Stamp(at), life: 1, lost, events };
    let list = vec![
        EventKind::Held { lock: B, grant: Grant(1) },
        EventKind::LockWait { lock: A, held_count: 1, timed: false },
    ];
    let slots = vec![slot(HOLDER, 6, 1, holder_wait()), slot(OTHER, 4, 0, list)];
    for _ in 0..3 {
        model.apply(&Message::WaitSnapshot(WaitSnapshot { slots: slots.clone(), unavailable: Vec::new() }));
    }
    assert_eq!(model.first_deadlock(), None, "it may have released lock a");
    let health = model.health();
    assert_eq!((health.recovered, health.partially_recovered, health.disagreements, health.anomalies), (1, 1, 0, 0));
}
