//! Short-lived workers and locks, many more than exist at once: memory and work stay those of the existing ones.

use std::fs;

use contend_model::{Budget, Model};
use contend_trace::{
    Declared, Event, EventKind, Evidence, ExitKind, Grant, Message, PoolId, PoolInfo, ResourceId, Stamp, State,
    WorkerId, WorkerInfo, WorkerKind,
};

use crate::open_registry::{event, mutex, open_model, worker};

/// Ids of the lasting workers and locks: two workers, the lock that all pairs share, and one for each lasting worker.
const LASTING: u32 = 2;
const SHARED: u32 = 0;
const FIRST_LOCK: u32 = 3;
/// Pairs that are there at once.
const AT_ONCE: u32 = 20;
/// Time between two pairs.
const PERIOD: u64 = 1_000_000;

/// A program that starts one pair of workers after the other. In each pair one waits for the other.
struct Churn {
    model: Model,
    pairs: u32,
}

impl Churn {
    fn new() -> Self {
        let mut model = open_model(Budget::default());
        let pool = PoolInfo {
            name: "pool".into(),
            worker_kind: WorkerKind::Thread,
            workers: Vec::new(),
            feeder: None,
            queue: ResourceId(9_999),
            results: None,
            size: 2,
            total_tasks: None,
            restarts_workers: false,
        };
        let locks = (0..FIRST_LOCK).map(|id| mutex(id, Evidence::Numbered));
        let lasting = [Declared::Pool { id: PoolId(0), info: pool }, worker(0), worker(1)];
        model.apply(&Message::Declare(lasting.into_iter().chain(locks).collect()));
        // Worker 0 holds lock 1 and waits for lock 2 as long as the program runs, so that every message is searched for
        // a deadlock.
        let held = EventKind::Held { lock: ResourceId(1), grant: Grant(1) };
        let wait = EventKind::LockWait { lock: ResourceId(2), held_count: 1, timed: false };
        let began = |id| event(0, id, EventKind::LifeBegan);
        model.apply(&Message::Events(vec![began(1), event(1, 1, acquired(2, 1))]));
        model.apply(&Message::Events(vec![
            began(0),
            event(1, 0, acquired(1, 1)),
            event(2, 0, held),
            event(2, 0, wait),
        ]));
        Self { model, pairs: 0 }
    }

    /// Starts and ends a pair, which waits for 3 µs; removes an old one.
    fn add_pair(&mut self) {
        let (nth, at) = (self.pairs, u64::from(self.pairs + 1) * PERIOD);
        let (a, b) = Self::workers(nth);
        let (grant, own) = (u64::from(nth) * 2 + 1, FIRST_LOCK + nth);
        self.model.apply(&Message::Declare(vec![member(a), member(b), mutex(own, Evidence::Numbered)]));
        let wait = EventKind::LockWait { lock: ResourceId(SHARED), held_count: 0, timed: false };
        self.model.apply(&Message::Events(life(
            at,
            a,
            &[
                (1_000, acquired(SHARED, grant)),
                (1_500, acquired(own, 1)),
                (1_600, released(own, 1)),
                (4_000, released(SHARED, grant)),
            ],
        )));
        self.model.apply(&Message::Events(life(
            at,
            b,
            &[(2_000, wait), (5_000, acquired(SHARED, grant + 1)), (6_000, released(SHARED, grant + 1))],
        )));
        self.model.apply(&Message::Watermark(Stamp(at + PERIOD - 1)));
        if let Some(old) = nth.checked_sub(AT_ONCE) {
            let (a, b) = Self::workers(old);
            let workers = [a, b].map(|id| Declared::WorkerGone(WorkerId(id)));
            let lock = Declared::ResourceGone(ResourceId(FIRST_LOCK + old));
            self.model.apply(&Message::Declare(workers.into_iter().chain([lock]).collect()));
        }
        self.pairs += 1;
    }

    fn workers(pair: u32) -> (u32, u32) {
        (LASTING + 2 * pair, LASTING + 2 * pair + 1)
    }

    fn add_pairs(&mut self, count: u32) {
        (0..count).for_each(|_| self.add_pair());
    }

    fn bytes(&self) -> usize {
        self.model.heap_bytes() + self.model.registry_bytes()
    }

