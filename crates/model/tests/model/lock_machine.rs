//! A machine that runs random programs on locks, workers and locks coming and going. It knows the truth: who can never
//! run again. What it tells of itself is all that the model gets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contend_trace::{
    Declared, Event, EventKind, Evidence, ExitKind, Grant, LockKind, Look, ResourceId, ResourceInfo, ResourceKind,
    SeenWait, SeenWorker, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};

/// xorshift64*: a program is its seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % n.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Something that the machine tells.
#[derive(Debug, Clone)]
pub(super) enum Told {
    Declared(Declared),
    Event(Event),
    Look(Look),
}

#[derive(Debug, Clone, Default)]
struct Worker {
    held: Vec<(u32, u64)>,
    waits: Option<Wait>,
    moved: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Lock {
        lock: u32,
        is_timed: bool,
    },
    /// For an item that an unknown worker may put.
    Item,
}

#[derive(Debug, Clone, Default)]
struct Lock {
    owner: Option<u32>,
    line: VecDeque<u32>,
    grants: u64,
}

/// The queue that workers wait at.
const ITEMS: u32 = 0;

#[derive(Debug)]
pub(super) struct LockMachine {
    dice: Dice,
    evidence: Evidence,
    now: u64,
    workers: BTreeMap<u32, Worker>,
    locks: BTreeMap<u32, Lock>,
    next_worker: u32,
    next_lock: u32,
    pub(super) told: Vec<Told>,
}

impl LockMachine {
    /// Runs a program of this many steps.
    pub(super) fn run(seed: u64, steps: usize, evidence: Evidence) -> Self {
        let mut machine = Self {
            dice: Dice::new(seed),
            evidence,
            now: 0,
            workers: BTreeMap::new(),
            locks: BTreeMap::new(),
            next_worker: 0,
            next_lock: ITEMS + 1,
            told: Vec::new(),
        };
        machine.declare_resource(ITEMS, ResourceKind::Queue { capacity: 4 });
        for _ in 0..2 {
            machine.add_worker();
            machine.add_lock();
        }
        let look_every = 3 + machine.dice.below(8);
        for step in 0..steps {
            machine.step();
            if evidence == Evidence::Observed && step % look_every == 0 {
                machine.look(true);
            }
        }
        if evidence == Evidence::Observed {
            machine.look(false);
            machine.look(false);
        }
        machine
    }

    /// Returns the workers that can never run again: each waits without a limit for a lock whose owner is one of them.
    pub(super) fn stuck_workers(&self) -> BTreeSet<WorkerId> {
        let mut stuck: BTreeSet<u32> = self.workers.keys().copied().collect();
        loop {
            let can_run = |worker: &u32| match self.workers[worker].waits {
                Some(Wait::Lock { lock, is_timed: false }) => {
                    self.locks[&lock].owner.is_none_or(|owner| !stuck.contains(&owner))
                }
                _ => true,
            };
            let live: Vec<u32> = stuck.iter().copied().filter(can_run).collect();
            if live.is_empty() {
                return stuck.into_iter().map(WorkerId).collect();
            }
            stuck.retain(|worker| !live.contains(worker));
        }
    }

    fn tell(&mut self, worker: u32, kind: EventKind) {
        self.now += 1 + self.dice.below(50_000) as u64;
        self.told.push(Told::Event(Event { at: Stamp(self.now), worker: WorkerId(worker), kind }));
    }

    fn declare_resource(&mut self, id: u32, kind: ResourceKind) {
        let info = ResourceInfo { name: format!("r-{id}"), kind };
        let (id, evidence) = (ResourceId(id), self.evidence);
        self.told.push(Told::Declared(Declared::Resource { id, info, evidence }));
    }

    fn add_worker(&mut self) {
        let id = self.next_worker;
        self.next_worker += 1;
        let group = if id.is_multiple_of(3) { "main" } else { "w" };
        let info =
            WorkerInfo { name: format!("{group}-{id}"), group: group.into(), kind: WorkerKind::Thread, pool: None };
        self.told.push(Told::Declared(Declared::Worker { id: WorkerId(id), info }));
        self.workers.insert(id, Worker::default());
        self.tell(id, EventKind::LifeBegan);
    }

    fn add_lock(&mut self) {
        let id = self.next_lock;
        self.next_lock += 1;
        self.declare_resource(id, ResourceKind::Mutex { kind: LockKind::Std });
        self.locks.insert(id, Lock::default());
    }

    fn step(&mut self) {
        match self.dice.below(20) {
            0 if self.workers.len() < 8 => self.add_worker(),
            1 if self.locks.len() < 6 => self.add_lock(),
            2 => self.remove_lock(),
            _ => self.step_worker(),
        }
    }

