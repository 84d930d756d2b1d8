//! The deadlock detector against the truth: random lock programs, run by a simulator that knows who holds what; their
//! events are delivered worker by worker with random lag, and the verdict is looked at after every delivery.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail, and says what it counted")]

use std::collections::VecDeque;
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::trace::{
    Cast, Event, EventKind, Grant, How, LockKind, Message, ResourceId, ResourceInfo, ResourceKind, RwPolicy, Stamp,
    WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A mutex, or an rwlock to write.
    Alone,
    /// An rwlock to read.
    Shared,
    Permits(u32),
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Lock { lock: usize, way: Way, timed: bool },
    Unlock,
}

/// A wait that goes on.
#[derive(Debug, Clone, Copy)]
struct Wait {
    lock: usize,
    way: Way,
    /// It will give up.
    timed: bool,
    /// Writers and readers that had come to the rwlock before.
    before: (u64, u64),
    /// A reader that may go in whatever writers come.
    let_in: bool,
}

#[derive(Debug)]
struct Worker {
    program: Vec<Step>,
    pc: usize,
    /// What it took at once, with one grant for each permit.
    held: Vec<Vec<(usize, Grant)>>,
    waits: Option<Wait>,
    done: bool,
    /// Events told but not delivered yet, and how many were lost since the last one that was told.
    outbox: VecDeque<Event>,
    lost: u64,
}

#[derive(Debug)]
struct Lock {
    kind: ResourceKind,
    holders: Vec<(usize, Grant)>,
    grants: u64,
    /// Writers and readers that ever had to wait.
    came: (u64, u64),
}

impl Lock {
    fn new(rng: &mut Rng, shared: bool) -> Self {
        let policy = RwPolicy::ALL[rng.usize(..3)];
        let kind = match rng.usize(..if shared { 4 } else { 1 }) {
            1 => ResourceKind::Semaphore { permits: rng.u32(1..=3), scoped: true },
            2 | 3 => ResourceKind::Rwlock { policy },
            _ => ResourceKind::Mutex { kind: LockKind::Std },
        };
        Self { kind, holders: Vec::new(), grants: 0, came: (0, 0) }
    }

    fn has_writer(&self) -> bool {
        self.holders.iter().any(|(_, grant)| !grant.is_shared())
    }
}

#[derive(Debug)]
struct World {
    rng: Rng,
    clock: u64,
    workers: Vec<Worker>,
    locks: Vec<Lock>,
    /// Chance that an event is lost.
    loss: f64,
    /// All that was delivered, by worker.
    delivered: Vec<Vec<Event>>,
}

impl World {
    /// `shared`: with semaphores and rwlocks.
    fn new(seed: u64, loss: f64, shared: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (workers, locks) = (rng.usize(2..=6), rng.usize(2..=5));
        let locks: Vec<Lock> = (0..locks).map(|_| Lock::new(&mut rng, shared)).collect();
        let workers: Vec<Worker> = (0..workers)
            .map(|_| Worker {
                program: program(&mut rng, &locks),
                pc: 0,
                held: Vec::new(),
                waits: None,
                done: false,
                outbox: VecDeque::new(),
                lost: 0,
            })
            .collect();
        let delivered = vec![Vec::new(); workers.len()];
        let mut world = Self { rng, clock: 0, workers, locks, loss, delivered };
        (0..world.workers.len()).for_each(|w| world.tell(w, EventKind::Began));
        world
    }

    fn tell(&mut self, w: usize, kind: EventKind) {
        self.clock += 1;
        let (at, worker) = (Stamp(self.clock), WorkerId::from(w));
        let lose = self.rng.f64() < self.loss;
        let from = &mut self.workers[w];
        if lose {
            from.lost += 1;
            return;
        }
        if from.lost > 0 {
            let lost = std::mem::take(&mut from.lost);
            from.outbox.push_back(Event { at, worker, kind: EventKind::Gap { lost } });
        }
        from.outbox.push_back(Event { at, worker, kind });
    }

    /// Workers that can do something now.
    fn movable(&self) -> Vec<usize> {
        let can = |w: &Worker| !w.done && w.waits.is_none_or(|wait| wait.timed || self.may(&wait));
        (0..self.workers.len()).filter(|i| can(&self.workers[*i])).collect()
    }

    /// Waits for an rwlock that go on: to read, or to write.
    fn waiting(&self, lock: usize, way: Way) -> impl Iterator<Item = Wait> {
        self.workers.iter().filter_map(|w| w.waits).filter(move |wait| wait.lock == lock && wait.way == way)
    }