    /// Checks the figures of present workers and locks, and the sums of former ones.
    fn check(&self) {
        let Self { model, pairs } = self;
        assert_eq!((model.health().anomalies, model.health().undeclared), (0, 0));
        assert_eq!(model.deadlocks(), []);
        let gone = model.gone_workers().next().expect("a group").1;
        let present = u64::from(LASTING) + 2 * u64::from(*pairs) - gone.workers;
        assert_eq!(model.lanes().count() as u64, present);
        assert!(present <= 2 * u64::from(AT_ONCE) + 512, "{present} are there");
        assert_eq!(gone.times.get(State::Lock), gone.workers / 2 * 3_000);
        let now = model.newest_stamp();
        let costs = model.who_costs_whom(now);
        let (a, b) = Self::workers(pairs - 1);
        let cost = costs.pair(WorkerId(b), WorkerId(a)).expect("the newest pair");
        assert_eq!(cost.holder_times.get(State::Running), 2_000, "from the wait to the release");
        let waiter = costs.waiters.iter().find(|(waiter, _)| *waiter == WorkerId(b)).expect("it waited").1;
        assert_eq!((waiter.total_ns, waiter.handoff_ns), (3_000, 1_000));
        assert_eq!(model.lock(ResourceId(SHARED)).expect("a lock").acquired(), 2 * u64::from(*pairs));
    }
}

fn member(id: u32) -> Declared {
    let info = WorkerInfo {
        name: format!("member-{id}"),
        group: "member".into(),
        kind: WorkerKind::Thread,
        pool: Some(PoolId(0)),
    };
    Declared::Worker { id: WorkerId(id), info }
}

fn acquired(lock: u32, grant: u64) -> EventKind {
    EventKind::Acquired { lock: ResourceId(lock), grant: Grant(grant) }
}

fn released(lock: u32, grant: u64) -> EventKind {
    EventKind::Released { lock: ResourceId(lock), grant: Grant(grant) }
}

/// The life of a worker from `at` on, with these steps.
fn life(at: u64, id: u32, steps: &[(u64, EventKind)]) -> Vec<Event> {
    let began = event(at, id, EventKind::LifeBegan);
    let ended = event(at + 10_000, id, EventKind::LifeEnded(ExitKind::Finished));
    let steps = steps.iter().map(|(after, kind)| event(at + after, id, *kind));
    [began].into_iter().chain(steps).chain([ended]).collect()
}

#[test]
fn ten_thousand_pairs_leave_right_sums_and_a_few_bytes_each() {
    const HALF: u32 = 5_000;
    let mut churn = Churn::new();
    churn.add_pairs(HALF);
    let half = churn.bytes();
    churn.add_pairs(HALF);
    churn.check();
    let each = (churn.bytes() - half) as f64 / f64::from(HALF);
    assert!(each < 450.0, "{each} bytes for two workers and a lock that are gone");
    assert!(churn.model.heap_bytes() < Budget::default().bytes, "{} bytes", churn.model.heap_bytes());
}

/// Nanoseconds that this thread was on a CPU.
fn cpu_ns() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel tells");
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("a number")
}

#[test]
#[ignore = "minutes: cargo test -p contend-model --test model churn -- --ignored --nocapture"]
fn second_half_of_200_000_workers_costs_what_the_first_one_does() {
    const HALF: u32 = 50_000; // pairs
    let mut churn = Churn::new();
    let mut halves = Vec::new();
    for _ in 0..2 {
        let (start, bytes) = (cpu_ns(), churn.bytes());
        churn.add_pairs(HALF);
        halves.push((cpu_ns() - start, (churn.bytes() - bytes) as f64));
    }
    churn.check();
    let [first, second] = halves.as_slice() else { panic!("two halves") };
    let ratio = second.0 / first.0;
    eprintln!(
        "200,000 workers and 100,000 locks: {:.1} and then {:.1} µs of CPU time a pair, ratio {ratio:.2}; {:.0} bytes a \
         pair that is gone; model {} KiB, registry {} KiB",
        first.0 / f64::from(HALF) / 1e3,
        second.0 / f64::from(HALF) / 1e3,
        second.1 / f64::from(HALF),
        churn.model.heap_bytes() >> 10,
        churn.model.registry_bytes() >> 10,
    );
    assert!(ratio < 2.0, "{ratio}");
}
