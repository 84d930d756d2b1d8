//! Small random programs over every primitive of the language.

use contend::trace::RwPolicy;
use fastrand::Rng;

use super::clients::Clients;

/// Capacity of a queue, unless it has no room.
pub const ROOM: u32 = 1;

/// Share of the waits with a time limit, where one is possible.
const LIMITED: f64 = 0.2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Mutex,
    Rwlock(RwPolicy),
    /// A semaphore with its initial permits. It serves as a signal where a step takes or releases a permit without a
    /// block.
    Semaphore(u32),
    /// A queue with its capacity.
    Queue(u32),
    Condition,
    Event,
    Barrier(u32),
    WaitGroup,
    Latch(u32),
}

/// One of the things that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    Take(usize),
    Put(usize),
    Await(usize),
    Join(usize),
}

/// A step of a worker. Resources, workers and pools are indexes into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Lock(usize),
    /// Waits with a timeout; without the mutex, the worker continues after its `Unlock`.
    TryLock(usize),
    Unlock(usize),
    Read(usize),
    Write(usize),
    Leave(usize),
    Acquire(usize, u32),
    Return(usize),
    Pass(usize),
    Post(usize),
    Put(usize),
    Take(usize),
    Close(usize),
    /// Enters a condition's wait: unlocks the mutex, waits, and locks it again with the `Lock` that follows.
    Come {
        on: usize,
        mutex: usize,
    },
    Stay {
        on: usize,
        timed: bool,
    },
    Notify(usize),
    NotifyAll(usize),
    Set(usize),
    Clear(usize),
    Await {
        on: usize,
        timed: bool,
    },
    Meet(usize),
    /// Adds 1 or 2 to the count of a wait group.
    Add(usize, u64),
    /// Counts a wait group or a latch down; does nothing at 0, where a real worker fails.
    Done(usize),
    /// Waits for the first of two alternatives, perhaps with a time limit.
    Select {
        first: Alternative,
        second: Alternative,
        timed: bool,
    },
    Spawn(usize),
    /// Ends a worker's wait, or the worker before its next step; it gives back all that it holds.
    Cancel(usize),
    /// As `Cancel`, but nothing is given back; a process dies at once.
    Kill(usize),
    Join(usize),
    Submit(usize),
    Result,
    /// As `Result`, and runs tasks of the own pool meanwhile. Only in tasks.
    Help,
    Shutdown(usize),
    /// Drops the tasks in a pool's queue.
    DropTasks(usize),
    /// As `Shutdown`, and drops the tasks in the queue.
    ShutdownNow(usize),
    /// As `ShutdownNow`, but the results of the dropped tasks never come.
    Discard(usize),
    /// The process dies at once.
    Abort,
    /// Gives up its wait, which can be at any moment.
    Limited(LimitedStep),
}

/// A step whose wait has a time limit. A worker that gives up a block continues after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedStep {
    Read(usize),
    Write(usize),
    Acquire(usize, u32),
    Pass(usize),
    Put(usize),
    Take(usize),
    Meet(usize),
    Join(usize),
    Result,
}

impl Step {
    /// Returns the step without its time limit.
    pub fn plain(self) -> Self {
        match self {
            Self::Limited(LimitedStep::Read(on)) => Self::Read(on),
            Self::Limited(LimitedStep::Write(on)) => Self::Write(on),
            Self::Limited(LimitedStep::Acquire(on, permits)) => Self::Acquire(on, permits),
            Self::Limited(LimitedStep::Pass(on)) => Self::Pass(on),
            Self::Limited(LimitedStep::Put(on)) => Self::Put(on),
            Self::Limited(LimitedStep::Take(on)) => Self::Take(on),
            Self::Limited(LimitedStep::Meet(on)) => Self::Meet(on),
            Self::Limited(LimitedStep::Join(other)) => Self::Join(other),
            Self::Limited(LimitedStep::Result) => Self::Result,
            step => step,
        }
    }