    /// Whether a lock can be had now by one that asks, or has waited, like this.
    fn may(&self, wait: &Wait) -> bool {
        let lock = &self.locks[wait.lock];
        let writers_ahead = |n: u64| self.waiting(wait.lock, Way::Alone).any(|w| w.before.0 < n);
        let readers_ahead = |n: u64| self.waiting(wait.lock, Way::Shared).any(|w| w.before.1 < n);
        match (&lock.kind, wait.way) {
            (ResourceKind::Semaphore { permits, .. }, Way::Permits(n)) => lock.holders.len() as u32 + n <= *permits,
            (ResourceKind::Rwlock { policy }, Way::Shared) => {
                let first = match policy {
                    RwPolicy::Readers => 0,
                    RwPolicy::Writers => u64::MAX,
                    RwPolicy::Fair => wait.before.0,
                };
                !lock.has_writer() && (wait.let_in || !writers_ahead(first))
            }
            (ResourceKind::Rwlock { policy: RwPolicy::Fair }, _) => {
                lock.holders.is_empty() && !writers_ahead(wait.before.0) && !readers_ahead(wait.before.1)
            }
            _ => lock.holders.is_empty(),
        }
    }

    fn step(&mut self, w: usize) {
        if let Some(wait) = self.workers[w].waits {
            let may = self.may(&wait);
            self.workers[w].waits = None;
            if may {
                self.take(w, wait.lock, wait.way);
            } else {
                self.tell(w, EventKind::GaveUp { lock: ResourceId::from(wait.lock) });
                self.skip_block(w);
            }
            return;
        }
        let Some(&step) = self.workers[w].program.get(self.workers[w].pc) else {
            self.workers[w].done = true;
            self.tell(w, EventKind::Ended(How::Finished));
            return;
        };
        self.workers[w].pc += 1;
        match step {
            Step::Lock { lock, way, timed } => {
                let wait = Wait { lock, way, timed, before: self.locks[lock].came, let_in: false };
                if self.may(&wait) { self.take(w, lock, way) } else { self.wait(w, wait) }
            }
            Step::Unlock => {
                let group = self.workers[w].held.pop().unwrap_or_default();
                let Some(&(lock, newest)) = group.first() else { return };
                self.locks[lock].holders.retain(|hold| !group.contains(&(lock, hold.1)));
                if !newest.is_shared() && self.waiting(lock, Way::Alone).count() == 0 {
                    let waits = self.workers.iter_mut().filter_map(|w| w.waits.as_mut());
                    waits.filter(|wait| wait.lock == lock).for_each(|wait| wait.let_in = true);
                }
                for (lock, grant) in group {
                    self.tell(w, EventKind::Released { lock: ResourceId::from(lock), grant });
                }
            }
        }
    }

    fn take(&mut self, w: usize, id: usize, way: Way) {
        let grant = if way == Way::Shared { Grant::shared } else { Grant };
        let permits = if let Way::Permits(n) = way { n } else { 1 };
        let lock = &mut self.locks[id];
        let group: Vec<_> = (0..u64::from(permits)).map(|n| (id, grant(lock.grants + 1 + n))).collect();
        lock.grants += u64::from(permits);
        lock.holders.extend(group.iter().map(|(_, grant)| (w, *grant)));
        for (_, grant) in &group {
            self.tell(w, EventKind::Acquired { lock: ResourceId::from(id), grant: *grant });
        }
        self.workers[w].held.push(group);
    }

    fn wait(&mut self, w: usize, wait: Wait) {
        let lock = ResourceId::from(wait.lock);
        let came = &mut self.locks[wait.lock].came;
        let (behind, shared) = (came.0, wait.way == Way::Shared);
        if shared {
            came.1 += 1;
        } else {
            came.0 += 1;
        }
        match (&self.locks[wait.lock].kind, wait.way) {
            (_, Way::Permits(permits)) if permits > 1 => self.tell(w, EventKind::AskMany { lock, permits }),
            (ResourceKind::Rwlock { policy }, _) => {
                let behind = if shared && *policy == RwPolicy::Readers { 0 } else { behind };
                self.tell(w, EventKind::Queued { lock, behind, shared });
            }
            _ => {}
        }
        let held: Vec<(usize, Grant)> = self.workers[w].held.concat();
        for (lock, grant) in &held {
            self.tell(w, EventKind::Held { lock: ResourceId::from(*lock), grant: *grant });
        }
        self.tell(w, EventKind::Wait { lock, held: held.len() as u8, timed: wait.timed });
        self.workers[w].waits = Some(wait);
    }

