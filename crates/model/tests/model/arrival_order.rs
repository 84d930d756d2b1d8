//! The result does not depend on the order in which the workers' streams arrive, and no event makes the model panic.

use std::fmt::Write;
use std::sync::Arc;

use contend_model::{Budget, CellWindow, Model};
use contend_trace::{
    CounterMemory, Event, EventKind, ExitKind, Grant, LockKind, Message, PoolId, PoolInfo, Registry, ResourceId,
    ResourceInfo, ResourceKind, RwPolicy, Sample, Span, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;
use proptest::prelude::*;

const WORKERS: usize = 4;

fn registry(workers: usize, locks: usize) -> Arc<Registry> {
    let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = ResourceKind::Mutex { kind: LockKind::Std };
    let mut kinds =
        vec![ResourceKind::Queue { capacity: 9 }, ResourceKind::Counter { initial: 5, memory: CounterMemory::Shared }];
    kinds.extend(vec![lock; locks]);
    kinds.push(ResourceKind::Semaphore { permits: 2, scoped: true });
    kinds.push(ResourceKind::Rwlock { policy: RwPolicy::Fair });
    let resource = |(i, kind)| ResourceInfo { name: format!("r{i}"), kind };
    let pool = PoolInfo {
        name: "p".into(),
        worker_kind: WorkerKind::Thread,
        workers: vec![WorkerId(1), WorkerId(2)],
        feeder: Some(WorkerId(0)),
        results: None,
        queue: ResourceId(0),
        size: 2,
        total_tasks: None,
        restarts_workers: true,
    };
    Arc::new(Registry {
        workers: (0..workers).map(worker).collect(),
        resources: kinds.into_iter().enumerate().map(resource).collect(),
        pools: vec![pool],
        ..Registry::default()
    })
}

/// Any kind of event, also impossible ones, and of resources that do not exist.
fn kind() -> impl Strategy<Value = EventKind> {
    use EventKind as E;
    let lock = (0u32..8).prop_map(ResourceId);
    let grant = (1u64..40, any::<bool>()).prop_map(|(n, shared)| if shared { Grant::shared(n) } else { Grant(n) });
    let locked = (lock.clone(), grant);
    let exit = prop_oneof![
        Just(ExitKind::Finished),
        Just(ExitKind::Retired),
        Just(ExitKind::Panicked),
        Just(ExitKind::Killed)
    ];
    let state = (0usize..State::ALL.len()).prop_map(|i| State::ALL[i]);
    prop_oneof![
        2 => Just(E::LifeBegan),
        1 => exit.prop_map(E::LifeEnded),
        3 => locked.clone().prop_map(|(lock, grant)| E::Held { lock, grant }),
        5 => (lock.clone(), 0u8..3, any::<bool>())
            .prop_map(|(lock, held_count, timed)| E::LockWait { lock, held_count, timed }),
        6 => locked.clone().prop_map(|(lock, grant)| E::Acquired { lock, grant }),
        6 => locked.clone().prop_map(|(lock, grant)| E::Released { lock, grant }),
        2 => (lock.clone(), 0u64..3, any::<bool>())
            .prop_map(|(lock, writers_ahead, shared)| E::RwlockRequest { lock, writers_ahead, shared }),
        1 => (lock.clone(), 0u64..3).prop_map(|(lock, count)| E::RwlockReaders { lock, count }),
        1 => (lock.clone(), 0u32..5).prop_map(|(lock, permits)| E::PermitRequest { lock, permits }),
        1 => locked.prop_map(|(lock, grant)| E::SemaphorePassed { lock, grant }),
        1 => lock.clone().prop_map(|lock| E::SemaphorePosted { lock }),
        1 => lock.clone().prop_map(|lock| E::WaitTimedOut { lock }),
        1 => lock.clone().prop_map(|lock| E::TimedAttempt { lock }),
        1 => lock.clone().prop_map(|lock| E::OwnerDied { lock }),
        4 => (state, prop::option::of(lock.clone())).prop_map(|(state, on)| E::Blocked { state, on }),
        4 => Just(E::Resumed),
        3 => (lock.clone(), 0u32..9).prop_map(|(queue, depth)| E::Put { queue, depth }),
        3 => (lock.clone(), 0u32..9).prop_map(|(queue, depth)| E::Took { queue, depth }),
        3 => (0u32..2, 0u64..9_000_000).prop_map(|(p, w)| E::TaskBegan { pool: PoolId(p), waited: Span(w) }),
        3 => (0u32..2, any::<bool>()).prop_map(|(p, ok)| E::TaskEnded { pool: PoolId(p), ok }),
        1 => (0u32..2).prop_map(|p| E::TaskRejected { pool: PoolId(p) }),
        1 => (0u32..2).prop_map(|p| E::TaskRetried { pool: PoolId(p) }),
        1 => (0u32..2).prop_map(|p| E::TaskAbandoned { pool: PoolId(p) }),
        3 => (lock, any::<i8>(), -99i32..99)
            .prop_map(|(counter, delta, value)| E::CounterAdded { counter, delta, value }),
        1 => (0u64..9).prop_map(|lost| E::Gap { lost }),
        1 => any::<u8>().prop_map(|code| E::Unknown { code }),
    ]
}

/// The stream of one worker. Stamps mostly rise, in steps from nothing to seconds.
fn stream(worker: usize) -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![0u64..3, 0u64..5_000_000, 0u64..900_000_000];
    prop::collection::vec((step, kind()), 0..60).prop_map(move |steps| {
        let mut at = 0;
        let event = |(step, kind): (u64, EventKind)| {
            at += step;
            Event { at: Stamp(at - step.min(at) / 40), worker: WorkerId::from(worker), kind }
        };
        steps.into_iter().map(event).collect()
    })
}

