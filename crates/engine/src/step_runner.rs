//! A worker at its steps.
//!
//! The steps are written once, as async functions. On a thread every wait in them blocks, so they are over when they
//! return; a task gives its thread back at each wait, and goes on when its loop polls it again.

use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::block_on::block_on;
use super::context::RunContext;
use super::held_lock::HeldLock;
use super::nested_tasks::end_nested_tasks;
use super::pipe_ends::PipeEndMap;
use super::plan::WorkerRole;
use super::recorder::Recorder;
use super::steps::{FailedPolls, POLL_BUDGET, PendingResults};
use super::worker_process::record_life_end;
use contend_platform::exit_now;
use contend_scenario::{EvalContext, Step, Target};
use contend_trace::{ExitKind, KnobId, PoolId, ResourceId, Ring, WorkerId, WorkerKind};

/// Why a worker does not go on with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked to end.
    StopRequested,
    /// There is nothing more to come: the queue it takes from is closed.
    Finished,
    /// A step failed; says what and why.
    Failed(String),
}

pub type StepResult = Result<(), StopReason>;

/// The steps of a block: on a thread done already, of a task on the heap, where a task keeps where it stands.
pub enum StepsFuture<'a> {
    Ready(std::future::Ready<StepResult>),
    Boxed(Pin<Box<dyn Future<Output = StepResult> + Send + 'a>>),
}

impl Future for StepsFuture<'_> {
    type Output = StepResult;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<StepResult> {
        match &mut *self {
            Self::Ready(flow) => Pin::new(flow).poll(context),
            Self::Boxed(steps) => steps.as_mut().poll(context),
        }
    }
}

/// One worker: what it holds, and where it stands.
#[derive(Debug)]
pub struct StepRunner {
    pub(super) run: &'static RunContext,
    id: WorkerId,
    place: (u32, u32),
    pub recorder: Recorder<'static>,
    pub(super) held: Vec<(ResourceId, HeldLock)>,
    /// What of it was taken without a block: only an `unlock` gives it back.
    pub(super) unscoped_locks: Vec<ResourceId>,
    /// The worker's own copy of each counter, by resource.
    pub(super) counter_copies: Vec<i64>,
    /// Number of the pool's task it is at.
    pub(super) task_number: Option<u64>,
    /// The pool of that task.
    task_pool: Option<PoolId>,
    /// How many tasks it is at that it does for itself, one inside another.
    pub(super) nested_depth: usize,
    /// Results it was promised.
    pub(super) promises: PendingResults,
    /// Number of the task that spawned it.
    pub(super) parent_task: Option<u64>,
    /// Its ends of pipes, and its connection to the manager. They are closed with it.
    pub(super) pipe_ends: PipeEndMap,
    /// That connection, once it was used.
    pub(super) counter_connection: Option<UnixStream>,
    /// How many more times a task may take what is there before it lets the others go on.
    pub(super) budget: u32,
    /// Looks in a row that led to nothing.
    pub(super) failed_polls: FailedPolls,
}

impl EvalContext for StepRunner {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn worker_position(&self) -> (u32, u32) {
        self.place
    }
    fn task(&self) -> u64 {
        self.task_number.unwrap_or(0)
    }
    fn random_unit(&self) -> f64 {
        fastrand::f64()
    }
}

/// What a worker was at when it began a task.
#[derive(Debug)]
pub struct OuterTask {
    task: Option<u64>,
    pool: Option<PoolId>,
    promises: PendingResults,
    held_count: usize,
}

impl StepRunner {
    pub fn new(run: &'static RunContext, me: WorkerId, place: (u32, u32)) -> Self {
        let copies = vec![0; run.plan.cast.resources.len()];
        let (recorder, ends) = (run.recorder(me), run.take_pipe_ends(me));
        Self {
            run,
            id: me,
            place,
            recorder,
            held: Vec::new(),
            unscoped_locks: Vec::new(),
            counter_copies: copies,
            task_number: None,
            task_pool: None,
            nested_depth: 0,
            promises: PendingResults::new(),
            parent_task: None,
            pipe_ends: ends,
            counter_connection: None,
            budget: POLL_BUDGET,
            failed_polls: FailedPolls::default(),
        }
    }

