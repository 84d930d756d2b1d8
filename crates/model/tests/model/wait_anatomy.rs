//! Waits are split by what the holder did: the parts add up, and agree with a step-by-step count.

use std::collections::BTreeMap;
use std::sync::Arc;

use contend_model::{Budget, Model, WaitCause};
use contend_trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, RwPolicy, Stamp,
    State, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;
use proptest::prelude::*;

use crate::script::{ms, play, resource, worker};

const WORKERS: usize = 5;
const LOCKS: usize = 4;
const STEP: u64 = 1_000;
const SEMAPHORE: usize = 2;
const RWLOCK: usize = 3;

#[derive(Clone, Copy, PartialEq)]
enum Activity {
    Running,
    Sleeping,
    Waiting(usize),
}

/// Workers that take locks at random, in ascending order, and what each of them waits for, counted step by step.
struct World {
    rng: Rng,
    at: u64,
    activity: [Activity; WORKERS],
    /// The locks that each worker holds, each with its grant.
    held: [Vec<(usize, Grant)>; WORKERS],
    grants: [u64; LOCKS],
    streams: [Vec<Event>; WORKERS],
    /// ns by waiter, holder and the holder's state, in `WORKERS` parts each.
    by_pair: BTreeMap<(usize, usize, State), u64>,
    free: [u64; WORKERS],
    waited: [u64; WORKERS],
}

impl World {
    fn new(seed: u64) -> Self {
        let began = |w| vec![Event { at: Stamp(0), worker: WorkerId::from(w), kind: EventKind::LifeBegan }];
        Self {
            rng: Rng::with_seed(seed),
            at: 0,
            activity: [Activity::Running; WORKERS],
            held: Default::default(),
            grants: [0; LOCKS],
            streams: std::array::from_fn(began),
            by_pair: BTreeMap::new(),
            free: [0; WORKERS],
            waited: [0; WORKERS],
        }
    }

    fn holders(&self, lock: usize) -> Vec<usize> {
        (0..WORKERS).filter(|w| self.held[*w].iter().any(|(held, _)| *held == lock)).collect()
    }

    fn can_enter(&self, lock: usize, is_shared: bool) -> bool {
        let holders = self.holders(lock);
        match lock {
            SEMAPHORE => holders.len() < 2,
            RWLOCK => {
                let is_reader = |w: &usize| self.held[*w].iter().any(|(held, g)| *held == lock && g.is_shared());
                holders.is_empty() || is_shared && holders.iter().all(is_reader)
            }
            _ => holders.is_empty(),
        }
    }

    fn emit(&mut self, worker: usize, kind: EventKind) {
        self.streams[worker].push(Event { at: Stamp(self.at), worker: WorkerId::from(worker), kind });
    }

    fn enter(&mut self, w: usize, lock: usize, is_shared: bool) {
        self.grants[lock] += 1;
        let grant = if is_shared { Grant::shared(self.grants[lock]) } else { Grant(self.grants[lock]) };
        self.emit(w, EventKind::Acquired { lock: ResourceId::from(lock), grant });
        self.held[w].push((lock, grant));
        self.activity[w] = Activity::Running;
    }

