//! A simulator of the engine's primitives: which worker can move, and which events its moves record.

mod limits;
mod lives;
mod locks;
mod pools;
mod queues;
mod selects;
mod signals;

use std::collections::VecDeque;

use contend::trace::{DeathCause, EventKind, ExitKind, Grant, ResourceId, State};

pub use self::lives::life;
pub use self::pools::{PoolState, queue_of, results_of};
use crate::explorer::program::{Kind, Program, Step};

/// A recorded event, or the notice of a worker's death.
#[derive(Debug, Clone)]
pub enum Record {
    Event(EventKind),
    Died(DeathCause),
}

/// The receiver of recorded events and deaths.
pub trait EventSink {
    fn receive(&mut self, worker: usize, record: Record);
}

/// A receiver that drops everything.
pub struct NullSink;

impl EventSink for NullSink {
    fn receive(&mut self, _: usize, _: Record) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not spawned, or ended.
    Out,
    /// Spawned, but not begun.
    Asked,
    /// Ready for its next step.
    Runs,
    /// Waiting at its step.
    Waits,
}

/// A resource held, with one grant for each permit taken at once.
pub type Held = (usize, Vec<Grant>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one worker")]
pub struct Worker {
    pub phase: Phase,
    pub pc: usize,
    life: u64,
    pub held: Vec<Held>,
    /// Its ticket at the resource that it waits for or is about to wait for.
    ticket: u64,
    /// Writers and readers that came to the rwlock earlier; and how many must go in first.
    before: (u64, u64),
    need: (u64, u64),
    /// The life whose end it waits for.
    joins: u64,
    /// How many times each alternative had been set, or the number of its life, when the wait for both began.
    seen: (u64, u64),
    promises: VecDeque<(usize, u64)>,
    /// The number of the result that its current task has promised, 0 if no submitter waits for it. Only workers of
    /// pools have one.
    task: Option<u64>,
    /// The tasks around the current one, outermost first.
    outer: Vec<OuterTask>,
    /// Whether it was cancelled, and whether a wait of it ended because of that.
    cancelled: bool,
    noticed: bool,
    /// Whether it was cancelled to keep what it holds.
    killed: bool,
    /// Whether its wait for a result also ends when there is a task to run.
    helps: bool,
}

/// A task that waits for a result while its worker runs another task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OuterTask {
    task: Option<u64>,
    pc: usize,
    promises: VecDeque<(usize, u64)>,
    held_count: usize,
}

/// The state of one resource. The meaning of the fields depends on its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Words {
    holders: Vec<usize>,
    grants: u64,
    free: u64,
    readers: u64,
    writer: bool,
    came: (u64, u64),
    went: (u64, u64),
    left: (u64, u64),
    let_in: u64,
    orphaned: bool,
    /// The tasks that wait for a mutex, in order, and whether each was killed; and the task that has got it since.
    line: VecDeque<(usize, bool)>,
    handed: Option<usize>,
    depth: u32,
    closed: bool,
    put: u32,
    taken: u32,
    /// At a queue without room: workers that wait to put and to take, and how many of each were served.
    waiting_for_taker: u32,
    waiting_for_item: u32,
    collected: u32,
    handed_over: u32,
    waiting: u64,
    signals: u64,
    next: u64,
    limit: u64,
    heard: u64,
    /// Whether an event is set, the number of workers that have arrived at a barrier, or the count of a wait group.
    set: u64,
    /// Changes of the count of a wait group, and how many of them ended at 0.
    changes: (u32, u64),
    /// How many times an event was set.
    set_count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub workers: Vec<Worker>,
    pub words: Vec<Words>,
    pub pools: Vec<PoolState>,
    /// Unfinished tasks, and workers that may still submit tasks.
    alive: u64,
    sources: Vec<bool>,
}

/// A running program: its state, and the receiver of its events.
pub struct Scene<'a> {
    pub program: &'a Program,
    pub world: &'a mut World,
    pub sink: &'a mut dyn EventSink,
}

