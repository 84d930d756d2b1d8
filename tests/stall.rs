//! The stall detector against the truth: random programs over queues, conditions and locks, run by a simulator; their
//! events are delivered worker by worker with random lag. Whoever is said to be stuck must never move again, and when
//! nothing moves any more, all who wait must be said to be stuck.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail, and says what it counted")]

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::trace::{
    Cast, Event, EventKind, Grant, How, Lanes, LockKind, Message, ResourceId, ResourceInfo, ResourceKind, Stamp, State,
    Wakers, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

/// Resources: two queues with room for two, two conditions, two locks.
const QUEUES: [usize; 2] = [0, 1];
const CONDITIONS: [usize; 2] = [2, 3];
const LOCKS: [usize; 2] = [4, 5];
const ROOM: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Put(usize),
    Take(usize),
    Close(usize),
    Wait(usize),
    Notify(usize),
    NotifyAll(usize),
    Lock(usize),
    Unlock(usize),
}

#[derive(Debug, Default)]
struct Worker {
    program: Vec<Step>,
    pc: usize,
    /// It has told that it waits.
    waits: bool,
    /// A signal was given to it.
    signalled: bool,
    done: bool,
    held: Vec<(usize, u64)>,
    outbox: VecDeque<Event>,
}

#[derive(Debug)]
struct World {
    rng: Rng,
    clock: u64,
    workers: Vec<Worker>,
    depth: [u32; 2],
    closed: [bool; 2],
    /// Items put into and taken from each queue, signals heard of each condition: all are numbered.
    put: [u32; 2],
    taken: [u32; 2],
    heard: [u64; 2],
    /// By lock: who has it, and how often it was taken.
    locks: [(Option<usize>, u64); 2],
}

