//! The simulator: workers that move one step at a time, in any order, and tell what they do.

use contend::trace::{EventKind, Grant, How, ResourceId, RwPolicy, State};
use fastrand::Rng;

use super::program::{Kind, Program, ROOM, Step, Way};
use super::wire::Wire;

/// A wait for a lock.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub lock: usize,
    pub way: Way,
    /// It will give up.
    pub timed: bool,
    pub otherwise: usize,
    /// Writers and readers that had come to the rwlock before.
    pub before: (u64, u64),
    /// A reader that may go in whatever writers come.
    pub let_in: bool,
}

/// A wait that goes on.
#[derive(Debug, Clone, Copy)]
pub enum Wait {
    Lock(Asked),
    Item(usize),
    Room(usize),
    Signal { on: usize, timed: bool },
    End(usize),
}

impl Wait {
    /// Whether it ends by itself.
    pub const fn is_timed(&self) -> bool {
        matches!(self, Self::Lock(Asked { timed: true, .. }) | Self::Signal { timed: true, .. })
    }
}

#[derive(Debug, Default)]
pub struct Worker {
    pub steps: Vec<Step>,
    pub pc: usize,
    /// What it took at once, with one grant for each permit.
    pub held: Vec<Vec<(usize, Grant)>>,
    pub waits: Option<Wait>,
    /// The condition it has come to, and whether a signal was given to it.
    came: Option<usize>,
    signalled: bool,
    pub done: bool,
}

#[derive(Debug, Default)]
pub struct Lock {
    pub holders: Vec<(usize, Grant)>,
    grants: u64,
    /// Writers and readers that ever had to wait.
    came: (u64, u64),
    /// The first so many readers that had to wait may go in whatever writers come.
    lets: u64,
}

impl Lock {
    fn has_writer(&self) -> bool {
        self.holders.iter().any(|(_, grant)| !grant.is_shared())
    }
}

/// Items put into and taken from a queue, or signals heard of a condition: all are numbered.
#[derive(Debug, Default, Clone, Copy)]
struct Numbers {
    put: u32,
    taken: u32,
    heard: u64,
}

#[derive(Debug)]
pub struct World {
    pub kinds: Vec<Kind>,
    pub workers: Vec<Worker>,
    pub locks: Vec<Lock>,
    numbers: Vec<Numbers>,
    pub wire: Wire,
    /// Who moved, from which step, one after the other.
    pub moves: Vec<(usize, usize)>,
}

fn id(resource: usize) -> ResourceId {
    ResourceId::from(resource)
}

impl World {
    pub fn new(program: &Program, wire: Wire) -> Self {
        let workers: Vec<Worker> =
            program.steps().into_iter().map(|steps| Worker { steps, ..Worker::default() }).collect();
        let count = program.kinds.len();
        let mut world = Self {
            kinds: program.kinds.clone(),
            workers,
            locks: (0..count).map(|_| Lock::default()).collect(),
            numbers: vec![Numbers::default(); count],
            wire,
            moves: Vec::new(),
        };
        (0..world.workers.len()).for_each(|w| world.wire.tell(w, EventKind::Began));
        world
    }

    /// The resource that is a worker's life.
    pub fn life(&self, worker: usize) -> ResourceId {
        id(self.kinds.len() + worker)
    }

    /// Workers that can do something now.
    pub fn movable(&self) -> Vec<usize> {
        let can = |w: &usize| {
            let worker = &self.workers[*w];
            !worker.done && worker.waits.is_none_or(|wait| wait.is_timed() || self.is_over(*w, &wait))
        };
        (0..self.workers.len()).filter(can).collect()
    }

    /// Whether a wait would end now, and not by itself.
    fn is_over(&self, w: usize, wait: &Wait) -> bool {
        match wait {
            Wait::Lock(asked) => self.may(asked),
            Wait::Item(q) => self.depth(*q) > 0,
            Wait::Room(q) => self.depth(*q) < ROOM,
            Wait::Signal { .. } => self.workers[w].signalled,
            Wait::End(other) => self.workers[*other].done,
        }
    }

    fn depth(&self, queue: usize) -> u32 {
        self.numbers[queue].put - self.numbers[queue].taken
    }

    /// Waits for an rwlock that go on: to read, or to write.
    fn waiting(&self, lock: usize, way: Way) -> impl Iterator<Item = Asked> {
        let asked =
            self.workers.iter().filter_map(|w| if let Some(Wait::Lock(asked)) = w.waits { Some(asked) } else { None });
        asked.filter(move |asked| asked.lock == lock && asked.way == way)
    }

