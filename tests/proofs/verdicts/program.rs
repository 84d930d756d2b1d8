//! Random programs of locks, semaphores, rwlocks, conditions, queues and joins.

use std::collections::BTreeSet;

use contend::trace::RwPolicy;
use fastrand::Rng;

/// Capacity of a queue.
pub const ROOM: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Mutex,
    /// A semaphore with its permits.
    Semaphore(u32),
    Rwlock(RwPolicy),
    /// Either all waits for items and room have a timeout, or none.
    Queue {
        timed: bool,
    },
    /// A condition with its mutex `of`; either all waits for it have a timeout, or none.
    Condition {
        of: usize,
        timed: bool,
    },
    /// A queue without room.
    Rendezvous {
        timed: bool,
    },
    Event {
        timed: bool,
    },
    WaitGroup {
        timed: bool,
    },
    Latch {
        initial: u32,
        timed: bool,
    },
}

impl Kind {
    /// Returns whether the waits at it have a timeout.
    pub const fn is_timed(self) -> bool {
        match self {
            Self::Mutex | Self::Semaphore(_) | Self::Rwlock(_) => false,
            Self::Queue { timed }
            | Self::Condition { timed, .. }
            | Self::Rendezvous { timed }
            | Self::Event { timed }
            | Self::WaitGroup { timed }
            | Self::Latch { timed, .. } => timed,
        }
    }
}

/// One of the things that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    Take(usize),
    Put(usize),
    Await(usize),
    Join(usize),
}

/// The mode of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// A mutex, or an rwlock for writing.
    Alone,
    /// An rwlock for reading.
    Shared,
    Permits(u32),
}

/// A step of a worker. Resources and workers are indexes into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Locks, runs the steps inside, and unlocks. After a timeout, the steps are skipped.
    Hold {
        on: usize,
        mode: LockMode,
        timed: bool,
        body: Vec<Op>,
    },
    /// Locks a mutex and never unlocks it.
    Keep(usize),
    Put(usize),
    Take(usize),
    /// Runs inside a block of the condition's mutex.
    Wait(usize),
    Notify(usize),
    NotifyAll(usize),
    Join(usize),
    /// Joins with a time limit.
    TryJoin(usize),
    /// Waits for an event, a wait group or a latch.
    Await(usize),
    Set(usize),
    Clear(usize),
    Add(usize),
    Done(usize),
    /// Cancels another worker.
    Cancel(usize),
    /// Waits for the first of two alternatives, perhaps with a time limit.
    Select {
        both: [Alternative; 2],
        timed: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub kinds: Vec<Kind>,
    pub workers: Vec<Vec<Op>>,
    /// Whether the workers are tasks of an event loop, whose mutexes pass in order of arrival.
    pub tasks: bool,
}

impl Program {
    /// Generates a random program: nested locks in no fixed order, some waits with a timeout. `plain`: mutexes only.
    pub fn new(rng: &mut Rng, plain: bool) -> Self {
        let mut kinds: Vec<Kind> = (0..rng.usize(2..=5)).map(|_| lock(rng, plain)).collect();
        if !plain {
            kinds[0] = Kind::Mutex;
            kinds.extend((0..rng.usize(..=2)).map(|_| Kind::Queue { timed: false }));
            kinds.extend((0..rng.usize(..=2)).map(|_| Kind::Condition { of: 0, timed: rng.f64() < 0.3 }));
        }
        let workers = rng.usize(2..=6);
        let mut program = Self { kinds, workers: Vec::new(), tasks: false };
        for w in 0..workers {
            let mut left = rng.usize(1..=8);
            let mut ops = program.ops(rng, &mut Vec::new(), &mut left, (w, workers));
            if !plain && rng.f64() < 0.03 {
                ops.push(Op::Keep(0));
            }
            program.workers.push(ops);
        }
        program
    }

    /// Gives some of the waits for semaphores, rwlocks and queues a timeout.
    pub fn with_timeouts(mut self, rng: &mut Rng) -> Self {
        for kind in &mut self.kinds {
            if let Kind::Queue { timed } = kind {
                *timed = rng.f64() < 0.2;
            }
        }
        self.workers.iter_mut().for_each(|ops| add_timeouts(ops, rng));
        self
    }