fn program(rng: &mut Rng) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..rng.usize(1..=8) {
        let which = rng.usize(..2);
        let step = match rng.u32(..20) {
            0..=5 => Step::Put(QUEUES[which]),
            6..=11 => Step::Take(QUEUES[which]),
            12 => Step::Close(QUEUES[which]),
            13..=14 => Step::Wait(CONDITIONS[which]),
            15..=16 => Step::Notify(CONDITIONS[which]),
            17 => Step::NotifyAll(CONDITIONS[which]),
            _ => Step::Lock(LOCKS[which]),
        };
        let nested = match step {
            Step::Lock(lock) if !steps.contains(&Step::Lock(lock)) => {
                steps.push(step);
                let inner = if rng.bool() { Step::Take(QUEUES[which]) } else { Step::Wait(CONDITIONS[which]) };
                vec![inner, Step::Unlock(lock)]
            }
            Step::Lock(_) => Vec::new(),
            other => vec![other],
        };
        steps.extend(nested);
    }
    steps
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let workers: Vec<Worker> =
            (0..rng.usize(2..=5)).map(|_| Worker { program: program(&mut rng), ..Worker::default() }).collect();
        let mut world = Self {
            rng,
            clock: 0,
            workers,
            depth: [0; 2],
            closed: [false; 2],
            put: [0; 2],
            taken: [0; 2],
            heard: [0; 2],
            locks: [(None, 0); 2],
        };
        (0..world.workers.len()).for_each(|w| world.tell(w, EventKind::Began));
        world
    }

    fn tell(&mut self, w: usize, kind: EventKind) {
        self.clock += 1;
        let event = Event { at: Stamp(self.clock), worker: WorkerId::from(w), kind };
        self.workers[w].outbox.push_back(event);
    }

    fn next(&self, w: usize) -> Option<Step> {
        self.workers[w].program.get(self.workers[w].pc).copied()
    }

    /// Whether the step could be done now; a worker that cannot must first tell that it waits.
    fn can(&self, w: usize) -> bool {
        match self.next(w) {
            Some(Step::Put(q)) => self.depth[q] < ROOM || self.closed[q],
            Some(Step::Take(q)) => self.depth[q] > 0 || self.closed[q],
            Some(Step::Wait(_)) => self.workers[w].signalled,
            Some(Step::Lock(l)) => self.locks[l - LOCKS[0]].0.is_none(),
            _ => true,
        }
    }

    fn movable(&self) -> Vec<usize> {
        (0..self.workers.len())
            .filter(|w| !self.workers[*w].done && (self.can(*w) || !self.workers[*w].waits))
            .collect()
    }

    fn step(&mut self, w: usize) {
        let id = ResourceId::from;
        let Some(step) = self.next(w) else {
            self.workers[w].done = true;
            return self.tell(w, EventKind::Ended(How::Finished));
        };
        if !self.can(w) {
            self.workers[w].waits = true;
            return self.tell_wait(w, step);
        }
        let waited = std::mem::take(&mut self.workers[w].waits);
        self.workers[w].pc += 1;
        match step {
            Step::Put(q) | Step::Take(q) if self.closed[q] => {
                if waited {
                    self.tell(w, EventKind::Resume);
                }
            }
            Step::Put(q) => {
                self.depth[q] += 1;
                self.put[q] += 1;
                self.tell(w, EventKind::PutNth { queue: id(q), depth: self.depth[q] as u16, nth: self.put[q] });
            }
            Step::Take(q) => {
                self.depth[q] -= 1;
                self.taken[q] += 1;
                self.tell(w, EventKind::TookNth { queue: id(q), depth: self.depth[q] as u16, nth: self.taken[q] });
            }
            Step::Close(q) => {
                self.closed[q] = true;
                self.tell(w, EventKind::Closed { queue: id(q) });
            }
            Step::Wait(c) => {
                self.workers[w].signalled = false;
                let heard = &mut self.heard[c - CONDITIONS[0]];
                *heard += 1;
                let nth = *heard;
                self.tell(w, EventKind::Heard { on: id(c), nth });
            }
            Step::Notify(c) => self.signal(w, c, 1),
            Step::NotifyAll(c) => self.signal(w, c, usize::MAX),
            Step::Lock(l) => {
                let lock = &mut self.locks[l - LOCKS[0]];
                *lock = (Some(w), lock.1 + 1);
                let grant = lock.1;
                self.workers[w].held.push((l, grant));
                self.tell(w, EventKind::Acquired { lock: id(l), grant: Grant(grant) });
            }
            Step::Unlock(l) => {
                self.locks[l - LOCKS[0]].0 = None;
                let at = self.workers[w].held.iter().rposition(|(held, _)| *held == l).unwrap();
                let (_, grant) = self.workers[w].held.remove(at);
                self.tell(w, EventKind::Released { lock: id(l), grant: Grant(grant) });
            }
        }
    }

    fn tell_wait(&mut self, w: usize, step: Step) {
        let (state, on) = match step {
            Step::Put(q) => (State::Full, q),
            Step::Take(q) => (State::Empty, q),
            Step::Wait(c) => (State::Signal, c),
            Step::Lock(l) => {
                let held = self.workers[w].held.clone();
                for (lock, grant) in &held {
                    self.tell(w, EventKind::Held { lock: ResourceId::from(*lock), grant: Grant(*grant) });
                }
                let held = held.len() as u8;
                return self.tell(w, EventKind::Wait { lock: ResourceId::from(l), held, timed: false });
            }
            _ => unreachable!("nobody waits for {step:?}"),
        };
        self.tell(w, EventKind::Block { state, on: Some(ResourceId::from(on)) });
    }

    fn signal(&mut self, w: usize, condition: usize, most: usize) {
        let waits = |o: &usize| {
            let other = &self.workers[*o];
            other.waits && !other.signalled && other.program.get(other.pc) == Some(&Step::Wait(condition))
        };
        let mut waiting: Vec<usize> = (0..self.workers.len()).filter(waits).collect();
        self.rng.shuffle(&mut waiting);
        waiting.truncate(most);
        for other in &waiting {
            self.workers[*other].signalled = true;
        }
        self.tell(w, EventKind::Signalled { on: ResourceId::from(condition), woken: waiting.len() as u32 });
    }

    fn deliver(&mut self, model: &mut Model) -> bool {
        let full: Vec<usize> = (0..self.workers.len()).filter(|w| !self.workers[*w].outbox.is_empty()).collect();
        let Some(w) = self.rng.choice(full) else { return false };
        let count = self.rng.usize(1..=self.workers[w].outbox.len());
        let events = self.workers[w].outbox.drain(..count).collect();
        model.apply(&Message::Events(events));
        true
    }

    fn cast(&self) -> Arc<Cast> {
        let kinds = [
            ResourceKind::Queue { capacity: ROOM },
            ResourceKind::Condition { of: ResourceId::from(LOCKS[0]) },
            ResourceKind::Mutex { kind: LockKind::Std },
        ];
        let resources: Vec<ResourceInfo> = kinds
            .iter()
            .flat_map(|kind| [kind, kind])
            .enumerate()
            .map(|(i, kind)| ResourceInfo { name: format!("r{i}"), kind: kind.clone() })
            .collect();
        let mut wakers = vec![Wakers::default(); resources.len()];
        for (w, worker) in self.workers.iter().enumerate() {
            let lanes = Lanes { first: WorkerId::from(w), count: 1 };
            for step in &worker.program {
                match *step {
                    Step::Put(q) => wakers[q].givers.push(lanes),
                    Step::Take(q) => wakers[q].takers.push(lanes),
                    Step::Close(q) => {
                        wakers[q].givers.push(lanes);
                        wakers[q].takers.push(lanes);
                    }
                    Step::Notify(c) | Step::NotifyAll(c) => wakers[c].givers.push(lanes),
                    Step::Wait(_) | Step::Lock(_) | Step::Unlock(_) => {}
                }
            }
        }
        let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let workers = (0..self.workers.len()).map(worker).collect();
        Arc::new(Cast { workers, resources, wakers, ..Cast::default() })
    }
}