    /// Lets one worker act, and a step of time pass.
    fn step(&mut self) {
        let w = self.rng.usize(0..WORKERS);
        // A wait of a reader is a wait of a writer half of the time.
        let is_shared = |lock: usize, rng: &mut Rng| lock == RWLOCK && rng.bool();
        match self.activity[w] {
            Activity::Waiting(lock) => {
                let shared = is_shared(lock, &mut self.rng);
                if self.can_enter(lock, shared) {
                    self.enter(w, lock, shared);
                }
            }
            Activity::Sleeping => {
                self.emit(w, EventKind::Resumed);
                self.activity[w] = Activity::Running;
            }
            Activity::Running => match self.rng.u8(0..10) {
                0..=3 if self.held[w].last().is_none_or(|(lock, _)| lock + 1 < LOCKS) => {
                    let first = self.held[w].last().map_or(0, |(lock, _)| lock + 1);
                    let lock = self.rng.usize(first..LOCKS);
                    let shared = is_shared(lock, &mut self.rng);
                    if self.can_enter(lock, shared) {
                        self.enter(w, lock, shared);
                    } else {
                        for (held, grant) in self.held[w].clone() {
                            self.emit(w, EventKind::Held { lock: ResourceId::from(held), grant });
                        }
                        let held_count = self.held[w].len() as u8;
                        self.emit(w, EventKind::LockWait { lock: ResourceId::from(lock), held_count, timed: false });
                        self.activity[w] = Activity::Waiting(lock);
                    }
                }
                4 => {
                    self.emit(w, EventKind::Blocked { state: State::Sleep, on: None });
                    self.activity[w] = Activity::Sleeping;
                }
                _ => {
                    if let Some((lock, grant)) = self.held[w].pop() {
                        self.emit(w, EventKind::Released { lock: ResourceId::from(lock), grant });
                    }
                }
            },
        }
        self.count_step();
    }

    fn count_step(&mut self) {
        let span = STEP * self.rng.u64(1..40);
        for w in 0..WORKERS {
            let Activity::Waiting(lock) = self.activity[w] else { continue };
            self.waited[w] += span;
            let holders = self.holders(lock);
            if holders.is_empty() {
                self.free[w] += span;
            }
            for holder in &holders {
                let state = match self.activity[*holder] {
                    Activity::Running => State::Running,
                    Activity::Sleeping => State::Sleep,
                    Activity::Waiting(_) => State::Lock,
                };
                *self.by_pair.entry((w, *holder, state)).or_default() += span / holders.len() as u64;
            }
        }
        self.at += span;
    }

    fn registry() -> Arc<Registry> {
        let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let mutex = ResourceKind::Mutex { kind: LockKind::Std };
        let semaphore = ResourceKind::Semaphore { permits: 2, scoped: true };
        let kinds = [mutex.clone(), mutex, semaphore, ResourceKind::Rwlock { policy: RwPolicy::Readers }];
        let resource = |(i, kind)| ResourceInfo { name: format!("r{i}"), kind };
        Arc::new(Registry {
            workers: (0..WORKERS).map(worker).collect(),
            resources: kinds.into_iter().enumerate().map(resource).collect(),
            ..Registry::default()
        })
    }

