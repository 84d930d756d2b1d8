//! Open registries: declarations, removed entries, placeholders, and the verdicts that they allow.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{
    Cancellers, DeathCause, Declared, Event, EventKind, Evidence, ExitKind, Grant, LaneRange, LockKind, Look, Message,
    Notice, PoolId, PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, SeenWait, SeenWorker, Span, Stamp,
    State, Wakers, WorkerId, WorkerInfo, WorkerKind,
};

pub(super) fn open_model(budget: Budget) -> Model {
    Model::new(Arc::new(Registry { is_open: true, ..Registry::default() }), budget)
}

pub(super) fn worker(id: u32) -> Declared {
    let info = WorkerInfo { name: format!("w-{id}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    Declared::Worker { id: WorkerId(id), info }
}

pub(super) fn mutex(id: u32, evidence: Evidence) -> Declared {
    resource(id, ResourceKind::Mutex { kind: LockKind::Std }, evidence)
}

fn resource(id: u32, kind: ResourceKind, evidence: Evidence) -> Declared {
    Declared::Resource { id: ResourceId(id), info: ResourceInfo { name: format!("r-{id}"), kind }, evidence }
}

pub(super) fn event(at: u64, worker: u32, kind: EventKind) -> Event {
    Event { at: Stamp(at), worker: WorkerId(worker), kind }
}

fn waits(lock: u32) -> EventKind {
    EventKind::LockWait { lock: ResourceId(lock), held_count: 0, timed: false }
}

fn acquired(lock: u32, grant: u64) -> EventKind {
    EventKind::Acquired { lock: ResourceId(lock), grant: Grant(grant) }
}

fn released(lock: u32, grant: u64) -> EventKind {
    EventKind::Released { lock: ResourceId(lock), grant: Grant(grant) }
}

/// A wait that lists the locks held, each with its grant.
fn waits_holding(at: u64, worker: u32, lock: u32, (held, grant): (u32, u64)) -> [Event; 2] {
    let wait = EventKind::LockWait { lock: ResourceId(lock), held_count: 1, timed: false };
    [event(at, worker, EventKind::Held { lock: ResourceId(held), grant: Grant(grant) }), event(at, worker, wait)]
}

/// One life of a worker that takes a lock, waits for it once more, and ends.
fn short_life(at: u64, id: u32, lock: u32, grant: u64) -> Vec<Event> {
    vec![
        event(at, id, EventKind::LifeBegan),
        event(at + 1_000, id, acquired(lock, grant)),
        event(at + 2_000, id, released(lock, grant)),
        event(at + 3_000, id, waits(lock)),
        event(at + 5_000, id, acquired(lock, grant + 1)),
        event(at + 6_000, id, released(lock, grant + 1)),
        event(at + 10_000, id, EventKind::LifeEnded(ExitKind::Finished)),
    ]
}

#[test]
fn ten_thousand_workers_that_come_and_go_take_no_more_memory_than_those_that_are_there() {
    const WORKERS: u32 = 10_000;
    const AT_ONCE: u32 = 50;
    let mut model = open_model(Budget::default());
    model.apply(&Message::Declare(vec![mutex(0, Evidence::Numbered)]));
    let mut most = 0;
    for id in 0..WORKERS {
        let at = u64::from(id) * 1_000_000;
        // Each has a lock of its own as well.
        model.apply(&Message::Declare(vec![worker(id), mutex(id + 1, Evidence::Numbered)]));
        model.apply(&Message::Events(short_life(at, id, 0, u64::from(id) * 2 + 1)));
        model.apply(&Message::Events(vec![event(at + 10_000, id, EventKind::LifeBegan)]));
        model.apply(&Message::Events(short_life(at + 20_000, id, id + 1, 1)[1..].to_vec()));
        model.apply(&Message::Watermark(Stamp(at + 900_000)));
        if let Some(old) = id.checked_sub(AT_ONCE) {
            model.apply(&Message::Declare(vec![
                Declared::WorkerGone(WorkerId(old)),
                Declared::ResourceGone(ResourceId(old + 1)),
            ]));
        }
        if id % 100 == 0 {
            most = most.max(model.heap_bytes());
        }
    }
    assert_eq!(model.health().anomalies, 0);
    let (_, gone) = model.gone_workers().next().expect("a group");
    assert!(gone.workers >= u64::from(WORKERS - AT_ONCE) - 256, "{}", gone.workers);
    assert_eq!(gone.lives, gone.workers * 2);
    assert_eq!(gone.times.get(State::Lock), gone.workers * 4_000, "each waited twice for 2 µs");
    assert_eq!(model.lanes().count() as u64, u64::from(WORKERS) - gone.workers);
    let lock = model.gone_resources().find(|(kind, _)| *kind == "std").expect("locks").1;
    assert_eq!((lock.acquired, lock.contended), (lock.resources * 2, lock.resources));
    assert!(most <= Budget::default().bytes, "{most} bytes");
    let registry = model.registry_bytes();
    assert!(registry <= 160 * WORKERS as usize, "{registry} bytes of registry");
}

#[test]
fn histories_lose_detail_as_workers_appear_but_no_time() {
    let mut model = open_model(Budget { bytes: 1 << 20 });
    model.apply(&Message::Declare(vec![worker(0)]));
    let mut events = vec![event(0, 0, EventKind::LifeBegan)];
    for i in 0..5_000 {
        let at = 10_000_000 * i;
        events.push(event(at + 1, 0, EventKind::Blocked { state: State::Sleep, on: None }));
        events.push(event(at + 4_000_001, 0, EventKind::Resumed));
    }
    model.apply(&Message::Events(events));
    let now = model.newest_stamp();
    let (before, bytes) = (model.lane(WorkerId(0)).total_state_times(now), model.heap_bytes());
    model.apply(&Message::Declare((1..200).map(worker).collect()));
    assert_eq!(model.lane(WorkerId(0)).total_state_times(now), before);
    assert_eq!(before.get(State::Sleep), 5_000 * 4_000_000);
    assert!(model.heap_bytes() < bytes + 200 * 1_500, "{} after {bytes}", model.heap_bytes());
}

#[test]
fn undeclared_ids_get_placeholders_that_are_counted() {
    let mut model = open_model(Budget::default());
    model.apply(&Message::Declare(vec![worker(0)]));
    model.apply(&Message::Events(vec![
        event(0, 0, EventKind::LifeBegan),
        event(1, 0, waits(3)),
        event(1, 7, EventKind::LifeBegan),
    ]));
    assert_eq!(model.undeclared_counts(), (1, 1));
    assert_eq!(model.health().undeclared, 2);
    assert_eq!(model.registry().worker_name(WorkerId(7)), "undeclared-7");
    assert_eq!(model.lane(WorkerId(0)).activity().resource, Some(ResourceId(3)));
    assert_eq!(model.registry().resource_name(ResourceId(3)), "undeclared-3");
    // Declared too late, it is known from then on.
    model.apply(&Message::Declare(vec![worker(7), mutex(3, Evidence::Numbered)]));
    assert_eq!((model.undeclared_counts(), model.registry().worker_name(WorkerId(7))), ((0, 0), "w-7"));
    let far = [u32::MAX, 1 << 25, 1 << 19].map(|id| event(2, id, waits(id)));
    model.apply(&Message::Events(far.to_vec()));
    assert_eq!(model.undeclared_counts().0, 0, "ids far from all others are not entered");
}

#[test]
fn closed_registry_refuses_declarations() {
    let mut model = Model::new(Arc::new(Registry::default()), Budget::default());
    model.apply(&Message::Declare(vec![worker(0)]));
    model.apply(&Message::Events(vec![event(0, 0, EventKind::LifeBegan)]));
    assert_eq!((model.health().anomalies, model.lanes().count()), (2, 0));
}

/// Two workers hold a lock each and wait for the other's.
fn ring(model: &mut Model) {
    model.apply(&Message::Declare(vec![
        worker(0),
        worker(1),
        mutex(0, Evidence::Numbered),
        mutex(1, Evidence::Numbered),
    ]));
    for id in [0, 1] {
        model.apply(&Message::Events(vec![event(0, id, EventKind::LifeBegan), event(1, id, acquired(id, 1))]));
    }
    for id in [0, 1] {
        model.apply(&Message::Events(waits_holding(5 + u64::from(id), id, 1 - id, (id, 1)).to_vec()));
    }
}

#[test]
fn ring_of_known_holders_is_a_deadlock_of_numbered_evidence() {
    let mut model = open_model(Budget::default());
    ring(&mut model);
    let found = model.first_deadlock().expect("a deadlock");
    assert_eq!((found.workers.as_slice(), found.evidence), (&[WorkerId(0), WorkerId(1)][..], Evidence::Numbered));
    assert_eq!(found.closed_at, Stamp(6));
}

#[test]
fn worker_that_left_with_a_lock_keeps_its_lane() {
    let mut model = open_model(Budget::default());
    model.apply(&Message::Declare(vec![worker(0), worker(1), mutex(0, Evidence::Numbered)]));
    model.apply(&Message::Events(vec![event(0, 0, EventKind::LifeBegan), event(1, 0, acquired(0, 1))]));
    model.apply(&Message::Events(vec![event(2, 0, EventKind::LifeEnded(ExitKind::Finished))]));
    model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(0))]));
    model.apply(&Message::Events(vec![event(3, 1, EventKind::LifeBegan), event(4, 1, waits(0))]));
    model.apply(&Message::Watermark(Stamp(1_000_000_000)));
    assert_eq!(model.registry().worker_name(WorkerId(0)), "w-0");
    assert_eq!(model.orphaned_holds(ResourceId(0)), [(WorkerId(0), Stamp(2))]);
    assert_eq!(model.stall().expect("waits forever").workers, [WorkerId(1)]);
}