/// The kernel's samples, which belong to no worker's stream.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let sched = (0usize..WORKERS, 0u64..4_000_000_000, 1u64..900_000_000, 0u64..100, 0u64..100);
    let sched = sched.prop_map(|(w, from, span, running, ready)| Sample::Sched {
        worker: WorkerId::from(w),
        from: Stamp(from),
        to: Stamp(from + span),
        running: span * running / 100,
        ready: span * ready / 100,
    });
    prop::collection::vec(sched, 0..12)
}

/// The model after all streams, merged at random.
fn merged(streams: &[Vec<Event>], samples: &[Sample], seed: u64) -> Model {
    let mut rng = Rng::with_seed(seed);
    let mut model = Model::new(registry(WORKERS, 3), Budget { bytes: 1 << 17 });
    let (mut next, mut sample) = (vec![0; streams.len()], 0);
    loop {
        let left = (0..streams.len()).filter(|i| next[*i] < streams[*i].len());
        let left: Vec<usize> = left.chain((sample < samples.len()).then_some(usize::MAX)).collect();
        match rng.choice(left) {
            Some(usize::MAX) => {
                model.apply(&Message::Sample(samples[sample].clone()));
                sample += 1;
            }
            Some(w) => {
                let count = rng.usize(1..=streams[w].len() - next[w]);
                model.apply(&Message::Events(streams[w][next[w]..next[w] + count].to_vec()));
                next[w] += count;
            }
            None => return model,
        }
    }
}