    /// Goes on behind the block of the lock that was not had.
    fn skip_block(&mut self, w: usize) {
        let worker = &mut self.workers[w];
        let mut depth = 1;
        while depth > 0 && worker.pc < worker.program.len() {
            match worker.program[worker.pc] {
                Step::Lock { .. } => depth += 1,
                Step::Unlock => depth -= 1,
            }
            worker.pc += 1;
        }
    }

    /// Workers that can never go on: the least that is left when all who can go on have let go of their locks.
    fn stuck(&self) -> Vec<WorkerId> {
        let mut live: Vec<bool> = self.workers.iter().map(|w| w.waits.is_none_or(|wait| wait.timed)).collect();
        loop {
            let next = (0..live.len()).find(|i| !live[*i] && self.could(*i, &live));
            match next {
                Some(i) => live[i] = true,
                None => return (0..live.len()).filter(|i| !live[*i]).map(WorkerId::from).collect(),
            }
        }
    }

    /// Whether one that waits could have its lock if the living gave back all they have and waited for nothing.
    fn could(&self, w: usize, live: &[bool]) -> bool {
        let Some(wait) = self.workers[w].waits else { return true };
        let lock = &self.locks[wait.lock];
        let kept = || lock.holders.iter().filter(|(holder, _)| !live[*holder]);
        let dead_writer_ahead = |n: u64| {
            let is_ahead = |o: &Wait| o.lock == wait.lock && o.way == Way::Alone && o.before.0 < n;
            (0..live.len()).any(|i| !live[i] && i != w && self.workers[i].waits.as_ref().is_some_and(is_ahead))
        };
        match (&lock.kind, wait.way) {
            (ResourceKind::Semaphore { permits, .. }, Way::Permits(n)) => kept().count() as u32 + n <= *permits,
            (ResourceKind::Rwlock { policy }, Way::Shared) => {
                let first = match policy {
                    RwPolicy::Readers => 0,
                    RwPolicy::Writers => u64::MAX,
                    RwPolicy::Fair => wait.before.0,
                };
                kept().all(|(_, grant)| grant.is_shared()) && (wait.let_in || !dead_writer_ahead(first))
            }
            _ => kept().count() == 0,
        }
    }

    /// Delivers the next few events of one worker.
    fn deliver(&mut self, model: &mut Model) -> bool {
        let waiting: Vec<usize> = (0..self.workers.len()).filter(|i| !self.workers[*i].outbox.is_empty()).collect();
        let Some(w) = self.rng.choice(waiting) else { return false };
        let outbox = &mut self.workers[w].outbox;
        let count = self.rng.usize(1..=outbox.len());
        let events: Vec<Event> = outbox.drain(..count).collect();
        self.delivered[w].extend(&events);
        model.apply(&Message::Events(events));
        true
    }
}

/// Nested locks, in no agreed order. Some wait with a limit, some take what they hold already, some end without letting go.
fn program(rng: &mut Rng, locks: &[Lock]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for _ in 0..rng.usize(2..=14) {
        let lock = rng.usize(..locks.len());
        let way = match locks[lock].kind {
            ResourceKind::Semaphore { permits, .. } => Way::Permits(rng.u32(1..=permits)),
            ResourceKind::Rwlock { .. } if rng.bool() => Way::Shared,
            _ => Way::Alone,
        };
        let is_mutex = matches!(locks[lock].kind, ResourceKind::Mutex { .. });
        let again = open.contains(&lock) && is_mutex;
        if open.len() < 3 && rng.f64() < 0.6 && (!again || rng.f64() < 0.02) {
            steps.push(Step::Lock { lock, way, timed: is_mutex && rng.f64() < 0.15 });
            open.push(lock);
        } else if open.pop().is_some() {
            steps.push(Step::Unlock);
        }
    }
    if rng.f64() < 0.95 {
        steps.extend(open.iter().map(|_| Step::Unlock));
    }
    steps
}

fn cast(world: &World) -> Arc<Cast> {
    let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = |i: usize| ResourceInfo { name: format!("l{i}"), kind: world.locks[i].kind.clone() };
    Arc::new(Cast {
        workers: (0..world.workers.len()).map(worker).collect(),
        resources: (0..world.locks.len()).map(lock).collect(),
        pools: Vec::new(),
        ..Cast::default()
    })
}

