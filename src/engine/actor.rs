//! A worker at its steps.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::hold::Hold;
use super::recorder::Recorder;
use super::run::Run;
use super::steps::Promises;
use crate::platform::{exit_now, wait_for_device};
use crate::scenario::{Expr, Step, Target, Values};
use crate::trace::{KnobId, ResourceId, Ring, State, WorkerId};

/// Why a worker does not go on with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// It was asked to end.
    Asked,
    /// There is nothing more to come: the queue it takes from is closed.
    Finished,
    /// A step failed; says what and why.
    Failed(String),
}

pub type Flow = Result<(), Halt>;

/// One worker: what it holds, and where it stands.
#[derive(Debug)]
pub struct Actor {
    pub(super) run: &'static Run,
    me: WorkerId,
    place: (u32, u32),
    pub pen: Recorder<'static>,
    pub(super) held: Vec<(ResourceId, Hold)>,
    /// The worker's own copy of each counter, by resource.
    pub(super) copies: Vec<i64>,
    /// Number of the pool's task it is at.
    pub(super) task: Option<u64>,
    /// Results it was promised.
    pub(super) promises: Promises,
}

impl Values for Actor {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        self.place
    }
    fn task(&self) -> u64 {
        self.task.unwrap_or(0)
    }
    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}

/// What a worker was at when it began a task.
#[derive(Debug)]
pub struct Outer {
    task: Option<u64>,
    promises: Promises,
    held: usize,
}

impl Actor {
    pub fn new(run: &'static Run, me: WorkerId, place: (u32, u32)) -> Self {
        let copies = vec![0; run.plan.cast.resources.len()];
        let (held, promises) = (Vec::new(), Promises::new());
        Self { run, me, place, pen: run.recorder(me), held, copies, task: None, promises }
    }

    pub const fn me(&self) -> WorkerId {
        self.me
    }

