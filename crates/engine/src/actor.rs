//! A worker at its steps.
//!
//! The steps are written once, as async functions. On a thread every wait in them blocks, so they are over when they
//! return; a task gives its thread back at each wait, and goes on when its loop polls it again.

use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::block_on::block_on;
use super::ends::Had;
use super::hold::Hold;
use super::nested::end_nested;
use super::plan::Part;
use super::process::finish;
use super::recorder::Recorder;
use super::run::Run;
use super::steps::{BUDGET, Polls, Promises};
use contend_platform::exit_now;
use contend_scenario::{Step, Target, Values};
use contend_trace::{How, KnobId, PoolId, ResourceId, Ring, WorkerId, WorkerKind};

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

/// The steps of a block: on a thread done already, of a task on the heap, where a task keeps where it stands.
pub enum Body<'a> {
    Done(std::future::Ready<Flow>),
    Begun(Pin<Box<dyn Future<Output = Flow> + Send + 'a>>),
}

impl Future for Body<'_> {
    type Output = Flow;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Flow> {
        match &mut *self {
            Self::Done(flow) => Pin::new(flow).poll(context),
            Self::Begun(steps) => steps.as_mut().poll(context),
        }
    }
}

/// One worker: what it holds, and where it stands.
#[derive(Debug)]
pub struct Actor {
    pub(super) run: &'static Run,
    me: WorkerId,
    place: (u32, u32),
    pub pen: Recorder<'static>,
    pub(super) held: Vec<(ResourceId, Hold)>,
    /// What of it was taken without a block: only an `unlock` gives it back.
    pub(super) bare: Vec<ResourceId>,
    /// The worker's own copy of each counter, by resource.
    pub(super) copies: Vec<i64>,
    /// Number of the pool's task it is at.
    pub(super) task: Option<u64>,
    /// The pool of that task.
    pool: Option<PoolId>,
    /// How many tasks it is at that it does for itself, one inside another.
    pub(super) inside: usize,
    /// Results it was promised.
    pub(super) promises: Promises,
    /// Number of the task that spawned it.
    pub(super) given: Option<u64>,
    /// Its ends of pipes, and its connection to the manager. They are closed with it.
    pub(super) ends: Had,
    /// That connection, once it was used.
    pub(super) manager: Option<UnixStream>,
    /// How many more times a task may take what is there before it lets the others go on.
    pub(super) budget: u32,
    /// Looks in a row that led to nothing.
    pub(super) polls: Polls,
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
    pool: Option<PoolId>,
    promises: Promises,
    held: usize,
}