/// A worker waits for an item; another one has ended.
fn starved_taker(model: &mut Model) {
    let queue = ResourceKind::Queue { capacity: 4 };
    model.apply(&Message::Declare(vec![worker(0), worker(1), resource(0, queue, Evidence::Numbered)]));
    let empty = EventKind::Blocked { state: State::Empty, on: Some(ResourceId(0)) };
    model.apply(&Message::Events(vec![event(0, 0, EventKind::LifeBegan), event(1, 0, empty)]));
    model.apply(&Message::Events(vec![
        event(0, 1, EventKind::LifeBegan),
        event(2, 1, EventKind::LifeEnded(ExitKind::Finished)),
    ]));
    model.apply(&Message::Watermark(Stamp(1_000_000_000)));
}

fn suppliers(count: u32) -> Message {
    let givers = vec![LaneRange { first: WorkerId(1), count }];
    Message::Declare(vec![Declared::Suppliers { of: ResourceId(0), wakers: Wakers { givers, ..Wakers::default() } }])
}

#[test]
fn nobody_can_wake_them_is_said_only_if_all_suppliers_are_declared_and_gone() {
    let mut model = open_model(Budget::default());
    starved_taker(&mut model);
    assert_eq!(model.stall(), None, "an unknown worker may put an item");
    model.apply(&suppliers(2));
    assert_eq!(model.stall(), None, "worker 2 is not there yet");
    model.apply(&suppliers(1));
    assert_eq!(model.stall(), None, "worker 1 may begin again");
    model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(1))]));
    assert_eq!(model.stall().expect("a stall").workers, [WorkerId(0)]);
    model.apply(&Message::Watermark(Stamp(2_000_000_000)));
    assert_eq!(model.gone_workers().count(), 1);
    assert_eq!(model.stall().expect("also when it is folded").workers, [WorkerId(0)]);
    model.apply(&suppliers(3));
    assert_eq!(model.stall(), None, "a new supplier may come");
}

