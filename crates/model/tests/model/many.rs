//! One worker that holds more than a wait can list.

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
    let cast = Registry {
        workers: ["holder", "other"].map(worker).into(),
        resources: kinds.map(resource).into(),
        ..Registry::default()
    };
    Model::new(Arc::new(cast), Budget::default())
}

fn tell(model: &mut Model, worker: WorkerId, at: u64, kinds: &[EventKind]) {
    let event = |kind: &EventKind| Event { at: Stamp(at), worker, kind: *kind };
    model.apply(&Message::Events(kinds.iter().map(event).collect()));
}

fn permits(nth: impl Iterator<Item = u32>, event: fn(ResourceId, Grant) -> EventKind) -> Vec<EventKind> {
    nth.map(|nth| event(PERMITS, Grant(nth.into()))).collect()
}

/// The newest 255 of what the holder has, and that it waits for lock b.
fn waits() -> Vec<EventKind> {
    let mut wait = permits(MANY - 254..=MANY, |lock, grant| EventKind::Held { lock, grant });
    wait.push(EventKind::LockWait { lock: B, held_count: u8::MAX, timed: false });
    wait
}

/// The holder takes lock a and 300 permits; the other takes lock b and waits for a.
fn both(model: &mut Model) {
    tell(model, HOLDER, 1, &[EventKind::LifeBegan, EventKind::Acquired { lock: A, grant: Grant(1) }]);
    tell(model, HOLDER, 2, &permits(1..=MANY, |lock, grant| EventKind::Acquired { lock, grant }));
    tell(model, OTHER, 3, &[EventKind::LifeBegan, EventKind::Acquired { lock: B, grant: Grant(1) }]);
    let list =
        [EventKind::Held { lock: B, grant: Grant(1) }, EventKind::LockWait { lock: A, held_count: 1, timed: false }];
    tell(model, OTHER, 4, &list);
}

#[test]
fn what_a_list_has_no_room_for_is_held_still() {
    let mut model = model();
    both(&mut model);
    tell(&mut model, HOLDER, 5, &waits());
    assert_eq!(model.first_deadlock().expect("a deadlock").workers, [HOLDER, OTHER]);
    assert_eq!(model.lane(HOLDER).held_locks().len(), MANY as usize + 1);
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn after_a_loss_what_a_slot_has_no_room_for_is_not_known_and_that_is_told() {
    let mut model = model();
    both(&mut model);
    tell(&mut model, HOLDER, 5, &[EventKind::Gap { lost: 1 }]);
    let slot = |worker, at, lost, events| WaitSlot { worker, at: Stamp(at), life: 1, lost, events };
    let list = vec![
        EventKind::Held { lock: B, grant: Grant(1) },
        EventKind::LockWait { lock: A, held_count: 1, timed: false },
    ];
    let slots = vec![slot(HOLDER, 6, 1, waits()), slot(OTHER, 4, 0, list)];
    for _ in 0..3 {
        model.apply(&Message::WaitSnapshot(WaitSnapshot { slots: slots.clone(), unavailable: Vec::new() }));
    }
    assert_eq!(model.first_deadlock(), None, "perhaps it gave lock a back");
    let health = model.health();
    assert_eq!((health.recovered, health.partially_recovered, health.disagreements, health.anomalies), (1, 1, 0, 0));
}