fn id(resource: usize) -> ResourceId {
    ResourceId::from(resource)
}

impl World {
    pub fn new(program: &Program, sink: &mut dyn EventSink) -> Self {
        let seats = program.seats();
        let fresh = |phase| Worker {
            phase,
            pc: 0,
            life: 0,
            held: Vec::new(),
            ticket: 0,
            before: (0, 0),
            need: (0, 0),
            joins: 0,
            seen: (0, 0),
            promises: VecDeque::new(),
            task: None,
            outer: Vec::new(),
            cancelled: false,
            noticed: false,
            killed: false,
            helps: false,
        };
        let words = |kind: &Kind| Words {
            free: if let Kind::Semaphore(permits) = kind { u64::from(*permits) } else { 0 },
            set: if let Kind::Latch(initial) = kind { u64::from(*initial) } else { 0 },
            ..Words::default()
        };
        let spawned = |w: usize| w < program.workers.len() && program.is_spawned(w);
        let sources: Vec<bool> =
            (0..program.workers.len()).map(|w| program.is_source(w) && !program.is_spawned(w)).collect();
        let mut world = Self {
            workers: (0..seats.len()).map(|_| fresh(Phase::Out)).collect(),
            words: program.kinds.iter().map(words).collect(),
            pools: program.pools.iter().map(|pool| PoolState::new(pool.seats)).collect(),
            alive: sources.iter().filter(|source| **source).count() as u64,
            sources,
        };
        let mut scene = Scene { program, world: &mut world, sink };
        for w in (0..seats.len()).filter(|w| !spawned(*w)) {
            scene.begin(w);
        }
        world
    }

    /// Returns the workers that can move now.
    pub fn movable(&self, program: &Program) -> Vec<usize> {
        (0..self.workers.len()).filter(|w| self.can_move(program, *w)).collect()
    }

    fn can_move(&self, program: &Program, w: usize) -> bool {
        match self.workers[w].phase {
            Phase::Out => false,
            Phase::Asked | Phase::Runs => true,
            Phase::Waits => self.is_timed(program, w) || self.is_interrupted(program, w) || self.is_over(program, w),
        }
    }

    /// Returns the workers in a life.
    pub fn left(&self) -> Vec<usize> {
        (0..self.workers.len()).filter(|w| self.workers[*w].phase != Phase::Out).collect()
    }

    pub fn step_of(&self, program: &Program, w: usize) -> Option<Step> {
        self.written_step(program, w).map(Step::plain)
    }

    /// Returns the next step of a worker, with its time limit.
    fn written_step(&self, program: &Program, w: usize) -> Option<Step> {
        let steps = program.workers.get(w);
        let steps = steps.or_else(|| program.seats()[w].map(|(pool, _)| &program.pools[pool].task))?;
        steps.get(self.workers[w].pc).copied()
    }

    fn is_timed(&self, program: &Program, w: usize) -> bool {
        let idle = self.is_idle(program, w);
        let step = self.written_step(program, w).filter(|_| !idle);
        let timed = matches!(
            step,
            Some(
                Step::TryLock(_)
                    | Step::Stay { timed: true, .. }
                    | Step::Await { timed: true, .. }
                    | Step::Select { timed: true, .. }
            )
        );
        timed || self.is_limited(program, w)
    }

    fn is_limited(&self, program: &Program, w: usize) -> bool {
        !self.is_idle(program, w) && matches!(self.written_step(program, w), Some(Step::Limited(_)))
    }

    /// Returns whether a worker is cancelled and waits in a step that notices it.
    fn is_interrupted(&self, program: &Program, w: usize) -> bool {
        let notices = |step: Step| {
            matches!(
                step,
                Step::Read(_)
                    | Step::Write(_)
                    | Step::Acquire(..)
                    | Step::Pass(_)
                    | Step::Put(_)
                    | Step::Take(_)
                    | Step::Stay { .. }
                    | Step::Await { .. }
                    | Step::Meet(_)
                    | Step::Join(_)
                    | Step::Result
                    | Step::Select { .. }
                    | Step::Spawn(_)
                    | Step::Submit(_)
                    | Step::Shutdown(_)
                    | Step::ShutdownNow(_)
                    | Step::Discard(_)
            ) || program.tasks && matches!(step, Step::Lock(_) | Step::TryLock(_))
        };
        self.workers[w].cancelled && !self.is_idle(program, w) && self.step_of(program, w).is_some_and(notices)
    }