    /// Generates steps inside these locks, while any are `left`.
    fn ops(&self, rng: &mut Rng, open: &mut Vec<usize>, left: &mut usize, me: (usize, usize)) -> Vec<Op> {
        let mut ops = Vec::new();
        while *left > 0 && (open.is_empty() || rng.f64() < 0.6) {
            *left -= 1;
            ops.extend(self.op(rng, open, left, me));
        }
        ops
    }

    fn op(&self, rng: &mut Rng, open: &mut Vec<usize>, left: &mut usize, (me, workers): (usize, usize)) -> Option<Op> {
        let has_queue = self.kinds.iter().any(|kind| matches!(kind, Kind::Queue { .. }));
        if !has_queue || rng.f64() < 0.97 {
            let on = rng.usize(..self.kinds.len());
            return match self.kinds[on] {
                Kind::Queue { .. } if rng.bool() => Some(Op::Put(on)),
                Kind::Queue { .. } => Some(Op::Take(on)),
                Kind::Condition { of, .. } if open.iter().filter(|held| **held == of).count() == 1 => {
                    Some(Op::Wait(on))
                }
                Kind::Condition { .. } if rng.f64() < 0.3 => Some(Op::NotifyAll(on)),
                Kind::Condition { .. } => Some(Op::Notify(on)),
                kind => self.hold(rng, (on, kind), open, left, (me, workers)),
            };
        }
        let other = rng.usize(..workers);
        (other != me || rng.f64() < 0.05).then_some(Op::Join(other))
    }

    fn hold(
        &self,
        rng: &mut Rng,
        (on, kind): (usize, Kind),
        open: &mut Vec<usize>,
        left: &mut usize,
        me: (usize, usize),
    ) -> Option<Op> {
        let is_mutex = kind == Kind::Mutex;
        if open.len() > 2 || open.contains(&on) && is_mutex && rng.f64() > 0.02 {
            return None;
        }
        let mode = match kind {
            Kind::Semaphore(permits) => LockMode::Permits(rng.u32(1..=permits)),
            Kind::Rwlock(_) if rng.bool() => LockMode::Shared,
            _ => LockMode::Alone,
        };
        let timed = is_mutex && rng.f64() < 0.15;
        open.push(on);
        let body = self.ops(rng, open, left, me);
        open.pop();
        Some(Op::Hold { on, mode, timed, body })
    }
}

fn add_timeouts(ops: &mut [Op], rng: &mut Rng) {
    for op in ops {
        if let Op::Hold { timed, body, .. } = op {
            *timed |= rng.f64() < 0.15;
            add_timeouts(body, rng);
        }
    }
}

/// Renumbers the workers after a removed one. Returns `None` if a step joins the removed worker.
fn renumber(ops: &mut [Op], gone: usize) -> Option<()> {
    ops.iter_mut().try_for_each(|op| match op {
        Op::Join(worker) | Op::TryJoin(worker) | Op::Cancel(worker) => renumber_worker(worker, gone),
        Op::Select { both, .. } => both.iter_mut().try_for_each(|of| match of {
            Alternative::Join(worker) => renumber_worker(worker, gone),
            _ => Some(()),
        }),
        Op::Hold { body, .. } => renumber(body, gone),
        _ => Some(()),
    })
}

fn renumber_worker(worker: &mut usize, gone: usize) -> Option<()> {
    (*worker != gone).then(|| *worker -= usize::from(*worker > gone))
}

/// Whether a step, or a step in its block, is a wanted one.
fn contains(op: &Op, wanted: fn(&Op) -> bool) -> bool {
    wanted(op) || matches!(op, Op::Hold { body, .. } if body.iter().any(|op| contains(op, wanted)))
}

fn lock(rng: &mut Rng, plain: bool) -> Kind {
    match rng.usize(..if plain { 1 } else { 4 }) {
        1 => Kind::Semaphore(rng.u32(1..=3)),
        2 | 3 => Kind::Rwlock(RwPolicy::ALL[rng.usize(..3)]),
        _ => Kind::Mutex,
    }
}