    /// Whether a lock can be had now by one that asks, or has waited, like this.
    fn may(&self, asked: &Asked) -> bool {
        let lock = &self.locks[asked.lock];
        let writers_ahead = |n: u64| self.waiting(asked.lock, Way::Alone).any(|a| a.before.0 < n);
        let readers_ahead = |n: u64| self.waiting(asked.lock, Way::Shared).any(|a| a.before.1 < n);
        match (self.kinds[asked.lock], asked.way) {
            (Kind::Semaphore(permits), Way::Permits(n)) => lock.holders.len() as u32 + n <= permits,
            (Kind::Rwlock(policy), Way::Shared) => {
                let first = first_writer(policy, asked);
                !lock.has_writer() && (asked.let_in || !writers_ahead(first))
            }
            (Kind::Rwlock(RwPolicy::Fair), _) => {
                lock.holders.is_empty() && !writers_ahead(asked.before.0) && !readers_ahead(asked.before.1)
            }
            _ => lock.holders.is_empty(),
        }
    }

    /// One worker does one step, begins to wait, or ends its wait.
    pub fn step(&mut self, w: usize, rng: &mut Rng) {
        self.moves.push((w, self.workers[w].pc));
        if let Some(wait) = self.workers[w].waits {
            return self.go_on(w, wait);
        }
        let Some(&step) = self.workers[w].steps.get(self.workers[w].pc) else {
            self.workers[w].done = true;
            return self.wire.tell(w, EventKind::Ended(How::Finished));
        };
        match step {
            Step::Lock { on, way, timed, otherwise } => {
                let asked = Asked { lock: on, way, timed, otherwise, before: self.locks[on].came, let_in: false };
                if self.may(&asked) { self.take(w, on, way) } else { self.wait(w, asked) }
            }
            Step::Unlock(on) => {
                self.give_back(w, on);
                self.workers[w].pc += 1;
            }
            Step::Put(q) if self.depth(q) < ROOM => self.put(w, q),
            Step::Put(q) => self.block(w, Wait::Room(q), State::Full, q),
            Step::Take(q) if self.depth(q) > 0 => self.take_item(w, q),
            Step::Take(q) => self.block(w, Wait::Item(q), State::Empty, q),
            Step::Come { on, of } => {
                (self.workers[w].came, self.workers[w].signalled) = (Some(on), false);
                self.give_back(w, of);
                self.workers[w].pc += 1;
            }
            Step::Stay { on, timed } => self.block(w, Wait::Signal { on, timed }, State::Signal, on),
            Step::Notify(on) => self.signal(w, on, 1, rng),
            Step::NotifyAll(on) => self.signal(w, on, usize::MAX, rng),
            Step::Join(other) if self.workers[other].done => self.workers[w].pc += 1,
            Step::Join(other) => {
                let joins = EventKind::Joins { life: self.life(other), nth: 1 };
                self.workers[w].waits = Some(Wait::End(other));
                let held = self.held(w);
                self.wire.tell(w, joins);
                self.wire.stand(w, held.into_iter().chain([joins]).collect());
            }
        }
    }

    fn block(&mut self, w: usize, wait: Wait, state: State, on: usize) {
        self.workers[w].waits = Some(wait);
        self.wire.tell(w, EventKind::Block { state, on: Some(id(on)) });
    }

    /// A wait ends, with or without what was waited for.
    fn go_on(&mut self, w: usize, wait: Wait) {
        let over = self.is_over(w, &wait);
        self.workers[w].waits = None;
        match wait {
            Wait::Lock(asked) if over => self.take(w, asked.lock, asked.way),
            Wait::Lock(asked) => {
                self.wire.tell(w, EventKind::GaveUp { lock: id(asked.lock) });
                self.workers[w].pc = asked.otherwise;
            }
            Wait::Item(q) => self.take_item(w, q),
            Wait::Room(q) => self.put(w, q),
            Wait::Signal { on, .. } => {
                self.workers[w].came = None;
                self.workers[w].pc += 1;
                if over {
                    self.numbers[on].heard += 1;
                    self.wire.tell(w, EventKind::Heard { on: id(on), nth: self.numbers[on].heard });
                } else {
                    self.wire.tell(w, EventKind::GaveUp { lock: id(on) });
                }
            }
            Wait::End(_) => {
                self.workers[w].pc += 1;
                self.wire.tell(w, EventKind::Resume);
            }
        }
    }

    fn put(&mut self, w: usize, q: usize) {
        self.workers[w].pc += 1;
        self.numbers[q].put += 1;
        let (depth, nth) = (self.depth(q) as u16, self.numbers[q].put);
        self.wire.tell(w, EventKind::PutNth { queue: id(q), depth, nth });
    }

