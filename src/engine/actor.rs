//! A worker at its steps.

use std::time::Duration;

use super::hold::Hold;
use super::recorder::Recorder;
use super::run::Run;
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
    /// Number of the task that spawned it.
    pub(super) given: Option<u64>,
}

impl Values for Actor {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        self.place
    }
    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}

impl Actor {
    pub fn new(run: &'static Run, me: WorkerId, place: (u32, u32)) -> Self {
        let copies = vec![0; run.plan.cast.resources.len()];
        Self { run, me, place, pen: run.recorder(me), held: Vec::new(), copies, task: None, given: None }
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

    /// Number of the task whose file it works on: its own, or that of whoever spawned it.
    pub(super) fn file(&self) -> Option<u64> {
        self.task.or(self.given)
    }

    /// Does a task: the pool's steps, with the task's file if there is one.
    pub fn task(&mut self, number: u64, steps: &[Step]) -> Flow {
        self.task = Some(number);
        let flow = self.steps(steps);
        self.let_go();
        self.task = None;
        flow
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
        steps.iter().try_for_each(|step| self.step(step))
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

    /// Whether to leave the steps. A task that was begun is done: its worker ends after it.
    pub(super) fn must_leave(&self) -> bool {
        self.task.is_none() && self.asked_to_end()
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
            std::thread::sleep(Duration::from_nanos(nanos));
            self.pen.resume();
        }
    }

    fn io(&mut self, nanos: &Expr) -> Flow {
        let nanos = nanos.eval(self) as u64;
        if nanos == 0 {
            return Ok(());
        }
        self.pen.block(State::Io, None);
        let waited = wait_for_device(nanos);
        self.pen.resume();
        waited.map_err(|e| Halt::Failed(format!("waiting for a device: {e}")))
    }

    pub(super) fn target(&self, target: &Target) -> ResourceId {
        self.run.plan.member(target.resource, target.at.as_ref().map_or(0.0, |at| at.eval(self)))
    }

    pub(super) fn has(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }
}