/// The model's answers to all questions, as text.
fn describe(model: &Model) -> String {
    let mut out = String::new();
    let now = model.newest_stamp() + Span(77_000_000);
    let windows = [
        CellWindow { from: Stamp(0), to: now, cells: 33 },
        CellWindow { from: now.earlier_by(Span::from_millis(500)), to: now, cells: 50 },
        CellWindow {
            from: now.earlier_by(Span::from_millis(100)),
            to: now.earlier_by(Span::from_millis(96)),
            cells: 40,
        },
    ];
    let _ = writeln!(out, "{:?} {:?}", model.health(), model.newest_stamp());
    for w in (0..WORKERS).map(WorkerId::from) {
        let lane = model.lane(w);
        let _ = writeln!(out, "{:?} {:?} {:?}", lane.activity(), lane.total_state_times(now), lane.held_locks());
        let _ = writeln!(
            out,
            "{} {} {:?}",
            lane.ended_tasks(),
            lane.life_count(),
            lane.spans(Stamp(0), now).collect::<Vec<_>>()
        );
        for window in &windows {
            let mut cells = Vec::new();
            lane.cells(window, now, &mut cells);
            let _ = writeln!(out, "{cells:?}");
        }
    }
    for r in (0..5).map(ResourceId::from) {
        for window in &windows {
            let (mut held, mut depths, mut values) = (Vec::new(), Vec::new(), Vec::new());
            model.lock(r).inspect(|lock| lock.cells(window, now, &mut held));
            model.queue(r).inspect(|queue| queue.depth_cells(window, now, &mut depths));
            model.counter(r).inspect(|counter| counter.cells(window, now, &mut values));
            let _ = writeln!(out, "{held:?} {depths:?} {values:?}");
        }
        if let Some(lock) = model.lock(r) {
            let users: Vec<_> = lock.acquisitions_by_worker().collect();
            let times = [lock.wait_times(), lock.hold_times()]
                .map(|t| (t.count(), t.total_ns(), t.max_ns(), t.percentile_ns(90.0), t.equal_bins(5)));
            let _ = writeln!(out, "{} {} {users:?} {times:?}", lock.acquired(), lock.contended());
            let _ = writeln!(out, "{:?} {:?} {:?}", lock.holders(), lock.waiters(), lock.fairness());
        }
        let queue = model.queue(r).map(|q| (q.depth(), q.put_count(), q.taken_count(), q.max_depth(), q.mean_depth()));
        let counter = model.counter(r).map(|c| (c.value(), c.expected(), c.lost_updates()));
        let _ = writeln!(out, "{queue:?} {counter:?}");
    }
    if let Some(pool) = model.pool(PoolId(0)) {
        let all = [pool.submitted(), pool.done(), pool.failed(), pool.rejected(), pool.retried()];
        let rates = (
            pool.utilization(Stamp(0), now, now),
            pool.throughput(Span::from_millis(2000), now),
            pool.handover_time(now),
        );
        let _ = writeln!(out, "{all:?} {rates:?} {} {}", pool.service_times().total_ns(), pool.wait_times().total_ns());
    }
    let _ = writeln!(out, "{:?}", model.wait_for_graph());
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_of_arrival_between_workers_does_not_matter(
        a in stream(0), b in stream(1), c in stream(2), d in stream(3), samples in samples(), seed in any::<u64>(),
    ) {
        let streams = [a, b, c, d];
        let (one, other) = (merged(&streams, &samples, seed), merged(&streams, &samples, seed ^ 1));
        prop_assert_eq!(describe(&one), describe(&other));
        let _ = (one.findings(one.newest_stamp()), other.heap_bytes());
    }

    #[test]
    fn times_by_state_add_up_to_the_whole_run(a in stream(0), samples in samples()) {
        let model = merged(&[a], &samples, 1);
        let now = model.newest_stamp() + Span(5_000_000);
        prop_assert_eq!(model.lane(WorkerId(0)).total_state_times(now).total_ns(), now.0);
        let mut cells = Vec::new();
        model.lane(WorkerId(0)).cells(&CellWindow { from: Stamp(0), to: now, cells: 41 }, now, &mut cells);
        let sum: u64 = cells.iter().map(contend_model::StateTimes::total_ns).sum();
        prop_assert!(sum <= now.0 && now.0 - sum < 100, "{} of {}, rounded down where exact spans begin", sum, now.0);
    }

    #[test]
    fn model_survives_any_stamp(stamps in prop::collection::vec((any::<u64>(), kind()), 0..40), t in any::<u64>()) {
        let events = stamps.into_iter().map(|(at, kind)| Event { at: Stamp(at), worker: WorkerId(9), kind });
        let mut events: Vec<Event> = events.collect();
        let mut model = Model::new(registry(WORKERS, 3), Budget { bytes: 1 << 16 });
        model.apply(&Message::Events(events.clone()));
        for event in &mut events {
            event.worker = WorkerId(2);
        }
        model.apply(&Message::Events(events));
        model.apply(&Message::Sample(Sample::Cores { at: Stamp(t), load: vec![Some(f32::NAN), Some(2.0), None] }));
        model.apply(&Message::Sample(Sample::Counter { at: Stamp(t), counter: ResourceId(1), value: i64::MIN }));
        let _ = describe(&model);
        let _ = model.findings(Stamp(t));
    }
}