    pub const fn id(&self) -> WorkerId {
        self.id
    }

    pub fn ring(&self) -> Ring<'static> {
        self.run.memory.ring(self.id)
    }

    /// Its position in its group, from 0.
    pub const fn index(&self) -> u32 {
        self.place.0
    }

    /// Whether it was asked to end.
    pub fn asked_to_end(&self) -> bool {
        self.ring().is_end_requested()
    }

    /// Number of the task whose file it works on: its own, or that of whoever spawned it.
    pub(super) fn file_task(&self) -> Option<u64> {
        self.task_number.or(self.parent_task)
    }

    /// Begins a task: what it holds and waits for is that task's until it leaves it.
    pub fn enter_task(&mut self, pool: PoolId, number: u64) -> OuterTask {
        let (task, promises) = (self.task_number.replace(number), std::mem::take(&mut self.promises));
        OuterTask { task, pool: self.task_pool.replace(pool), promises, held_count: self.held.len() }
    }

    /// Leaves a task with all that it still has.
    pub fn leave_task(&mut self, outer: OuterTask) {
        self.release_down_to(outer.held_count);
        self.forget_results();
        (self.task_number, self.task_pool, self.promises) = (outer.task, outer.pool, outer.promises);
    }

    /// Remembers what it has, so that it is given back whatever happens.
    pub(super) fn add_held(&mut self, id: ResourceId, held_lock: HeldLock) {
        self.held.push((id, held_lock));
    }

    /// Gives back every lock it still holds, newest first.
    pub fn release_all(&mut self) {
        self.release_down_to(0);
    }

    /// The end of its steps, or of itself. What it took without a block stays taken, and whoever wants it waits in vain,
    /// unless it is a lock of processes: those the system takes back.
    pub fn abandon(&mut self) {
        while let Some((lock, hold)) = self.held.pop() {
            if self.unscoped_locks.contains(&lock) {
                std::mem::forget(hold);
            } else {
                hold.release(lock, &mut self.recorder);
            }
        }
    }

    /// Gives back every lock it took since it held so many, newest first.
    pub(super) fn release_down_to(&mut self, held: usize) {
        while self.held.len() > held
            && let Some((lock, hold)) = self.held.pop()
        {
            hold.release(lock, &mut self.recorder);
            self.remove_unscoped(lock);
        }
    }

    /// It was given back, and what is taken next may be taken otherwise.
    pub(super) fn remove_unscoped(&mut self, id: ResourceId) {
        if let Some(i) = self.unscoped_locks.iter().rposition(|bare| *bare == id) {
            self.unscoped_locks.remove(i);
        }
    }

    /// Does steps that block the thread whenever they wait, also if it is a loop's.
    pub fn run_blocking(&mut self, steps: &[Step]) -> StepResult {
        let blocked = self.recorder.set_blocking(true);
        let result = block_on(self.run_steps(steps));
        self.recorder.set_blocking(blocked);
        result
    }

    /// Does the steps of a block.
    pub fn run_block<'s>(&'s mut self, steps: &'s [Step]) -> StepsFuture<'s> {
        if self.recorder.is_on_loop() {
            StepsFuture::Boxed(Box::pin(self.run_steps(steps)))
        } else {
            StepsFuture::Ready(std::future::ready(self.run_blocking(steps)))
        }
    }

    async fn run_steps(&mut self, steps: &[Step]) -> StepResult {
        for step in steps {
            self.run_step(step).await?;
            if self.is_cut_off() {
                return Err(StopReason::StopRequested); // and the step may have ended early
            }
        }
        Ok(())
    }

    async fn run_step(&mut self, step: &Step) -> StepResult {
        self.end_polling_before(step);
        match step {
            Step::Compute(nanos) => self.compute(nanos),
            Step::Sleep(nanos) => self.sleep(nanos).await,
            Step::Io(nanos) => self.io(nanos).await?,
            Step::Lock { target, body } => self.with_lock(target, body).await?,
            Step::TryLock { target, timeout, body, otherwise } => {
                self.try_lock(target, timeout, body, otherwise).await?;
            }
            Step::BareLock(target) => self.lock_unscoped(self.resolve_target(target)).await,
            Step::BareUnlock(target) => self.release_unscoped(self.resolve_target(target)),
            Step::Acquire { target, permits, body } => self.with_permits(target, permits, body).await?,
            Step::BareAcquire(target) => self.down(target).await,
            Step::BareRelease(target) => self.up(target),
            Step::ReadLock { target, body } => self.with_read_lock(target, body).await?,
            Step::WriteLock { target, body } => self.with_write_lock(target, body).await?,
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
                let body = if self.eval_question(question)? { body } else { otherwise };
                self.run_block(body).await?;
            }
            Step::While { question, body } => self.while_holds(question, body).await?,
            Step::Repeat { times, body } => self.repeat(times, body).await?,
            Step::Forever(body) => loop {
                self.run_iteration(body).await?;
            },
            Step::When { knob, value, body, otherwise } => {
                let body = if self.knob_equals(*knob, *value) { body } else { otherwise };
                self.run_block(body).await?;
            }
            Step::Choose(ways) => self.run_choice(ways).await?,
            Step::Thumbnail { sizes } => self.thumbnail(sizes)?,
            Step::RealWork(work) => self.run_real_work(work)?,
            Step::Attempt(attempt) => self.run_attempt(attempt).await?,
            Step::Fail(why) => return Err(StopReason::Failed(why.clone())),
            // Skips the panic hook: its backtrace would cost the workload time. The message travels with the worker's end.
            Step::Panic(message) => std::panic::resume_unwind(Box::new(message.clone())),
            Step::Abort => {
                self.check_may_end_process("abort")?;
                std::process::abort()
            }
            Step::Exit(code) => {
                self.check_may_end_process("exit")?;
                self.exit_process(*code)
            }
        }
        Ok(())
    }

    /// Whether the step that ends this process may: a task that is meant for a process may be done by a thread of the
    /// runner, where it would end the whole run.
    fn check_may_end_process(&self, step: &str) -> StepResult {
        let pools = &self.run.plan.cast.pools;
        let of_process = self
            .task_pool
            .and_then(|pool| pools.get(pool.index()))
            .filter(|pool| pool.worker_kind == WorkerKind::Process);
        match of_process {
            Some(pool) if !self.run.is_worker_process() => Err(StopReason::Failed(format!(
                "`{step}` in a task of {} would end the run: {} did this task for itself, as policy=caller-runs says, \
                 and is no process; use policy=block, or a longer queue",
                pool.name,
                self.run.plan.cast.worker_name(self.id)
            ))),
            _ => Ok(()),
        }
    }

    /// Ends the process at once. With 0 that is an end like any other, and it says so; a pool's process was to do its tasks.
    fn exit_process(&mut self, code: u8) -> ! {
        end_nested_tasks(self.run, self.id, &mut self.recorder);
        if code == 0
            && let WorkerRole::GroupMember { .. } = self.run.plan.roles[self.id().index()]
        {
            record_life_end(self, ExitKind::Finished);
        }
        exit_now(i32::from(code))
    }

    /// Whether to leave the steps. A task that was begun is done, and its worker ends after it, unless it is cut off.
    pub(super) fn should_stop(&self) -> bool {
        self.asked_to_end() && (self.task_number.is_none() || self.ring().is_cut_off())
    }

    /// Whether to leave the task that it is at.
    pub(super) fn is_cut_off(&self) -> bool {
        self.task_number.is_some() && self.ring().is_cut_off()
    }

    pub(super) fn resolve_target(&self, target: &Target) -> ResourceId {
        self.run.plan.array_member(target.resource, target.index.as_ref().map_or(0.0, |at| at.eval(self)))
    }

    pub(super) fn is_holding(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }
}