#[test]
fn pool_has_only_the_workers_that_are_there() {
    const COUNT: u32 = 1_000;
    let mut model = open_model(Budget::default());
    let member = |id: u32| match worker(id) {
        Declared::Worker { id, info } => Declared::Worker { id, info: WorkerInfo { pool: Some(PoolId(0)), ..info } },
        other => other,
    };
    let info = PoolInfo {
        name: "p".into(),
        worker_kind: WorkerKind::Thread,
        workers: vec![WorkerId(0), WorkerId(1)],
        feeder: None,
        results: None,
        queue: ResourceId(0),
        size: 2,
        total_tasks: None,
        restarts_workers: false,
    };
    let queue = resource(0, ResourceKind::Queue { capacity: 10 }, Evidence::Numbered);
    model.apply(&Message::Declare(vec![worker(0), worker(1), queue, Declared::Pool { id: PoolId(0), info }]));
    let task = |at, id| {
        [
            event(at, id, EventKind::TaskBegan { pool: PoolId(0), waited: Span(1) }),
            event(at + 1, id, EventKind::TaskEnded { pool: PoolId(0), ok: true }),
        ]
    };
    model.apply(&Message::Events((0..2).map(|id| event(0, id, EventKind::LifeBegan)).collect()));
    for id in 2..COUNT {
        let at = u64::from(id) * 1_000_000;
        model.apply(&Message::Declare(vec![member(id)]));
        model.apply(&Message::Events([vec![event(at, id, EventKind::LifeBegan)], task(at + 1, id).to_vec()].concat()));
        model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(id - 1))]));
        model.apply(&Message::Events(task(at + 5, 0).to_vec()));
        let pool = model.pool(PoolId(0)).expect("a pool");
        assert_eq!((pool.worker_count(), pool.done()), (2, u64::from(id - 1) * 2), "worker {id}");
        let mut members = model.registry().pools[0].workers.clone();
        members.sort();
        assert_eq!(members, [WorkerId(0), WorkerId(id)]);
        model.apply(&Message::Watermark(Stamp(at + 900_000)));
    }
    model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(0))]));
    model.apply(&Message::Events(task(u64::from(COUNT) * 1_000_000, COUNT - 1).to_vec()));
    let pool = model.pool(PoolId(0)).expect("a pool");
    assert_eq!((pool.worker_count(), model.health().anomalies), (1, 0));
}