    /// Returns the step with a time limit, if it can have one.
    fn limited(self) -> Self {
        Self::Limited(match self {
            Self::Read(on) => LimitedStep::Read(on),
            Self::Write(on) => LimitedStep::Write(on),
            Self::Acquire(on, permits) => LimitedStep::Acquire(on, permits),
            Self::Pass(on) => LimitedStep::Pass(on),
            Self::Put(on) => LimitedStep::Put(on),
            Self::Take(on) => LimitedStep::Take(on),
            Self::Meet(on) => LimitedStep::Meet(on),
            Self::Join(other) => LimitedStep::Join(other),
            Self::Result => LimitedStep::Result,
            step => return step,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Pool {
    pub seats: usize,
    pub task: Vec<Step>,
    /// Whether a new process replaces a dead one.
    pub restarts: bool,
}

#[derive(Debug, Clone)]
pub struct Program {
    pub kinds: Vec<Kind>,
    /// Workers outside of pools, with their steps. The pools' workers follow them.
    pub workers: Vec<Vec<Step>>,
    pub pools: Vec<Pool>,
    /// Whether all workers are processes, which can die.
    pub processes: bool,
    /// Whether all workers are tasks of an event loop, whose mutexes pass in order of arrival.
    pub tasks: bool,
    /// Whether the system releases the mutexes of a process that dies.
    pub robust: bool,
    /// Mutexes of forked processes: those workers use them in place of the originals.
    pub copies: Vec<MutexCopy>,
    /// Workers that are clients of a pool in a scenario.
    pub clients: Option<Clients>,
}

/// The copy of a mutex in a forked process.
#[derive(Debug, Clone, Copy)]
pub struct MutexCopy {
    pub copy: usize,
    pub original: usize,
    pub worker: usize,
}

/// Limits of steps, workers and resources in a program.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub workers: usize,
    pub steps: usize,
    pub kinds: usize,
}

impl Program {
    pub fn new(rng: &mut Rng, size: Size) -> Self {
        let mut kinds: Vec<Kind> = (0..rng.usize(1..=size.kinds)).map(|_| kind(rng)).collect();
        if kinds.contains(&Kind::Condition) && !kinds.contains(&Kind::Mutex) {
            kinds.push(Kind::Mutex);
        }
        let workers = rng.usize(2..=size.workers);
        let pools = if rng.f64() < 0.35 { rng.usize(1..=2) } else { 0 };
        let processes = rng.f64() < 0.4;
        let robust = processes && rng.f64() < 0.6;
        let seat = |rng: &mut Rng| Pool { seats: rng.usize(1..=2), task: Vec::new(), restarts: !rng.bool() };
        let pools = (0..pools).map(|_| seat(rng)).collect();
        let mut program = Self {
            kinds,
            workers: vec![Vec::new(); workers],
            pools,
            processes,
            tasks: false,
            robust,
            copies: Vec::new(),
            clients: None,
        };
        for w in 0..workers {
            let steps = rng.usize(1..=size.steps);
            program.workers[w] = program.steps(rng, steps, w, false);
        }
        for pool in 0..program.pools.len() {
            let steps = rng.usize(..=2.min(size.steps));
            program.pools[pool].task = program.steps(rng, steps, usize::MAX, true);
        }
        program
    }

    /// Gives some of the waits a time limit.
    pub fn with_limits(mut self, rng: &mut Rng) -> Self {
        let steps = self.workers.iter_mut().chain(self.pools.iter_mut().map(|pool| &mut pool.task)).flatten();
        for step in steps.filter(|_| rng.f64() < LIMITED) {
            *step = step.limited();
        }
        self
    }

    pub fn steps(&self, rng: &mut Rng, most: usize, me: usize, is_task: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut left, mut submitted) = (most, 0);
        let mut open: Vec<(Step, usize)> = Vec::new();
        while left > 0 {
            left -= 1;
            if let Some((close, at)) = open.last().copied()
                && (rng.f64() < 0.4 || at + 3 < steps.len())
            {
                steps.push(close);
                open.pop();
            }
            let before = steps.len();
            self.step(rng, &mut steps, &mut open, (me, is_task), &mut submitted);
            if let Some((_, at)) = open.last_mut().filter(|(_, at)| *at == usize::MAX) {
                *at = before;
            }
        }
        let keeps = !self.processes && !is_task && rng.f64() < 0.1;
        while let Some((close, _)) = open.pop() {
            // A mutex can be locked without a block and kept.
            if !(keeps && matches!(close, Step::Unlock(_))) {
                steps.push(close);
            }
        }
        if self.processes && rng.f64() < if is_task { 0.15 } else { 0.25 } {
            let at = rng.usize(..=steps.len());
            // Entering the wait and waiting are one step of a scenario.
            let within = at > 0 && matches!(steps[at - 1], Step::Come { .. });
            let at = at - usize::from(within);
            steps.insert(at, Step::Abort);
            steps.truncate(at + 1);
        }
        steps
    }

    fn step(
        &self,
        rng: &mut Rng,
        steps: &mut Vec<Step>,
        open: &mut Vec<(Step, usize)>,
        (me, is_task): (usize, bool),
        submitted: &mut usize,
    ) {
        if !self.pools.is_empty() && rng.f64() < 0.45 {
            let pool = rng.usize(..self.pools.len());
            steps.push(match rng.u32(..10) {
                0..=5 => {
                    *submitted += 1;
                    Step::Submit(pool)
                }
                _ if *submitted > 0 => {
                    *submitted -= 1;
                    if is_task && rng.bool() { Step::Help } else { Step::Result }
                }
                0..=7 | 9 => return,
                _ if is_task => return,
                _ => Step::Shutdown(pool),
            });
            return;
        }
        if rng.f64() < 0.12 {
            let other = rng.usize(..self.workers.len());
            if rng.f64() < 0.25 {
                return steps.push(Step::Cancel(other));
            }
            let spawn = other > 0 && rng.bool() && other != me;
            return steps.push(if spawn { Step::Spawn(other) } else { Step::Join(other) });
        }
        let on = rng.usize(..self.kinds.len());
        let locked = open.iter().any(|(step, _)| *step == Step::Unlock(on));
        let mut begin = |step: Step, close: Step| {
            steps.push(step);
            open.push((close, usize::MAX));
        };
        match self.kinds[on] {
            Kind::Mutex if locked && rng.f64() < 0.95 => {}
            Kind::Mutex if rng.f64() < 0.2 && !locked => begin(Step::TryLock(on), Step::Unlock(on)),
            Kind::Mutex => begin(Step::Lock(on), Step::Unlock(on)),
            Kind::Rwlock(_) if rng.bool() => begin(Step::Read(on), Step::Leave(on)),
            Kind::Rwlock(_) => begin(Step::Write(on), Step::Leave(on)),
            Kind::Semaphore(permits) => match rng.u32(..8) {
                0..=1 if permits > 0 => begin(Step::Acquire(on, rng.u32(1..=permits)), Step::Return(on)),
                0..=4 => steps.push(Step::Pass(on)),
                _ => steps.push(Step::Post(on)),
            },
            Kind::Queue(_) => steps.push(match rng.u32(..10) {
                0..=4 => Step::Put(on),
                5..=8 => Step::Take(on),
                _ => Step::Close(on),
            }),
            Kind::Condition => self.condition(rng, steps, open, on),
            Kind::Event => steps.push(match rng.u32(..6) {
                0..=2 => Step::Await { on, timed: rng.f64() < 0.25 },
                3..=4 => Step::Set(on),
                _ => Step::Clear(on),
            }),
            Kind::Barrier(_) => steps.push(Step::Meet(on)),
            Kind::WaitGroup => steps.push(match rng.u32(..6) {
                0..=1 => Step::Add(on, rng.u64(1..=2)),
                2..=3 => Step::Done(on),
                _ => Step::Await { on, timed: rng.f64() < 0.25 },
            }),
            Kind::Latch(_) if rng.bool() => steps.push(Step::Done(on)),
            Kind::Latch(_) => steps.push(Step::Await { on, timed: rng.f64() < 0.25 }),
        }
    }

    /// Lets workers kill each other and drop tasks.
    pub fn add_kills(&mut self, rng: &mut Rng) {
        for w in 0..self.workers.len() {
            let mut steps = std::mem::take(&mut self.workers[w]);
            if rng.f64() < 0.6 {
                let other = rng.usize(..self.workers.len());
                insert(rng, &mut steps, Step::Kill(other));
            }
            if !self.pools.is_empty() && rng.f64() < 0.4 {
                let pool = rng.usize(..self.pools.len());
                insert(rng, &mut steps, Step::DropTasks(pool));
            }
            for step in &mut steps {
                *step = match *step {
                    Step::Cancel(other) if rng.bool() => Step::Kill(other),
                    Step::Shutdown(pool) if rng.bool() => Step::ShutdownNow(pool),
                    Step::Shutdown(pool) if rng.bool() => Step::Discard(pool),
                    step => step,
                };
            }
            self.workers[w] = steps;
        }
    }

    /// Turns a worker of threads that uses nothing but locks, queues and signals into a forked process, which has
    /// copies of all mutexes. Another one spawns it.
    pub fn add_forks(&mut self, rng: &mut Rng) {
        let fits = |step: &Step| {
            !matches!(
                step,
                Step::Come { .. }
                    | Step::Notify(_)
                    | Step::NotifyAll(_)
                    | Step::Spawn(_)
                    | Step::Join(_)
                    | Step::Cancel(_)
                    | Step::Submit(_)
                    | Step::Result
                    | Step::Shutdown(_)
                    | Step::Select { .. }
            )
        };
        let worker = rng.usize(1..self.workers.len());
        if self.processes || !self.workers[worker].iter().all(fits) {
            return;
        }
        if !self.is_spawned(worker) {
            insert(rng, &mut self.workers[0], Step::Spawn(worker));
        }
        for original in (0..self.kinds.len()).filter(|on| self.kinds[*on] == Kind::Mutex) {
            let copy = self.kinds.len() + self.copies.len();
            self.copies.push(MutexCopy { copy, original, worker });
            for step in &mut self.workers[worker] {
                *step = match *step {
                    Step::Lock(on) if on == original => Step::Lock(copy),
                    Step::TryLock(on) if on == original => Step::TryLock(copy),
                    Step::Unlock(on) if on == original => Step::Unlock(copy),
                    step => step,
                };
            }
        }
        self.kinds.extend(self.copies.iter().map(|_| Kind::Mutex));
    }

    /// Returns whether a worker is a forked process.
    pub fn is_forked(&self, worker: usize) -> bool {
        self.copies.iter().any(|copy| copy.worker == worker)
    }

    /// Returns the mutex that a step names in a scenario: of a copy, the original.
    pub fn original(&self, on: usize) -> usize {
        self.copies.iter().find(|copy| copy.copy == on).map_or(on, |copy| copy.original)
    }

    /// Gives some waits a second alternative.
    pub fn add_selects(&mut self, rng: &mut Rng) {
        for w in 0..self.workers.len() {
            self.workers[w] = self.with_selects(rng, &self.workers[w]);
        }
        for pool in 0..self.pools.len() {
            self.pools[pool].task = self.with_selects(rng, &self.pools[pool].task);
        }
    }

    fn with_selects(&self, rng: &mut Rng, steps: &[Step]) -> Vec<Step> {
        let changed = |step: &Step| {
            let first = match *step {
                Step::Take(on) if self.kinds[on] != Kind::Queue(0) || on.is_multiple_of(2) => Alternative::Take(on),
                Step::Put(on) if self.kinds[on] != Kind::Queue(0) || !on.is_multiple_of(2) => Alternative::Put(on),
                Step::Await { on, .. } if self.kinds[on] == Kind::Event => Alternative::Await(on),
                Step::Join(other) => Alternative::Join(other),
                _ => return *step,
            };
            match self.alternative(rng).filter(|_| rng.f64() < 0.6) {
                Some(other) if rng.bool() => Step::Select { first, second: other, timed: rng.f64() < 0.15 },
                Some(other) => Step::Select { first: other, second: first, timed: rng.f64() < 0.15 },
                None => *step,
            }
        };
        steps.iter().map(changed).collect()
    }

    /// Returns an alternative, if the program has a resource for one. At a queue without room, all workers with
    /// alternatives are on one side.
    fn alternative(&self, rng: &mut Rng) -> Option<Alternative> {
        if rng.f64() < 0.1 {
            return Some(Alternative::Join(rng.usize(..self.workers.len())));
        }
        let on = rng.usize(..self.kinds.len());
        match self.kinds[on] {
            Kind::Queue(0) if on.is_multiple_of(2) => Some(Alternative::Take(on)),
            Kind::Queue(0) => Some(Alternative::Put(on)),
            Kind::Queue(_) if rng.f64() < 0.6 => Some(Alternative::Take(on)),
            Kind::Queue(_) => Some(Alternative::Put(on)),
            Kind::Event => Some(Alternative::Await(on)),
            _ => None,
        }
    }

    fn condition(&self, rng: &mut Rng, steps: &mut Vec<Step>, open: &[(Step, usize)], on: usize) {
        let mutex = self.kinds.iter().position(|kind| *kind == Kind::Mutex).unwrap_or(0);
        if open.iter().filter(|(step, _)| *step == Step::Unlock(mutex)).count() == 1 {
            let timed = rng.f64() < 0.25;
            steps.extend([Step::Come { on, mutex }, Step::Stay { on, timed }, Step::Lock(mutex)]);
        } else {
            steps.push(if rng.f64() < 0.7 { Step::Notify(on) } else { Step::NotifyAll(on) });
        }
    }

    /// Returns every worker with its pool and its index in the pool, if it belongs to one.
    pub fn seats(&self) -> Vec<Option<(usize, usize)>> {
        let seats = |(pool, of): (usize, &Pool)| (0..of.seats).map(move |seat| Some((pool, seat))).collect::<Vec<_>>();
        let plain = self.workers.iter().map(|_| None);
        plain.chain(self.pools.iter().enumerate().flat_map(seats)).collect()
    }

    /// Returns the workers with their steps; for a pool's worker, the steps of a task.
    pub fn all_steps(&self) -> Vec<&[Step]> {
        let plain = self.workers.iter().map(Vec::as_slice);
        let of_pools = self.pools.iter().flat_map(|pool| (0..pool.seats).map(|_| pool.task.as_slice()));
        plain.chain(of_pools).collect()
    }

    /// Returns whether there is such a step, as it is written.
    pub fn has_written(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        self.all_steps().iter().any(|steps| steps.iter().any(&wanted))
    }

    pub fn has(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        self.all_steps().iter().any(|steps| steps.iter().any(|step| wanted(&step.plain())))
    }

    /// Returns whether a worker runs only when spawned.
    pub fn is_spawned(&self, worker: usize) -> bool {
        self.has(|step| *step == Step::Spawn(worker))
    }

    /// Returns whether other workers spawn or join a worker.
    pub fn has_life(&self, worker: usize) -> bool {
        let joins = |of: &Alternative| *of == Alternative::Join(worker);
        self.has(|step| match step {
            Step::Spawn(of) | Step::Join(of) => *of == worker,
            Step::Select { first, second, .. } => joins(first) || joins(second),
            _ => false,
        })
    }

    /// Returns whether every step that takes a permit returns it at the end of a block.
    pub fn is_scoped(&self, semaphore: usize) -> bool {
        !self.has(|step| matches!(step, Step::Pass(on) | Step::Post(on) if *on == semaphore))
    }

    /// Returns whether a worker may submit tasks, directly or through workers that it spawns.
    pub fn is_source(&self, worker: usize) -> bool {
        let submits = |steps: &[Step]| steps.iter().any(|step| matches!(step, Step::Submit(_)));
        let mut known: Vec<bool> = self.workers.iter().map(|steps| submits(steps)).collect();
        let spawns = |steps: &[Step], known: &[bool]| {
            steps.iter().any(|step| matches!(step, Step::Spawn(other) if known[*other]))
        };
        while let Some(next) = (0..known.len()).find(|w| !known[*w] && spawns(&self.workers[*w], &known)) {
            known[next] = true;
        }
        known[worker]
    }
}

/// Inserts a step where it is neither inside the wait for a condition nor behind the end of the process.
fn insert(rng: &mut Rng, steps: &mut Vec<Step>, step: Step) {
    let may = |at: &usize| {
        let before = at.checked_sub(1).map(|before| steps[before]);
        !matches!(before, Some(Step::Come { .. } | Step::Stay { .. } | Step::Abort))
    };
    let at = rng.choice((0..=steps.len()).filter(may).collect::<Vec<_>>()).unwrap_or(0);
    steps.insert(at, step);
}

fn kind(rng: &mut Rng) -> Kind {
    match rng.u32(..15) {
        0..=1 => Kind::Mutex,
        2 => Kind::Rwlock(RwPolicy::ALL[rng.usize(..3)]),
        3..=5 => Kind::Semaphore(rng.u32(..=2)),
        6 => Kind::Queue(ROOM),
        7 => Kind::Queue(0),
        8 => Kind::Condition,
        9 => Kind::Event,
        10 => Kind::Barrier(rng.u32(2..=3)),
        11..=12 => Kind::WaitGroup,
        13 => Kind::Latch(rng.u32(1..=2)),
        _ => Kind::Rwlock(RwPolicy::Fair),
    }
}
