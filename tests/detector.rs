//! The deadlock detector against the truth: random lock programs, run by a simulator that knows who holds what; their
//! events are delivered worker by worker with random lag, and the verdict is looked at after every delivery.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail, and says what it counted")]

use std::collections::VecDeque;
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::trace::{
    Cast, Event, EventKind, Grant, How, LockKind, Message, ResourceId, ResourceInfo, ResourceKind, Stamp, WorkerId,
    WorkerInfo, WorkerKind,
};
use fastrand::Rng;

#[derive(Debug, Clone, Copy)]
enum Step {
    Lock { lock: usize, timed: bool },
    Unlock,
}

#[derive(Debug)]
struct Worker {
    program: Vec<Step>,
    pc: usize,
    held: Vec<(usize, u64)>,
    /// The lock it waits for, and whether it will give up.
    waits: Option<(usize, bool)>,
    done: bool,
    /// Events told but not delivered yet, and how many were lost since the last one that was told.
    outbox: VecDeque<Event>,
    lost: u64,
}

#[derive(Debug)]
struct World {
    rng: Rng,
    clock: u64,
    workers: Vec<Worker>,
    /// Who holds each lock, and how many times it was taken.
    locks: Vec<(Option<usize>, u64)>,
    /// Chance that an event is lost.
    loss: f64,
    /// All that was delivered, by worker.
    delivered: Vec<Vec<Event>>,
}

impl World {
    fn new(seed: u64, loss: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (workers, locks) = (rng.usize(2..=6), rng.usize(2..=5));
        let workers: Vec<Worker> = (0..workers)
            .map(|_| Worker {
                program: program(&mut rng, locks),
                pc: 0,
                held: Vec::new(),
                waits: None,
                done: false,
                outbox: VecDeque::new(),
                lost: 0,
            })
            .collect();
        let delivered = vec![Vec::new(); workers.len()];
        let mut world = Self { rng, clock: 0, workers, locks: vec![(None, 0); locks], loss, delivered };
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
        let can = |w: &Worker| !w.done && w.waits.is_none_or(|(lock, timed)| timed || self.locks[lock].0.is_none());
        (0..self.workers.len()).filter(|i| can(&self.workers[*i])).collect()
    }

    fn step(&mut self, w: usize) {
        if let Some((lock, _)) = self.workers[w].waits {
            if self.locks[lock].0.is_none() {
                self.workers[w].waits = None;
                self.take(w, lock);
            } else {
                self.workers[w].waits = None;
                self.tell(w, EventKind::GaveUp { lock: ResourceId::from(lock) });
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
            Step::Lock { lock, .. } if self.locks[lock].0.is_none() => self.take(w, lock),
            Step::Lock { lock, timed } => self.wait(w, lock, timed),
            Step::Unlock => {
                if let Some((lock, grant)) = self.workers[w].held.pop() {
                    self.locks[lock].0 = None;
                    let (lock, grant) = (ResourceId::from(lock), Grant(grant));
                    self.tell(w, EventKind::Released { lock, grant });
                }
            }
        }
    }

    fn take(&mut self, w: usize, lock: usize) {
        self.locks[lock].0 = Some(w);
        self.locks[lock].1 += 1;
        let grant = self.locks[lock].1;
        self.workers[w].held.push((lock, grant));
        self.tell(w, EventKind::Acquired { lock: ResourceId::from(lock), grant: Grant(grant) });
    }

    fn wait(&mut self, w: usize, lock: usize, timed: bool) {
        let held = self.workers[w].held.clone();
        for (lock, grant) in &held {
            self.tell(w, EventKind::Held { lock: ResourceId::from(*lock), grant: Grant(*grant) });
        }
        self.tell(w, EventKind::Wait { lock: ResourceId::from(lock), held: held.len() as u8, timed });
        self.workers[w].waits = Some((lock, timed));
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
        let mut live: Vec<bool> = self.workers.iter().map(|w| w.waits.is_none_or(|(_, timed)| timed)).collect();
        loop {
            let freed =
                |w: &Worker| w.waits.is_some_and(|(lock, _)| self.locks[lock].0.is_none_or(|holder| live[holder]));
            let next = (0..live.len()).find(|i| !live[*i] && freed(&self.workers[*i]));
            match next {
                Some(i) => live[i] = true,
                None => return (0..live.len()).filter(|i| !live[*i]).map(WorkerId::from).collect(),
            }
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
fn program(rng: &mut Rng, locks: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for _ in 0..rng.usize(2..=14) {
        let lock = rng.usize(..locks);
        let again = open.contains(&lock);
        if open.len() < 3 && rng.f64() < 0.6 && (!again || rng.f64() < 0.02) {
            steps.push(Step::Lock { lock, timed: rng.f64() < 0.15 });
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
    let lock = |i| ResourceInfo { name: format!("l{i}"), kind: ResourceKind::Mutex { kind: LockKind::Std } };
    Arc::new(Cast {
        workers: (0..world.workers.len()).map(worker).collect(),
        resources: (0..world.locks.len()).map(lock).collect(),
        pools: Vec::new(),
        wakers: Vec::new(),
    })
}

#[derive(Debug, Default)]
struct Count {
    runs: u32,
    deadlocks: u32,
    missed: u32,
}

/// Runs one program; a verdict that the truth does not bear out, or a ring that is none, fails at once.
fn run(seed: u64, loss: f64, count: &mut Count) {
    let mut world = World::new(seed, loss);
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
        assert!(worker.held.iter().any(|(lock, _)| *lock == link.holds.index()), "seed {seed}: {verdict:?}");
        assert_eq!(worker.waits, Some((link.wants.index(), false)), "seed {seed}: {verdict:?}");
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
    (0..20_000).for_each(|seed| run(seed, 0.0, &mut count));
    eprintln!("without loss: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert_eq!(count.missed, 0);
}

#[test]
fn lost_events_never_make_a_deadlock() {
    let mut count = Count::default();
    (1_000_000..1_020_000).for_each(|seed| run(seed, 0.02, &mut count));
    eprintln!("2 % lost: {count:?}");
    assert!(count.deadlocks > 2_000, "too few deadlocks to mean anything: {count:?}");
    assert!(count.missed < count.deadlocks / 2, "lost events hide too much: {count:?}");
}