impl Actor {
    pub fn new(run: &'static Run, me: WorkerId, place: (u32, u32)) -> Self {
        let copies = vec![0; run.plan.cast.resources.len()];
        let (pen, ends) = (run.recorder(me), run.ends_of(me));
        Self {
            run,
            me,
            place,
            pen,
            held: Vec::new(),
            bare: Vec::new(),
            copies,
            task: None,
            pool: None,
            inside: 0,
            promises: Promises::new(),
            given: None,
            ends,
            manager: None,
            budget: BUDGET,
            polls: Polls::default(),
        }
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

    /// Begins a task: what it holds and waits for is that task's until it leaves it.
    pub fn enter_task(&mut self, pool: PoolId, number: u64) -> Outer {
        let (task, promises) = (self.task.replace(number), std::mem::take(&mut self.promises));
        Outer { task, pool: self.pool.replace(pool), promises, held: self.held.len() }
    }

    /// Leaves a task with all that it still has.
    pub fn leave_task(&mut self, outer: Outer) {
        self.let_go_down_to(outer.held);
        self.forget_results();
        (self.task, self.pool, self.promises) = (outer.task, outer.pool, outer.promises);
    }

    /// Remembers what it has, so that it is given back whatever happens.
    pub(super) fn keep(&mut self, id: ResourceId, hold: Hold) {
        self.held.push((id, hold));
    }

    /// Gives back every lock it still holds, newest first.
    pub fn let_go(&mut self) {
        self.let_go_down_to(0);
    }

    /// The end of its steps, or of itself. What it took without a block stays taken, and whoever wants it waits in vain,
    /// unless it is a lock of processes: those the system takes back.
    pub fn abandon(&mut self) {
        while let Some((lock, hold)) = self.held.pop() {
            if self.bare.contains(&lock) {
                std::mem::forget(hold);
            } else {
                hold.give_back(lock, &mut self.pen);
            }
        }
    }

    /// Gives back every lock it took since it held so many, newest first.
    pub(super) fn let_go_down_to(&mut self, held: usize) {
        while self.held.len() > held
            && let Some((lock, hold)) = self.held.pop()
        {
            hold.give_back(lock, &mut self.pen);
            self.not_bare(lock);
        }
    }

    /// It was given back, and what is taken next may be taken otherwise.
    pub(super) fn not_bare(&mut self, id: ResourceId) {
        if let Some(i) = self.bare.iter().rposition(|bare| *bare == id) {
            self.bare.remove(i);
        }
    }

    /// Does steps that block the thread whenever they wait, also if it is a loop's.
    pub fn steps(&mut self, steps: &[Step]) -> Flow {
        let blocked = self.pen.set_blocking(true);
        let flow = block_on(self.follow(steps));
        self.pen.set_blocking(blocked);
        flow
    }

    /// Does the steps of a block.
    pub fn body<'s>(&'s mut self, steps: &'s [Step]) -> Body<'s> {
        if self.pen.is_on_loop() {
            Body::Begun(Box::pin(self.follow(steps)))
        } else {
            Body::Done(std::future::ready(self.steps(steps)))
        }
    }

    async fn follow(&mut self, steps: &[Step]) -> Flow {
        for step in steps {
            self.step(step).await?;
            if self.is_cut_off() {
                return Err(Halt::Asked); // and the step may have ended early
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Flow {
        self.count_polls_over(step);
        match step {
            Step::Compute(nanos) => self.compute(nanos),
            Step::Sleep(nanos) => self.sleep(nanos).await,
            Step::Io(nanos) => self.io(nanos).await?,
            Step::Lock { target, body } => self.with_lock(target, body).await?,
            Step::TryLock { target, timeout, body, otherwise } => {
                self.try_lock(target, timeout, body, otherwise).await?;
            }
            Step::Take(target) => self.take_bare(self.target(target)).await,
            Step::Release(target) => self.release_bare(self.target(target)),
            Step::Acquire { target, permits, body } => self.with_permits(target, permits, body).await?,
            Step::Down(target) => self.down(target).await,
            Step::Up(target) => self.up(target),
            Step::Read { target, body } => self.read(target, body).await?,
            Step::Write { target, body } => self.write(target, body).await?,
            Step::Load(target) => self.load(target)?,
            Step::Store { target, add } => self.store(target, *add)?,
            Step::Add { target, by } => self.add(target, *by)?,
            Step::AddMany { target, by, times } => self.add_many(target, *by, times)?,
            Step::Queue(step) => self.queue_step(step).await?,
            Step::Pipe(step) => self.pipe_step(step).await?,
            Step::Signal(step) => self.signal_step(step).await,
            Step::Pool(step) => self.pool_step(step).await?,
            Step::Loop(step) => self.loop_step(step).await?,
            Step::Allocate { bytes, body } => self.with_memory(bytes, body).await?,
            Step::Life(step) => self.life_step(step).await?,
            Step::If { question, body, otherwise } => {
                let body = if self.holds(question)? { body } else { otherwise };
                self.body(body).await?;
            }
            Step::While { question, body } => self.while_holds(question, body).await?,
            Step::Repeat { times, body } => self.repeat(times, body).await?,
            Step::Forever(body) => loop {
                self.again(body).await?;
            },
            Step::When { knob, is, body, otherwise } => {
                let body = if self.stands(*knob, *is) { body } else { otherwise };
                self.body(body).await?;
            }
            Step::Choose(ways) => self.choose(ways).await?,
            Step::Thumbnail { sizes } => self.thumbnail(sizes)?,
            Step::Real(work) => self.real(work)?,
            Step::Attempt(attempt) => self.attempt(attempt).await?,
            // Skips the panic hook: its backtrace would cost the workload time. The message travels with the worker's end.
            Step::Panic(message) => std::panic::resume_unwind(Box::new(message.clone())),
            Step::Abort => {
                self.ends_itself("abort")?;
                std::process::abort()
            }
            Step::Exit(code) => {
                self.ends_itself("exit")?;
                self.exit(*code)
            }
        }
        Ok(())
    }

    /// Whether the step that ends this process may: a task that is meant for a process may be done by a thread of the
    /// runner, where it would end the whole run.
    fn ends_itself(&self, step: &str) -> Flow {
        let pools = &self.run.plan.cast.pools;
        let of_process =
            self.pool.and_then(|pool| pools.get(pool.index())).filter(|pool| pool.of == WorkerKind::Process);
        match of_process {
            Some(pool) if !self.run.is_worker_process() => Err(Halt::Failed(format!(
                "`{step}` in a task of {} would end the run: {} did this task for itself, as policy=caller-runs says, \
                 and is no process; use policy=block, or a longer queue",
                pool.name,
                self.run.plan.cast.worker_name(self.me)
            ))),
            _ => Ok(()),
        }
    }

    /// Ends the process at once. With 0 that is an end like any other, and it says so; a pool's process was to do its tasks.
    fn exit(&mut self, code: u8) -> ! {
        end_nested(self.run, self.me, &mut self.pen);
        if code == 0
            && let Part::Member { .. } = self.run.plan.parts[self.me().index()]
        {
            finish(self, How::Finished);
        }
        exit_now(i32::from(code))
    }

    /// Whether to leave the steps. A task that was begun is done, and its worker ends after it, unless it is cut off.
    pub(super) fn must_leave(&self) -> bool {
        self.asked_to_end() && (self.task.is_none() || self.ring().is_cut_off())
    }

    /// Whether to leave the task that it is at.
    pub(super) fn is_cut_off(&self) -> bool {
        self.task.is_some() && self.ring().is_cut_off()
    }

    pub(super) fn target(&self, target: &Target) -> ResourceId {
        self.run.plan.member(target.resource, target.at.as_ref().map_or(0.0, |at| at.eval(self)))
    }

    pub(super) fn has(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }
}