    fn step_worker(&mut self) {
        let ids: Vec<u32> = self.workers.keys().copied().collect();
        if ids.is_empty() {
            return self.add_worker();
        }
        let id = ids[self.dice.below(ids.len())];
        let worker = self.workers[&id].clone();
        match worker.waits {
            Some(Wait::Lock { lock, is_timed: true }) if self.dice.one_in(3) => self.give_up(id, lock),
            Some(_) => {}
            None => match self.dice.below(10) {
                0..=4 => self.acquire(id),
                5..=7 if !worker.held.is_empty() => self.release(id),
                8 if worker.held.is_empty() => self.end(id),
                9 if self.dice.one_in(4) => {
                    self.workers.get_mut(&id).expect("it runs").waits = Some(Wait::Item);
                    let on = Some(ResourceId(ITEMS));
                    self.act(id, EventKind::Blocked { state: State::Empty, on });
                }
                _ => {}
            },
        }
    }

    /// Tells what a worker does, which moves it.
    fn act(&mut self, id: u32, kind: EventKind) {
        self.workers.get_mut(&id).expect("it exists").moved += 1;
        self.tell(id, kind);
    }

    fn acquire(&mut self, id: u32) {
        let locks: Vec<u32> = self.locks.keys().copied().collect();
        if locks.is_empty() {
            return;
        }
        let on = locks[self.dice.below(locks.len())];
        if self.locks[&on].owner.is_none() {
            return self.grant(id, on);
        }
        let held = self.workers[&id].held.clone();
        for (lock, grant) in &held {
            self.tell(id, EventKind::Held { lock: ResourceId(*lock), grant: Grant(*grant) });
        }
        let is_timed = self.dice.one_in(8);
        self.workers.get_mut(&id).expect("it runs").waits = Some(Wait::Lock { lock: on, is_timed });
        self.locks.get_mut(&on).expect("it exists").line.push_back(id);
        let held_count = held.len() as u8;
        self.act(id, EventKind::LockWait { lock: ResourceId(on), held_count, timed: is_timed });
    }

    fn grant(&mut self, id: u32, on: u32) {
        let lock = self.locks.get_mut(&on).expect("it exists");
        lock.owner = Some(id);
        lock.grants += 1;
        let grant = if self.evidence == Evidence::Numbered { lock.grants } else { 0 };
        let worker = self.workers.get_mut(&id).expect("it exists");
        worker.waits = None;
        worker.held.push((on, grant));
        self.act(id, EventKind::Acquired { lock: ResourceId(on), grant: Grant(grant) });
    }

    fn release(&mut self, id: u32) {
        let worker = self.workers.get_mut(&id).expect("it runs");
        let (on, grant) = worker.held.swap_remove(self.dice.below(worker.held.len()));
        self.act(id, EventKind::Released { lock: ResourceId(on), grant: Grant(grant) });
        let lock = self.locks.get_mut(&on).expect("it was held");
        lock.owner = None;
        if let Some(next) = lock.line.pop_front() {
            self.grant(next, on);
        }
    }

    fn give_up(&mut self, id: u32, on: u32) {
        self.locks.get_mut(&on).expect("it exists").line.retain(|waiter| *waiter != id);
        self.workers.get_mut(&id).expect("it exists").waits = None;
        self.act(id, EventKind::WaitTimedOut { lock: ResourceId(on) });
    }

    fn end(&mut self, id: u32) {
        self.act(id, EventKind::LifeEnded(ExitKind::Finished));
        self.workers.remove(&id);
        self.told.push(Told::Declared(Declared::WorkerGone(WorkerId(id))));
    }

    fn remove_lock(&mut self) {
        let free = self.locks.iter().find(|(_, lock)| lock.owner.is_none() && lock.line.is_empty()).map(|(id, _)| *id);
        if let Some(id) = free {
            self.locks.remove(&id);
            self.told.push(Told::Declared(Declared::ResourceGone(ResourceId(id))));
        }
    }

    /// Looks at one worker after the other, while the others may go on.
    fn look(&mut self, is_torn: bool) {
        let mut seen = Vec::new();
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            if let Some(worker) = self.workers.get(&id) {
                let wait = match worker.waits {
                    Some(Wait::Lock { lock, is_timed }) => Some(SeenWait {
                        on: ResourceId(lock),
                        is_timed,
                        held_by: self.locks[&lock].owner.map(WorkerId).into_iter().collect(),
                    }),
                    _ => None,
                };
                seen.push(SeenWorker { worker: WorkerId(id), moved: worker.moved, wait });
            }
            if is_torn && self.dice.one_in(4) {
                self.step();
            }
        }
        self.now += 1;
        // No message may name a worker after its end.
        seen.retain(|seen| self.workers.contains_key(&seen.worker.0));
        self.told.push(Told::Look(Look { at: Stamp(self.now), workers: seen }));
    }
}