    /// The model of this run, which hears of the workers in any order and of watermarks now and then.
    fn model(&self, seed: u64) -> Model {
        let mut rng = Rng::with_seed(seed);
        let mut model = Model::new(Self::registry(), Budget::default());
        let (mut next, mut until) = ([0; WORKERS], 0);
        while until < self.at {
            until = (until + rng.u64(1..30_000_000)).min(self.at);
            let mut order: Vec<usize> = (0..WORKERS).collect();
            rng.shuffle(&mut order);
            for w in order {
                let known = next[w] + self.streams[w][next[w]..].iter().filter(|event| event.at.0 < until).count();
                model.apply(&Message::Events(self.streams[w][next[w]..known].to_vec()));
                next[w] = known;
            }
            model.apply(&Message::Watermark(Stamp(until)));
        }
        for (stream, next) in self.streams.iter().zip(next) {
            model.apply(&Message::Events(stream[next..].to_vec()));
        }
        model
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_waits_add_up_and_agree_with_a_step_by_step_count(seed in any::<u64>(), steps in 20usize..3_000) {
        let mut world = World::new(seed);
        (0..steps).for_each(|_| world.step());
        let model = world.model(seed ^ 7);
        prop_assert_eq!(model.health().anomalies, 0);
        let now = Stamp(world.at);
        let all = model.who_costs_whom(now);
        for (w, waited) in world.waited.iter().enumerate() {
            let costs = all.waiters.iter().find(|(id, _)| id.index() == w).map(|(_, costs)| *costs).unwrap_or_default();
            prop_assert_eq!(costs.total_ns, *waited, "worker {}", w);
            let of_lane = model.lane(WorkerId::from(w)).total_state_times(now).get(State::Lock);
            prop_assert_eq!(costs.total_ns, of_lane, "the lane's time in state lock");
            let pairs = all.pairs.iter().filter(|pair| pair.waiter.index() == w);
            let in_pairs: u64 = pairs.map(contend_model::PairCost::total_ns).sum();
            let rest = costs.handoff_ns + costs.wakeup_ns + costs.others_ns + costs.unknown_ns;
            prop_assert_eq!(in_pairs + rest, costs.total_ns, "parts of worker {}", w);
            prop_assert_eq!((costs.unknown_ns, costs.others_ns), (0, 0));
            prop_assert_eq!(costs.handoff_ns, world.free[w], "hand-over to worker {}", w);
        }
        for pair in &all.pairs {
            for state in [State::Running, State::Sleep, State::Lock] {
                let key = (pair.waiter.index(), pair.holder.index(), state);
                let counted = world.by_pair.get(&key).copied().unwrap_or(0);
                // Each part of several holders is rounded to whole nanoseconds.
                let off = pair.holder_times.get(state).abs_diff(counted);
                prop_assert!(off <= steps as u64, "{:?}: {} but {}", key, pair.holder_times.get(state), counted);
            }
        }
    }

    #[test]
    fn any_interval_is_split_into_parts_that_add_up(seed in any::<u64>(), cut in (0.0..1.0f64, 0.0..1.0f64)) {
        let mut world = World::new(seed);
        (0..1_000).for_each(|_| world.step());
        let model = world.model(seed);
        let at = |cut: f64| Stamp((world.at as f64 * cut) as u64);
        let (from, to) = (at(cut.0.min(cut.1)), at(cut.0.max(cut.1)));
        let costs = model.who_costs_whom_between(from, to, Stamp(world.at));
        for w in (0..WORKERS).map(WorkerId::from) {
            let of_lane = model.lane(w).state_times(from, to, Stamp(world.at)).get(State::Lock);
            let row = costs.waiters.iter().find(|(id, _)| *id == w).map(|(_, costs)| *costs).unwrap_or_default();
            let in_pairs = costs.pairs.iter().filter(|pair| pair.waiter == w).map(contend_model::PairCost::total_ns);
            let parts = in_pairs.sum::<u64>() + row.handoff_ns + row.wakeup_ns + row.others_ns + row.unknown_ns;
            prop_assert_eq!(parts, row.total_ns);
            prop_assert_eq!(row.total_ns, of_lane);
        }
        let (early, late) = (at(cut.0 / 2.0), at(0.5 + cut.1 / 2.0));
        let whole = model.who_costs_whom_between(early, late, Stamp(world.at)).total_ns();
        let middle = Stamp(u64::midpoint(early.0, late.0));
        let halves = [(early, middle), (middle, late)]
            .map(|(from, to)| model.who_costs_whom_between(from, to, Stamp(world.at)).total_ns());
        prop_assert_eq!(whole, halves.iter().sum::<u64>());
    }
}

#[test]
fn interval_that_begins_after_the_newest_moment_is_empty() {
    let model = World::new(1).model(1);
    let costs = model.who_costs_whom_between(Stamp(900), Stamp(1_000), Stamp(500));
    assert_eq!((costs.total_ns(), costs.from, costs.to), (0, Stamp(500), Stamp(500)));
}

#[test]
fn chain_of_waits_leads_to_the_worker_that_does_not_wait() {
    let model = play(
        "worker a
         worker b
         worker c
         mutex x
         mutex y
         0 a began
         0 b began
         0 c began
         1 a acquired x 1
         2 b acquired y 1
         3 b held y 1
         3 b wait x 1
         4 c wait y
         20 a block sleep
         30 a resume
         40 a released x 1
         41 b acquired x 2
         50 b released x 2
         51 b released y 1
         52 c acquired y 2
         60 c released y 2",
    );
    let (a, b, c) = (worker(&model, "a"), worker(&model, "b"), worker(&model, "c"));
    let chain = model.wait_chain(c, ms(25.0), ms(60.0));
    assert_eq!(chain.iter().map(|story| story.waiter).collect::<Vec<_>>(), [c, b]);
    let holder = |worker, state, since| WaitCause::Holder {
        worker,
        activity: Some(contend_model::Activity {
            state,
            since,
            resource: (state == State::Lock).then(|| resource(&model, "x")),
        }),
        count: 1,
    };
    assert_eq!(chain[0].cause, holder(b, State::Lock, ms(3.0)));
    assert_eq!(chain[1].cause, holder(a, State::Sleep, ms(20.0)));
    assert_eq!((chain[0].since, chain[0].until), (ms(4.0), Some(ms(52.0))));
    assert_eq!(chain[0].released_by, Some((b, ms(51.0))));
    assert_eq!(model.wait_chain(a, ms(25.0), ms(60.0)), []);
    let free = model.wait_story(c, ms(51.5), ms(60.0)).unwrap();
    assert_eq!(free.cause, WaitCause::Free { next: Some(c) });
    assert_eq!(free.parts.handoff_ns, 500_000);
    assert_eq!(free.holders[0].holder_times.get(State::Lock), 37_000_000);
    assert_eq!(free.holders[0].holder_times.get(State::Running), 10_000_000);
}

#[test]
fn time_after_lost_events_of_a_holder_is_unknown_and_not_free() {
    let model = play(
        "worker a
         worker b
         mutex x
         0 a began
         0 b began
         1 a acquired x 1
         2 b wait x
         3 a gap 4
         20 b acquired x 4
         30 b released x 4",
    );
    let costs = model.who_costs_whom(ms(30.0));
    let (_, of_b) = costs.waiters[0];
    assert_eq!(of_b.total_ns, 18_000_000);
    assert_eq!(of_b.handoff_ns, 0, "{of_b:?}");
}

#[test]
fn joined_worker_and_only_supplier_are_waited_for() {
    let model = play(
        "worker maker
         worker user
         queue q 4
         gives q maker
         0 maker began
         0 user began
         1 user block empty q
         2 maker block sleep
         9 maker resume
         10 maker put q 1
         11 user took q 0",
    );
    let costs = model.who_costs_whom(ms(11.0));
    let pair = costs.pair(worker(&model, "user"), worker(&model, "maker")).unwrap();
    assert_eq!(pair.holder_waiting_ns(), 7_000_000);
    assert_eq!(pair.total_ns(), 10_000_000);
    assert!((costs.ms_per_second(pair.total_ns()) - 10.0 / 0.011).abs() < 0.1);
    assert_eq!(costs.by_holder(), [(worker(&model, "maker"), 10_000_000)]);
}

#[test]
fn waits_between_two_watermarks_are_bounded_and_still_counted() {
    let mut model = Model::new(World::registry(), Budget::default());
    let event = |at, worker, kind| Event { at: Stamp(at), worker: WorkerId(worker), kind };
    let lock = ResourceId(0);
    let mut events = vec![event(0, 0, EventKind::LifeBegan)];
    for i in 0..20_000 {
        let (at, grant) = (10_000 * i, Grant(i + 1));
        events.push(event(at, 0, EventKind::LockWait { lock, held_count: 0, timed: false }));
        events.push(event(at + 4_000, 0, EventKind::Acquired { lock, grant }));
        events.push(event(at + 5_000, 0, EventKind::Released { lock, grant }));
    }
    model.apply(&Message::Events(events));
    assert!(model.heap_bytes() < Budget::default().bytes / 4);
    let costs = model.who_costs_whom(Stamp(200_000_000));
    assert_eq!(costs.total_ns(), 80_000_000);
}