/// A worker that waits for the first of several things may have taken the item of a putter that was killed before it
/// recorded that: its wait proves nothing then, also when the putter is gone.
#[test]
fn death_in_a_wait_at_a_queue_without_room_is_remembered_when_the_worker_is_gone() {
    for was_waiting in [false, true] {
        let (mut model, queue) = (open_model(Budget::default()), ResourceId(0));
        let kind = ResourceKind::Queue { capacity: 0 };
        model.apply(&Message::Declare(vec![worker(0), worker(1), resource(0, kind, Evidence::Numbered)]));
        model.apply(&suppliers(1));
        let mut events = vec![
            event(0, 0, EventKind::LifeBegan),
            event(1, 0, EventKind::Alternative { on: queue, room: false, nth: 0 }),
            event(1, 0, EventKind::Blocked { state: State::Empty, on: Some(queue) }),
            event(0, 1, EventKind::LifeBegan),
        ];
        if was_waiting {
            events.push(event(2, 1, EventKind::Blocked { state: State::Full, on: Some(queue) }));
        }
        model.apply(&Message::Events(events));
        let notice = Notice::Died { worker: WorkerId(1), cause: DeathCause::Signal(9) };
        model.apply(&Message::Notice { at: Stamp(1_000), notice });
        model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(1))]));
        for second in 1..3 {
            model.apply(&Message::Watermark(Stamp(second * 1_000_000_000)));
            let stuck = model.stall().map_or_else(Vec::new, |stall| stall.workers);
            assert_eq!(stuck, if was_waiting { vec![] } else { vec![WorkerId(0)] }, "second {second}");
        }
        assert_eq!(model.gone_workers().count(), 1, "it is folded");
        assert_eq!(model.health().anomalies, 0);
    }
}