/// Everyone said to be stuck, with the step they are said to be stuck at.
fn verdict(model: &Model, world: &World) -> BTreeSet<(usize, usize)> {
    let deadlock = model.deadlocked().to_vec();
    let stall = model.stall().map_or_else(Vec::new, |stall| stall.set);
    deadlock.into_iter().chain(stall).map(|w| (w.index(), world.workers[w.index()].pc)).collect()
}

#[test]
fn nobody_is_said_to_be_stuck_who_moves_again_and_nobody_is_missed() {
    let (mut stuck, mut stalls) = (0, 0);
    for seed in 0..20_000 {
        let mut world = World::new(seed);
        let mut model = Model::new(world.cast(), Budget { bytes: 1 << 16 });
        let lag = world.rng.f64();
        let mut said: BTreeSet<(usize, usize)> = BTreeSet::new();
        loop {
            let deliver = world.rng.f64() > lag;
            let movable = world.movable();
            if let Some(w) = world.rng.choice(movable) {
                world.step(w);
            } else if !world.deliver(&mut model) {
                break;
            }
            if deliver {
                world.deliver(&mut model);
            }
            said.extend(verdict(&model, &world));
        }
        let waiting = |(w, worker): (usize, &Worker)| (!worker.done).then_some((w, worker.pc));
        let truth: BTreeSet<(usize, usize)> = world.workers.iter().enumerate().filter_map(waiting).collect();
        assert_eq!(said, truth, "seed {seed}: {world:#?}");
        assert_eq!(model.health().anomalies, 0, "seed {seed}");
        stuck += usize::from(!truth.is_empty());
        stalls += usize::from(model.stall().is_some());
    }
    eprintln!("{stuck} runs got stuck, {stalls} of them by a stall");
    assert!(stalls > 2_000, "too few stalls to mean anything: {stalls} of {stuck}");
}