    fn take_item(&mut self, w: usize, q: usize) {
        self.workers[w].pc += 1;
        self.numbers[q].taken += 1;
        let (depth, nth) = (self.depth(q) as u16, self.numbers[q].taken);
        self.wire.tell(w, EventKind::TookNth { queue: id(q), depth, nth });
    }

    fn signal(&mut self, w: usize, on: usize, most: usize, rng: &mut Rng) {
        self.workers[w].pc += 1;
        let waits = |other: &&mut Worker| other.came == Some(on) && !other.signalled;
        let mut waiting: Vec<&mut Worker> = self.workers.iter_mut().filter(waits).collect();
        rng.shuffle(&mut waiting);
        waiting.truncate(most);
        let woken = waiting.len() as u32;
        for other in waiting {
            other.signalled = true;
        }
        self.wire.tell(w, EventKind::Signalled { on: id(on), woken });
    }

    fn take(&mut self, w: usize, on: usize, way: Way) {
        let grant = if way == Way::Shared { Grant::shared } else { Grant };
        let permits = if let Way::Permits(n) = way { n } else { 1 };
        let lock = &mut self.locks[on];
        let group: Vec<_> = (0..u64::from(permits)).map(|n| (on, grant(lock.grants + 1 + n))).collect();
        lock.grants += u64::from(permits);
        lock.holders.extend(group.iter().map(|(_, grant)| (w, *grant)));
        for (_, grant) in &group {
            self.wire.tell(w, EventKind::Acquired { lock: id(on), grant: *grant });
        }
        self.workers[w].held.push(group);
        self.workers[w].pc += 1;
    }

    /// Gives back what it took of this lock last.
    fn give_back(&mut self, w: usize, on: usize) {
        let newest = |held: &Vec<(usize, Grant)>| held.first().is_some_and(|(lock, _)| *lock == on);
        let Some(at) = self.workers[w].held.iter().rposition(newest) else { return };
        let group = self.workers[w].held.remove(at);
        self.locks[on].holders.retain(|hold| !group.contains(&(on, hold.1)));
        let shared = group.iter().all(|(_, grant)| grant.is_shared());
        if !shared && self.waiting(on, Way::Alone).count() == 0 {
            self.locks[on].lets = self.locks[on].came.1;
            for worker in &mut self.workers {
                if let Some(Wait::Lock(asked)) = &mut worker.waits {
                    asked.let_in |= asked.lock == on;
                }
            }
        }
        for (lock, grant) in group {
            self.wire.tell(w, EventKind::Released { lock: id(lock), grant });
        }
    }

    fn held(&self, w: usize) -> Vec<EventKind> {
        let held = self.workers[w].held.iter().flatten();
        held.map(|(lock, grant)| EventKind::Held { lock: id(*lock), grant: *grant }).collect()
    }

    fn wait(&mut self, w: usize, asked: Asked) {
        let lock = id(asked.lock);
        let shared = asked.way == Way::Shared;
        let of = &mut self.locks[asked.lock];
        let (behind, count) = (of.came.0, if shared { of.came.1 } else { of.lets });
        if shared {
            of.came.1 += 1;
        } else {
            of.came.0 += 1;
        }
        let queued = |behind| EventKind::Queued { lock, behind, shared };
        let ask = match (self.kinds[asked.lock], asked.way) {
            (_, Way::Permits(permits)) if permits > 1 => vec![EventKind::AskMany { lock, permits }],
            (Kind::Rwlock(RwPolicy::Readers), Way::Shared) => vec![queued(0)],
            (Kind::Rwlock(RwPolicy::Writers), _) => vec![queued(behind), EventKind::Readers { lock, count }],
            (Kind::Rwlock(_), _) => vec![queued(behind)],
            _ => Vec::new(),
        };
        let held = self.held(w);
        let wait = EventKind::Wait { lock, held: held.len() as u8, timed: asked.timed };
        let group: Vec<EventKind> = ask.into_iter().chain(held).chain([wait]).collect();
        self.workers[w].waits = Some(Wait::Lock(asked));
        self.wire.tell_all(w, &group);
        self.wire.stand(w, group);
    }
}

/// Writers that came before this number go first.
pub fn first_writer(policy: RwPolicy, asked: &Asked) -> u64 {
    match policy {
        RwPolicy::Readers => 0,
        RwPolicy::Writers => u64::MAX,
        RwPolicy::Fair => asked.before.0,
    }
}