#[test]
fn range_of_all_ids_supplies_and_cancels_without_a_row_for_each_of_them() {
    let all = LaneRange { first: WorkerId(0), count: u32::MAX };
    let mut model = open_model(Budget::default());
    starved_taker(&mut model);
    let wakers = Wakers { givers: vec![all], takers: vec![all], predicate_waiters: vec![all] };
    let cancellers = Cancellers { of: all, by: all };
    let declared = vec![Declared::Suppliers { of: ResourceId(0), wakers }, Declared::Cancellers(cancellers)];
    model.apply(&Message::Declare(declared));
    model.apply(&Message::Declare((2..5).map(worker).collect()));
    for id in 2..4 {
        let lock = mutex(id, Evidence::Numbered);
        model.apply(&Message::Declare(vec![lock]));
        model.apply(&Message::Events(vec![event(0, id, EventKind::LifeBegan), event(1, id, acquired(id, 1))]));
    }
    for id in 2..4 {
        model.apply(&Message::Events(waits_holding(5, id, 5 - id, (id, 1)).to_vec()));
    }
    assert_eq!(model.stall(), None, "a worker that is not there yet may put an item");
    assert_eq!(model.deadlocks().len(), 1, "a mutex is waited for whatever others cancel");
    assert!(model.findings(Stamp(5_000_000_000)).len() < 10);
}

fn look(at: u64, moved: [u64; 2], held_by: [u32; 2]) -> Message {
    let seen = |w: usize| SeenWorker {
        worker: WorkerId(w as u32),
        moved: moved[w],
        wait: Some(SeenWait { on: ResourceId(1 - w as u32), is_timed: false, held_by: vec![WorkerId(held_by[w])] }),
    };
    Message::Look(Look { at: Stamp(at), workers: vec![seen(0), seen(1)] })
}

/// Two workers of a program that is only seen from outside.
fn seen_from_outside() -> Model {
    let mut model = open_model(Budget::default());
    model.apply(&Message::Declare(vec![
        worker(0),
        worker(1),
        mutex(0, Evidence::Observed),
        mutex(1, Evidence::Observed),
    ]));
    let began = |id| event(0, id, EventKind::LifeBegan);
    model.apply(&Message::Events(vec![began(0), began(1)]));
    model.apply(&Message::Watermark(Stamp(1_000)));
    model
}

#[test]
fn observed_deadlock_needs_two_looks_between_which_none_of_them_moved() {
    let mut model = seen_from_outside();
    model.apply(&look(100, [5, 5], [1, 0]));
    assert_eq!(model.deadlocks(), [], "one look is not enough");
    model.apply(&look(200, [6, 5], [1, 0]));
    assert_eq!(model.deadlocks(), [], "worker 0 moved");
    model.apply(&look(300, [6, 5], [1, 1]));
    assert_eq!(model.deadlocks(), [], "the looks do not agree on who holds what");
    model.apply(&look(400, [6, 5], [1, 1]));
    model.apply(&look(500, [6, 5], [1, 0]));
    model.apply(&look(600, [6, 5], [1, 0]));
    let found = model.first_deadlock().expect("a deadlock");
    assert_eq!(found.evidence, Evidence::Observed);
    assert_eq!(found.cycle.len(), 2);
    let said = &model.findings(Stamp(1_000_000_000))[0];
    assert!(said.evidence.contains("Observed, not proven"), "{}", said.evidence);
    model.apply(&look(700, [7, 5], [1, 0]));
    assert_eq!(model.deadlocks(), [], "a worker that moves takes the verdict back");
}

#[test]
fn event_of_a_worker_takes_an_observed_deadlock_back() {
    let mut model = seen_from_outside();
    model.apply(&look(100, [5, 5], [1, 0]));
    model.apply(&look(200, [5, 5], [1, 0]));
    assert_eq!(model.deadlocks().len(), 1);
    model.apply(&Message::Events(vec![event(150, 0, acquired(1, 0))]));
    assert_eq!(model.deadlocks(), []);
}

#[test]
fn hooks_without_numbers_prove_nothing_alone() {
    let mut model = seen_from_outside();
    for id in [0, 1] {
        model.apply(&Message::Events(vec![event(1, id, acquired(id, 0))]));
        model.apply(&Message::Events(waits_holding(5, id, 1 - id, (id, 0)).to_vec()));
    }
    assert_eq!(model.deadlocks(), []);
    assert_eq!(model.wait_for_graph().edges, []);
    model.apply(&look(100, [5, 5], [1, 0]));
    model.apply(&look(200, [5, 5], [1, 0]));
    let found = model.first_deadlock().expect("seen twice");
    assert_eq!((found.evidence, found.closed_at), (Evidence::Observed, Stamp(5)), "the waits began with their events");
}

