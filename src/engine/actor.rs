//! A worker at its steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::hold::Hold;
use super::recorder::Recorder;
use super::run::Run;
use crate::platform::{exit_now, wait_for_device};
use crate::scenario::{Expr, Step, Target, Values};
use crate::trace::{EventKind, KnobId, ResourceId, Ring, State, WorkerId};

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
    held: Vec<(ResourceId, Hold)>,
    /// The worker's own copy of each counter, by resource.
    copies: Vec<i64>,
    /// Number of the pool's task it is at.
    pub(super) task: Option<u64>,
    /// Decides where a choice is left to chance.
    pub(super) dice: fastrand::Rng,
}

impl Values for Actor {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        self.place
    }
}

impl Actor {
    pub fn new(run: &'static Run, me: WorkerId, place: (u32, u32)) -> Self {
        let copies = vec![0; run.plan.cast.resources.len()];
        Self { run, me, place, pen: run.recorder(me), held: Vec::new(), copies, task: None, dice: fastrand::Rng::new() }
    }

    pub const fn me(&self) -> WorkerId {
        self.me
    }

    pub fn ring(&self) -> Ring<'static> {
        self.run.board.ring(self.me)
    }

    /// Whether it was asked to end.
    pub fn asked_to_end(&self) -> bool {
        self.ring().asked_to_end()
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
        while let Some((lock, hold)) = self.held.pop() {
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
            Step::Lock { target, body } => {
                let lock = self.target(target);
                self.take(lock);
                self.steps(body)?;
                self.release(lock);
            }
            Step::TryLock { target, timeout, body, otherwise } => {
                let lock = self.target(target);
                if self.take_within(lock, timeout) {
                    self.steps(body)?;
                    self.release(lock);
                } else {
                    self.steps(otherwise)?;
                }
            }
            Step::Take(target) => {
                let lock = self.target(target);
                self.take(lock);
            }
            Step::Release(target) => {
                let lock = self.target(target);
                self.release(lock);
            }
            Step::Acquire { target, permits, body } => self.with_permits(target, permits, body)?,
            Step::Down(target) => self.down(target),
            Step::Up(target) => self.up(target),
            Step::Read { target, body } => self.read(target, body)?,
            Step::Write { target, body } => self.write(target, body)?,
            Step::Load(target) => {
                let counter = self.target(target);
                self.copies[counter.index()] = self.cell(counter).load(Ordering::Relaxed) as i64;
            }
            Step::Store { target, add } => self.store(target, *add),
            Step::Add { target, by } => self.add(target, *by),
            Step::Queue(step) => self.queue_step(step)?,
            Step::Signal(step) => self.signal_step(step),
            Step::If { question, body, otherwise } => {
                let holds = self.holds(question);
                self.steps(if holds { body } else { otherwise })?;
            }
            Step::While { question, body } => {
                while self.holds(question) {
                    self.again(body)?;
                }
            }
            Step::Repeat { times, body } => {
                for _ in 0..times.eval(self) as u64 {
                    self.again(body)?;
                }
            }
            Step::Forever(body) => loop {
                self.again(body)?;
            },
            Step::When { knob, is, body, otherwise } => {
                let stands = (self.run.knob(*knob) - is).abs() < 0.5e-9_f64.max(is.abs() * 1e-12);
                self.steps(if stands { body } else { otherwise })?;
            }
            Step::Choose(ways) => self.choose(ways)?,
            Step::Thumbnail { sizes } => self.thumbnail(sizes)?,
            Step::Real(work) => self.real(work)?,
            Step::Panic(message) => panic!("{message}"),
            Step::Abort => std::process::abort(),
            Step::Exit(code) => exit_now(i32::from(*code)),
        }
        Ok(())
    }

    /// Whether to leave the steps. A task that was begun is done: its worker ends after it.
    fn must_leave(&self) -> bool {
        self.task.is_none() && self.asked_to_end()
    }

    /// One turn of a loop, unless it must leave.
    pub(super) fn again(&mut self, body: &[Step]) -> Flow {
        if self.must_leave() { Err(Halt::Asked) } else { self.steps(body) }
    }

    fn compute(&self, nanos: &Expr) {
        self.run.work.compute(nanos.eval(self), || self.must_leave());
    }

    fn sleep(&mut self, nanos: &Expr) {
        let nanos = nanos.eval(self) as u64;
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

    fn has(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }

    pub(super) fn take(&mut self, id: ResourceId) {
        if let Some(lock) = self.run.lock(id) {
            let again = self.has(id).then(|| lock.again()).flatten();
            let held = again.unwrap_or_else(|| lock.take(id, &mut self.pen));
            self.keep(id, Hold::Lock(held));
        }
    }

    /// Takes a lock in time, or not.
    fn take_within(&mut self, id: ResourceId, timeout: &Expr) -> bool {
        let Some(lock) = self.run.lock(id) else { return true };
        let limit = Duration::from_nanos(timeout.eval(self) as u64);
        let again = self.has(id).then(|| lock.again()).flatten();
        let held = again.or_else(|| lock.take_within(limit, id, &mut self.pen));
        let had = held.is_some();
        self.held.extend(held.map(|held| (id, Hold::Lock(held))));
        had
    }

    /// Gives a lock back; whether it was held.
    pub(super) fn release(&mut self, id: ResourceId) -> bool {
        let found = self.held.iter().rposition(|(held, _)| *held == id);
        if let Some(i) = found {
            let (_, held) = self.held.remove(i);
            held.give_back(id, &mut self.pen);
        }
        found.is_some()
    }

    fn cell(&self, counter: ResourceId) -> &'static AtomicU64 {
        self.run.counter(counter)
    }

    /// Load and store apart, as unsynchronised code has it: what others wrote between is lost.
    fn store(&mut self, target: &Target, delta: i8) {
        let counter = self.target(target);
        let value = self.copies[counter.index()].wrapping_add(i64::from(delta));
        self.copies[counter.index()] = value;
        self.cell(counter).store(value as u64, Ordering::Relaxed); // Relaxed: plain code has no order either
        self.added(counter, delta, value);
    }

    fn add(&mut self, target: &Target, delta: i8) {
        let counter = self.target(target);
        let delta_word = i64::from(delta) as u64; // two's complement: adding wraps as it should
        let before = self.cell(counter).fetch_add(delta_word, Ordering::Relaxed) as i64;
        self.added(counter, delta, before.wrapping_add(i64::from(delta)));
    }

    fn added(&mut self, counter: ResourceId, delta: i8, value: i64) {
        let value = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let at = self.pen.now();
        self.pen.write(at, EventKind::Added { counter, delta, value });
    }
}