    /// Returns whether a worker has unlocked the mutex of a condition to wait, or locks it again: both belong to its
    /// wait, which is the first to notice a cancellation.
    fn is_inside_wait(&self, program: &Program, w: usize) -> bool {
        let before = self.workers[w].pc.checked_sub(1).and_then(|at| program.workers.get(w)?.get(at));
        matches!(before, Some(Step::Come { .. } | Step::Stay { .. }))
    }

    /// Returns whether the condition that a worker waits for is met.
    fn is_over(&self, program: &Program, w: usize) -> bool {
        let words = |on: usize| &self.words[on];
        if self.is_idle(program, w) {
            return self.task_is_there(program, w);
        }
        match self.step_of(program, w) {
            Some(Step::Lock(on) | Step::TryLock(on)) if program.tasks => words(on).handed == Some(w),
            Some(Step::Lock(on) | Step::TryLock(on)) => words(on).holders.is_empty(),
            Some(Step::Read(on)) => self.may_read(program, on, &self.workers[w]),
            Some(Step::Write(on)) => self.may_write(program, on, &self.workers[w]),
            Some(Step::Acquire(on, permits)) => words(on).free >= u64::from(permits),
            Some(Step::Pass(on)) => words(on).free >= 1,
            Some(Step::Put(on)) => self.may_put(program, on),
            Some(Step::Take(on)) => self.may_take(program, on),
            Some(Step::Stay { on, .. } | Step::Await { on, .. } | Step::Meet(on)) => {
                words(on).signals > 0 && self.workers[w].ticket < words(on).limit
            }
            Some(Step::Select { first, second, .. }) => self.is_select_over(program, w, (first, second)),
            Some(Step::Spawn(other) | Step::Join(other)) => !self.lives(other, self.workers[w].joins),
            Some(Step::Submit(pool)) => !self.is_full(pool),
            Some(Step::Result) => self.result_is_there(w),
            Some(Step::Help) => self.result_is_there(w) || self.workers[w].helps && self.task_is_there(program, w),
            Some(Step::Shutdown(pool) | Step::ShutdownNow(pool) | Step::Discard(pool)) => self.pools[pool].open == 0,
            _ => true,
        }
    }
}