    pub fn ring(&self) -> Ring<'static> {
        self.run.board.ring(self.me)
    }

    /// Its position in its group, from 0.
    pub const fn index(&self) -> u32 {
        self.place.0
    }

    /// Whether it was asked to end.
    pub fn asked_to_end(&self) -> bool {
        self.ring().asked_to_end()
    }

    /// Begins a task: what it holds and waits for is that task's until it leaves it.
    pub fn enter_task(&mut self, number: u64) -> Outer {
        let (task, promises) = (self.task.replace(number), std::mem::take(&mut self.promises));
        Outer { task, promises, held: self.held.len() }
    }

    /// Leaves a task with all that it still has.
    pub fn leave_task(&mut self, outer: Outer) {
        self.let_go_down_to(outer.held);
        self.forget_results();
        (self.task, self.promises) = (outer.task, outer.promises);
    }

    /// Remembers what it has, so that it is given back whatever happens.
    pub(super) fn keep(&mut self, id: ResourceId, hold: Hold) {
        self.held.push((id, hold));
    }

    /// Gives back every lock it still holds, newest first.
    pub fn let_go(&mut self) {
        self.let_go_down_to(0);
    }

    /// Gives back every lock it took since it held so many, newest first.
    pub(super) fn let_go_down_to(&mut self, held: usize) {
        while self.held.len() > held
            && let Some((lock, hold)) = self.held.pop()
        {
            hold.give_back(lock, &mut self.pen);
        }
    }

    pub fn steps(&mut self, steps: &[Step]) -> Flow {
        steps.iter().try_for_each(|step| if self.is_cut_off() { Err(Halt::Asked) } else { self.step(step) })
    }

    fn step(&mut self, step: &Step) -> Flow {
        match step {
            Step::Compute(nanos) => self.compute(nanos),
            Step::Sleep(nanos) => self.sleep(nanos),
            Step::Io(nanos) => self.io(nanos)?,
            Step::Lock { target, body } => self.with_lock(target, body)?,
            Step::TryLock { target, timeout, body, otherwise } => self.try_lock(target, timeout, body, otherwise)?,
            Step::Take(target) => self.take(self.target(target)),
            Step::Release(target) => drop(self.release(self.target(target))),
            Step::Acquire { target, permits, body } => self.with_permits(target, permits, body)?,
            Step::Down(target) => self.down(target),
            Step::Up(target) => self.up(target),
            Step::Read { target, body } => self.read(target, body)?,
            Step::Write { target, body } => self.write(target, body)?,
            Step::Load(target) => self.load(target),
            Step::Store { target, add } => self.store(target, *add),
            Step::Add { target, by } => self.add(target, *by),
            Step::AddMany { target, by, times } => self.add_many(target, *by, times),
            Step::Queue(step) => self.queue_step(step)?,
            Step::Signal(step) => self.signal_step(step),
            Step::Pool(step) => self.pool_step(step)?,
            Step::Allocate { bytes, body } => self.with_memory(bytes, body)?,
            Step::Life(step) => self.life_step(step)?,
            Step::If { question, body, otherwise } => {
                self.steps(if self.holds(question) { body } else { otherwise })?;
            }
            Step::While { question, body } => self.while_holds(question, body)?,
            Step::Repeat { times, body } => self.repeat(times, body)?,
            Step::Forever(body) => loop {
                self.again(body)?;
            },
            Step::When { knob, is, body, otherwise } => {
                self.steps(if self.stands(*knob, *is) { body } else { otherwise })?;
            }
            Step::Choose(ways) => self.choose(ways)?,
            Step::Thumbnail { sizes } => self.thumbnail(sizes)?,
            Step::Real(work) => self.real(work)?,
            Step::Attempt(attempt) => self.attempt(attempt)?,
            Step::Panic(message) => panic!("{message}"),
            Step::Abort => std::process::abort(),
            Step::Exit(code) => exit_now(i32::from(*code)),
        }
        Ok(())
    }

    /// Whether to leave the steps. A task that was begun is done, and its worker ends after it, unless it is cut off.
    pub(super) fn must_leave(&self) -> bool {
        self.asked_to_end() && (self.task.is_none() || self.ring().is_cut_off())
    }

    fn is_cut_off(&self) -> bool {
        self.task.is_some() && self.ring().is_cut_off()
    }

    fn compute(&self, nanos: &Expr) {
        self.run.work.compute(nanos.eval(self), || self.must_leave());
    }

    fn sleep(&mut self, nanos: &Expr) {
        self.pause(nanos.eval(self));
    }

    /// Sleeps on purpose.
    pub(super) fn pause(&mut self, nanos: f64) {
        let nanos = nanos as u64;
        if nanos > 0 {
            self.pen.block(State::Sleep, None);
            let Ok(()) = self.in_slices(nanos, |slice| {
                std::thread::sleep(slice);
                Ok::<(), Infallible>(())
            });
            self.pen.resume();
        }
    }

    fn io(&mut self, nanos: &Expr) -> Flow {
        let nanos = nanos.eval(self) as u64;
        if nanos == 0 {
            return Ok(());
        }
        self.pen.block(State::Io, None);
        let waited = self.in_slices(nanos, |slice| wait_for_device(slice.as_nanos() as u64));
        self.pen.resume();
        waited.map_err(|e| Halt::Failed(format!("waiting for a device: {e}")))
    }

    /// Waits `nanos` in all; in a task slice by slice, unless it is cut off before.
    fn in_slices<E>(&self, nanos: u64, wait: impl Fn(Duration) -> Result<(), E>) -> Result<(), E> {
        if self.task.is_none() {
            return wait(Duration::from_nanos(nanos));
        }
        let until = Instant::now() + Duration::from_nanos(nanos);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_cut_off() {
                return Ok(());
            }
            wait(left.min(SLICE))?;
        }
    }

    pub(super) fn target(&self, target: &Target) -> ResourceId {
        self.run.plan.member(target.resource, target.at.as_ref().map_or(0.0, |at| at.eval(self)))
    }

    pub(super) fn has(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }
}

/// Longest wait in a task after which it is asked whether it was cut off.
const SLICE: Duration = Duration::from_millis(20);