/// One move of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// After a timeout, the worker continues at `otherwise`.
    Lock {
        on: usize,
        mode: LockMode,
        timed: bool,
        otherwise: usize,
    },
    Unlock(usize),
    Put(usize),
    Take(usize),
    /// Enters a condition's wait and unlocks its mutex.
    Come {
        on: usize,
        of: usize,
    },
    /// Waits for the signal.
    Stay {
        on: usize,
        timed: bool,
    },
    Notify(usize),
    NotifyAll(usize),
    Join(usize),
    TryJoin(usize),
    Await(usize),
    Set(usize),
    Clear(usize),
    Add(usize),
    Done(usize),
    Cancel(usize),
    Select {
        both: [Alternative; 2],
        timed: bool,
    },
}

impl Program {
    /// Returns the program without this worker, if no worker joins it.
    pub fn without(&self, worker: usize) -> Option<Self> {
        let mut other = self.clone();
        other.workers.remove(worker);
        other.workers.iter_mut().try_for_each(|ops| renumber(ops, worker)).map(|()| other)
    }

    /// Returns the workers that others join, which have a life as a resource.
    pub fn joined(&self) -> Vec<usize> {
        let steps = self.steps().into_iter().flatten();
        let joined = steps.flat_map(|step| match step {
            Step::Join(worker) | Step::TryJoin(worker) => vec![worker],
            Step::Select { both, .. } => both
                .into_iter()
                .filter_map(|of| if let Alternative::Join(worker) = of { Some(worker) } else { None })
                .collect(),
            _ => Vec::new(),
        });
        joined.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    pub fn any_op(&self, wanted: fn(&Op) -> bool) -> bool {
        self.workers.iter().flatten().any(|op| contains(op, wanted))
    }

    /// Returns whether a worker ends while holding a lock.
    pub fn keeps(&self) -> bool {
        self.workers.iter().flatten().any(|op| matches!(op, Op::Keep(_)))
    }

    /// Returns the moves of each worker.
    pub fn steps(&self) -> Vec<Vec<Step>> {
        let flat = |ops: &Vec<Op>| {
            let mut steps = Vec::new();
            self.flatten(ops, &mut steps);
            steps
        };
        self.workers.iter().map(flat).collect()
    }

    fn flatten(&self, ops: &[Op], steps: &mut Vec<Step>) {
        for op in ops {
            match op {
                Op::Hold { on, mode, timed, body } => {
                    let at = steps.len();
                    steps.push(Step::Lock { on: *on, mode: *mode, timed: *timed, otherwise: 0 });
                    self.flatten(body, steps);
                    steps.push(Step::Unlock(*on));
                    let behind = steps.len();
                    if let Step::Lock { otherwise, .. } = &mut steps[at] {
                        *otherwise = behind;
                    }
                }
                Op::Keep(on) => steps.push(Step::Lock { on: *on, mode: LockMode::Alone, timed: false, otherwise: 0 }),
                Op::Put(on) => steps.push(Step::Put(*on)),
                Op::Take(on) => steps.push(Step::Take(*on)),
                Op::Wait(on) => {
                    let Kind::Condition { of, timed } = self.kinds[*on] else { continue };
                    steps.push(Step::Come { on: *on, of });
                    steps.push(Step::Stay { on: *on, timed });
                    steps.push(Step::Lock { on: of, mode: LockMode::Alone, timed: false, otherwise: 0 });
                }
                Op::Notify(on) => steps.push(Step::Notify(*on)),
                Op::NotifyAll(on) => steps.push(Step::NotifyAll(*on)),
                Op::Join(worker) => steps.push(Step::Join(*worker)),
                Op::TryJoin(worker) => steps.push(Step::TryJoin(*worker)),
                Op::Await(on) => steps.push(Step::Await(*on)),
                Op::Set(on) => steps.push(Step::Set(*on)),
                Op::Clear(on) => steps.push(Step::Clear(*on)),
                Op::Add(on) => steps.push(Step::Add(*on)),
                Op::Done(on) => steps.push(Step::Done(*on)),
                Op::Cancel(worker) => steps.push(Step::Cancel(*worker)),
                Op::Select { both, timed } => steps.push(Step::Select { both: *both, timed: *timed }),
            }
        }
    }
}