impl Scene<'_> {
    fn record(&mut self, w: usize, event: EventKind) {
        self.sink.receive(w, Record::Event(event));
    }

    fn next(&mut self, w: usize) {
        self.world.workers[w].phase = Phase::Runs;
        self.world.workers[w].pc += 1;
    }

    /// Records these events and begins to wait.
    fn waits(&mut self, w: usize, events: impl IntoIterator<Item = EventKind>) {
        self.world.workers[w].phase = Phase::Waits;
        events.into_iter().for_each(|event| self.record(w, event));
    }

    fn blocks(&mut self, w: usize, state: State, on: usize) {
        let tried = self.world.is_limited(self.program, w).then_some(EventKind::TimedAttempt { lock: id(on) });
        self.waits(w, tried.into_iter().chain([EventKind::Blocked { state, on: Some(id(on)) }]));
    }

    /// Moves one worker: it begins, does a step, begins to wait, or ends its wait.
    pub fn step(&mut self, w: usize) {
        let waited = self.world.workers[w].phase == Phase::Waits;
        if self.world.workers[w].phase == Phase::Asked {
            return self.begin(w);
        }
        if self.world.is_idle(self.program, w) {
            return self.seek_task(w, waited);
        }
        let (is_plain, step) = (w < self.program.workers.len(), self.world.step_of(self.program, w));
        let ends = self.world.workers[w].cancelled && !waited && !self.world.is_inside_wait(self.program, w);
        if is_plain && ends && (step.is_some() || self.world.workers[w].noticed) {
            return self.end_cancelled(w);
        }
        let Some(step) = step else {
            return if w < self.program.workers.len() { self.end(w, ExitKind::Finished) } else { self.end_task(w) };
        };
        let is_interrupted = waited && self.world.is_interrupted(self.program, w);
        if waited && !self.world.is_over(self.program, w) && (is_interrupted || self.world.is_limited(self.program, w))
        {
            self.world.workers[w].noticed |= is_interrupted;
            if !matches!(step, Step::Stay { .. } | Step::Await { .. }) {
                return self.give_up(w, step);
            }
        }
        match step {
            Step::Lock(on) | Step::TryLock(on) if self.program.tasks => {
                self.lock_in_line(w, on, waited, matches!(step, Step::TryLock(_)));
            }
            Step::Lock(on) | Step::TryLock(on) => self.lock(w, on, waited, matches!(step, Step::TryLock(_))),
            Step::Unlock(on) | Step::Leave(on) | Step::Return(on) => {
                self.give_back(w, on);
                self.next(w);
            }
            Step::Read(on) => self.enter(w, on, waited, true),
            Step::Write(on) => self.enter(w, on, waited, false),
            Step::Acquire(on, permits) => self.acquire(w, on, waited, Some(permits)),
            Step::Pass(on) => self.acquire(w, on, waited, None),
            Step::Post(on) => {
                self.world.words[on].free += 1;
                self.record(w, EventKind::SemaphorePosted { lock: id(on) });
                self.next(w);
            }
            Step::Put(on) => self.put(w, on, waited),
            Step::Take(on) => self.take(w, on, waited),
            Step::Close(on) => {
                self.world.words[on].closed = true;
                self.record(w, EventKind::Closed { queue: id(on) });
                self.next(w);
            }
            Step::Come { on, mutex } => self.come(w, on, mutex),
            Step::Stay { on, timed } => self.stay(w, on, timed, waited),
            Step::Notify(on) => self.signal(w, on, 1),
            Step::NotifyAll(on) => self.signal(w, on, u64::MAX),
            Step::Set(on) => {
                self.world.words[on].set = 1;
                self.world.words[on].set_count += 1;
                self.signal(w, on, u64::MAX);
            }
            Step::Clear(on) => {
                self.world.words[on].set = 0;
                self.next(w);
            }
            Step::Await { on, timed } => self.await_event(w, on, timed, waited),
            Step::Meet(on) => self.meet(w, on, waited),
            Step::Add(on, more) => self.count(w, on, self.world.words[on].set + more),
            Step::Done(on) => match self.world.words[on].set {
                0 => self.next(w),
                count => self.count(w, on, count - 1),
            },
            Step::Select { first, second, timed } => self.select(w, (first, second), timed, waited),
            Step::Spawn(other) => self.spawn(w, other, waited),
            Step::Cancel(other) => {
                let nth = self.world.workers[other].life;
                self.record(w, EventKind::Cancels { worker: other.into(), nth, kills: false });
                let other = &mut self.world.workers[other];
                (other.cancelled, other.killed) = (other.cancelled || other.phase != Phase::Out, false);
                self.next(w);
            }
            Step::Kill(other) => self.kill(w, other),
            Step::DropTasks(pool) => {
                self.drop_tasks(w, pool, true);
                self.next(w);
            }
            Step::Join(other) => self.join(w, other, waited),
            Step::Submit(pool) => self.submit(w, pool, waited),
            Step::Result => self.result(w, waited),
            Step::Help => self.help(w, waited),
            Step::Shutdown(pool) | Step::ShutdownNow(pool) | Step::Discard(pool) => {
                self.shut_down(w, (pool, step), waited);
            }
            Step::Abort => self.die(w),
            Step::Limited(_) => unreachable!("a step without its limit"),
        }
    }
}