#[test]
fn observed_deadlock_waits_for_all_events_up_to_the_older_look() {
    let mut model = seen_from_outside();
    model.apply(&look(1_100, [5, 5], [1, 0]));
    model.apply(&look(1_200, [5, 5], [1, 0]));
    assert_eq!(model.deadlocks(), [], "an event of 1,150 may be on its way");
    model.apply(&Message::Watermark(Stamp(1_100)));
    assert_eq!(model.deadlocks().len(), 1);
}

#[test]
fn observed_deadlock_keeps_its_age_with_every_look() {
    let mut model = seen_from_outside();
    for at in [100, 200, 300, 400] {
        model.apply(&look(at, [5, 5], [1, 0]));
    }
    assert_eq!(model.first_deadlock().expect("a deadlock").closed_at, Stamp(100));
    for at in [500, 600] {
        model.apply(&look(at, [6, 5], [1, 0]));
    }
    assert_eq!(model.first_deadlock().expect("another one").closed_at, Stamp(500), "worker 0 moved");
}

#[test]
fn empty_look_takes_an_observed_deadlock_back() {
    let mut model = seen_from_outside();
    model.apply(&look(100, [5, 5], [1, 0]));
    model.apply(&look(200, [5, 5], [1, 0]));
    assert_eq!(model.deadlocks().len(), 1);
    model.apply(&Message::Look(Look { at: Stamp(300), workers: Vec::new() }));
    assert_eq!(model.deadlocks(), []);
}

#[test]
fn look_does_not_agree_with_itself() {
    let mut model = seen_from_outside();
    for at in [0, 100, 100] {
        model.apply(&look(at, [at, at], [1, 0]));
    }
    assert_eq!(model.deadlocks(), []);
}

#[test]
fn lock_in_use_at_its_end_is_folded_once_it_is_free() {
    let mut model = open_model(Budget::default());
    model.apply(&Message::Declare(vec![worker(0), mutex(0, Evidence::Numbered)]));
    model.apply(&Message::Events(vec![event(0, 0, EventKind::LifeBegan), event(1, 0, acquired(0, 1))]));
    let gone = || Message::Declare(vec![Declared::ResourceGone(ResourceId(0))]);
    model.apply(&gone());
    model.apply(&Message::Watermark(Stamp(1_000_000_000)));
    assert_eq!(model.gone_resources().count(), 0, "the lock is held");
    model.apply(&gone());
    assert_eq!(model.health().anomalies, 1, "its end was declared twice");
    model.apply(&Message::Events(vec![event(1_000_000_001, 0, released(0, 1))]));
    for at in 2..6 {
        model.apply(&Message::Watermark(Stamp(at * 1_000_000_000)));
    }
    assert_eq!(model.gone_resources().count(), 1);
}

#[test]
fn hooks_distort_locks_that_are_mostly_held_for_less_than_20_us() {
    let distorted = |evidence: Evidence, held: u64| {
        let mut model = open_model(Budget::default());
        model.apply(&Message::Declare(vec![worker(0), mutex(0, evidence)]));
        let uses = (1..=9_u64).flat_map(|nth| {
            // One long hold says nothing about the others.
            let end = nth * 1_000_000 + if nth == 5 { 500_000 } else { held };
            [event(nth * 1_000_000, 0, acquired(0, nth)), event(end, 0, released(0, nth))]
        });
        let events = std::iter::once(event(1, 0, EventKind::LifeBegan)).chain(uses).collect();
        model.apply(&Message::Events(events));
        assert_eq!(model.health().anomalies, 0);
        let holds = model.lock(ResourceId(0)).expect("a lock").hold_times();
        model.is_distorted_by_hooks(ResourceId(0), holds)
    };
    assert!(distorted(Evidence::Observed, 10_000));
    assert!(!distorted(Evidence::Observed, 30_000));
    assert!(!distorted(Evidence::Numbered, 10_000), "its grants are counted inside the lock");
}