#[derive(Debug, Default)]
struct Count {
    runs: u32,
    deadlocks: u32,
    missed: u32,
}

/// Runs one program; a verdict that the truth does not bear out, or a ring that is none, fails at once.
fn run(seed: u64, loss: f64, shared: bool, count: &mut Count) {
    let mut world = World::new(seed, loss, shared);
    let mut model = Model::new(cast(&world), Budget { bytes: 1 << 16 });
    let lag = world.rng.f64();
    loop {
        let movable = world.movable();
        let deliver = world.rng.f64() > lag;
        if let Some(w) = world.rng.choice(movable) {
            world.step(w);
        } else if !world.deliver(&mut model) {
            break;
        }
        if deliver {
            world.deliver(&mut model);
        }
        if let Some(verdict) = model.deadlock() {
            let truth = world.stuck();
            assert!(verdict.set.iter().all(|w| truth.contains(w)), "seed {seed}: false: {verdict:?}, truth {truth:?}");
        }
    }
    let truth = world.stuck();
    let found = model.deadlock().map_or_else(Vec::new, |d| d.set.clone());
    count.runs += 1;
    count.deadlocks += u32::from(!truth.is_empty());
    count.missed += u32::from(found != truth);
    assert!(loss > 0.0 || found == truth, "seed {seed}: found {found:?}, truth {truth:?}");
    assert!(loss > 0.0 || model.health().anomalies == 0, "seed {seed}: {:?}", model.health());
    let mut other = Model::new(cast(&world), Budget { bytes: 1 << 16 });
    world.delivered.iter().rev().for_each(|events| other.apply(&Message::Events(events.clone())));
    assert_eq!(model.deadlock(), other.deadlock(), "seed {seed}: it depends on the order of arrival");
    assert_eq!(model.wait_for(), other.wait_for(), "seed {seed}: it depends on the order of arrival");
    if let Some(verdict) = model.deadlock() {
        is_a_ring(&world, verdict, seed);
    }
}

/// Each worker of the ring holds what it is said to hold, and wants what the next one holds.
fn is_a_ring(world: &World, verdict: &contend::model::Deadlock, seed: u64) {
    assert!(!verdict.ring.is_empty(), "seed {seed}: no ring in {verdict:?}");
    for (link, next) in verdict.ring.iter().zip(verdict.ring.iter().cycle().skip(1)) {
        let worker = &world.workers[link.worker.index()];
        assert!(worker.held.iter().flatten().any(|(lock, _)| *lock == link.holds.index()), "seed {seed}: {verdict:?}");
        let wants = worker.waits.map(|wait| (wait.lock, wait.timed));
        assert_eq!(wants, Some((link.wants.index(), false)), "seed {seed}: {verdict:?}");
        assert_eq!(link.wants, next.holds, "seed {seed}: {verdict:?}");
    }
    let all = verdict.ring.iter().map(|link| link.worker).chain(verdict.victims.iter().copied());
    let mut all: Vec<WorkerId> = all.collect();
    all.sort_unstable();
    assert_eq!(all, verdict.set, "seed {seed}: ring and victims are the set");
}

#[test]
fn no_deadlock_is_false_and_none_is_missed() {
    let mut count = Count::default();
    (0..20_000).for_each(|seed| run(seed, 0.0, false, &mut count));
    eprintln!("without loss: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert_eq!(count.missed, 0);
}

#[test]
fn lost_events_never_make_a_deadlock() {
    let mut count = Count::default();
    (1_000_000..1_020_000).for_each(|seed| run(seed, 0.02, false, &mut count));
    eprintln!("2 % lost: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert!(count.missed < count.deadlocks / 2, "lost events hide too much: {count:?}");
}

#[test]
fn semaphores_and_rwlocks_are_judged_as_exactly() {
    let mut count = Count::default();
    (2_000_000..2_030_000).for_each(|seed| run(seed, 0.0, true, &mut count));
    eprintln!("shared, without loss: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert_eq!(count.missed, 0);
}

#[test]
fn lost_events_never_make_one_of_semaphores_and_rwlocks() {
    let mut count = Count::default();
    (3_000_000..3_030_000).for_each(|seed| run(seed, 0.02, true, &mut count));
    eprintln!("shared, 2 % lost: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert!(count.missed < count.deadlocks / 2, "lost events hide too much: {count:?}");
}
