//! The state of one worker while it runs its steps.
//!
//! Steps are async functions. On a thread every wait inside them blocks, so they return when they are done. A task of
//! the event loop gives its thread back at each wait and continues when the loop polls it again.

pub mod failed_polls;

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use self::failed_polls::FailedPolls;
use crate::block_on::block_on;
use crate::context::RunContext;
use crate::interrupt;
use crate::locks::held_lock::HeldLock;
use crate::pipe_ends::PipeEndMap;
use crate::pool::result_store::Promise;
use crate::recorder::Recorder;
use crate::shared::wait_queue::WaitKey;
use contend_scenario::{EvalContext, Feed, Step, Target};
use contend_trace::{Cancellation, KnobId, LockCopy, PoolId, ResourceId, Ring, WorkerId};

/// How many operations a task may complete without waiting before it yields to other tasks; the value of tokio's
/// `tokio::task::coop`. Without it a task that always finds its lock free would never let another task run.
pub const POLL_BUDGET: u32 = 128;

/// Results that were promised to a worker and that it has not read, oldest first.
pub type PendingResults = VecDeque<(PoolId, Promise)>;

/// Why a worker stops running its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The worker was asked to end.
    StopRequested,
    /// The worker was cancelled.
    Cancelled(Cancellation),
    /// The queue or pipe that the worker takes from is closed, and nothing more will come.
    Finished,
    /// A step failed; contains the reason.
    Failed(String),
}

pub type StepResult = Result<(), StopReason>;

/// The steps of a block. On a thread they are done already; those of a task are on the heap, where the task keeps its
/// position.
pub enum StepsFuture<'a> {
    Ready(std::future::Ready<StepResult>),
    Boxed(Pin<Box<dyn Future<Output = StepResult> + Send + 'a>>),
}

impl Future for StepsFuture<'_> {
    type Output = StepResult;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<StepResult> {
        match &mut *self {
            Self::Ready(result) => Pin::new(result).poll(context),
            Self::Boxed(steps) => steps.as_mut().poll(context),
        }
    }
}

/// One worker: its position in its group, the locks it holds, the task it runs.
#[derive(Debug)]
pub struct StepRunner {
    pub run: &'static RunContext,
    id: WorkerId,
    /// Position in the group, from 0, and size of the group.
    position: (u32, u32),
    pub recorder: Recorder<'static>,
    /// Locks held now, oldest first.
    pub held: Vec<(ResourceId, HeldLock)>,
    /// Held locks that were taken without a block: only `unlock` releases them.
    pub unscoped_locks: Vec<ResourceId>,
    /// The worker's own copy of each counter, by resource.
    pub counter_copies: Vec<i64>,
    /// Number of the pool's task that the worker runs.
    pub task_number: Option<u64>,
    /// The pool of that task.
    pub task_pool: Option<PoolId>,
    /// How many tasks the worker runs itself, one inside another.
    pub nested_depth: usize,
    /// The copies of mutexes that it uses instead of the originals: it is a forked process.
    lock_copies: &'static [LockCopy],
    /// Results promised to the worker.
    pub promises: PendingResults,
    /// Number of the task that spawned the worker.
    pub parent_task: Option<u64>,
    /// The worker's ends of pipes, and its connection to the counter server. They are closed when the worker is
    /// dropped.
    pub pipe_ends: PipeEndMap,
    /// The connection to the counter server, once used.
    pub counter_connection: Option<UnixStream>,
    /// How many more operations a task may complete without waiting before it yields.
    pub budget: u32,
    /// Polls in a row that failed.
    pub failed_polls: FailedPolls,
    /// Whether other workers may cancel this one.
    is_cancellable: bool,
    /// The mutex for which the worker waited when it was killed, and its place in line.
    pub killed_in_line: Option<(ResourceId, WaitKey)>,
}

impl EvalContext for StepRunner {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.memory.knob(knob)
    }
    fn worker_position(&self) -> (u32, u32) {
        self.position
    }
    fn task(&self) -> u64 {
        self.task_number.unwrap_or(0)
    }
    fn recorded_duration(&self) -> f64 {
        let (Some(pool), Some(number)) = (self.task_pool, self.task_number) else { return 0.0 };
        let Feed::Trace { speed, .. } = &self.run.scenario.pools[pool.index()].feed else { return 0.0 };
        let request = self.run.input_items.trace(pool.index()).map(|trace| trace.request(number));
        request.map_or(0.0, |request| request.duration as f64 / speed.eval(self).max(1e-6))
    }
    fn loaded(&self, counter: usize) -> f64 {
        self.counter_copies[self.run.plan.array_member(counter, 0.0).index()] as f64
    }
    fn random_unit(&self) -> f64 {
        fastrand::f64()
    }
}

/// The state of a worker before it entered a task; restored when it leaves the task.
#[derive(Debug)]
pub struct OuterTask {
    task: Option<u64>,
    pool: Option<PoolId>,
    promises: PendingResults,
    held_count: usize,
    /// The counter copies of the outer task; `None` if there is no outer task.
    counter_copies: Option<Vec<i64>>,
}

impl StepRunner {
    pub fn new(run: &'static RunContext, id: WorkerId, position: (u32, u32)) -> Self {
        Self {
            run,
            id,
            position,
            recorder: run.recorder(id),
            held: Vec::new(),
            unscoped_locks: Vec::new(),
            counter_copies: vec![0; run.plan.registry.resources.len()],
            task_number: None,
            task_pool: None,
            nested_depth: 0,
            lock_copies: run.plan.lock_copies_of(id),
            promises: PendingResults::new(),
            parent_task: None,
            pipe_ends: run.take_pipe_ends(id),
            counter_connection: None,
            budget: POLL_BUDGET,
            failed_polls: FailedPolls::default(),
            is_cancellable: run.plan.is_cancellable(id),
            killed_in_line: None,
        }
    }

    pub const fn id(&self) -> WorkerId {
        self.id
    }

    pub fn ring(&self) -> Ring<'static> {
        self.run.memory.ring(self.id)
    }

    /// Returns the position in the group, from 0.
    pub const fn index(&self) -> u32 {
        self.position.0
    }

    /// Whether the worker was asked to end.
    pub fn asked_to_end(&self) -> bool {
        self.ring().is_end_requested()
    }

    /// Returns the number of the task whose file the worker uses: its own task or that of the worker that spawned it.
    pub fn file_task(&self) -> Option<u64> {
        self.task_number.or(self.parent_task)
    }

    /// Enters a task: locks and promises from here on belong to it.
    pub fn enter_task(&mut self, pool: PoolId, number: u64) -> OuterTask {
        let (task, promises) = (self.task_number.replace(number), std::mem::take(&mut self.promises));
        let counter_copies = task.map(|_| self.counter_copies.clone());
        OuterTask { task, pool: self.task_pool.replace(pool), promises, held_count: self.held.len(), counter_copies }
    }

    /// Leaves a task: releases its locks and forgets the results promised to it.
    pub fn leave_task(&mut self, outer: OuterTask) {
        self.release_down_to(outer.held_count);
        self.forget_results();
        (self.task_number, self.task_pool, self.promises) = (outer.task, outer.pool, outer.promises);
        if let Some(copies) = outer.counter_copies {
            self.counter_copies = copies;
        }
    }

    /// Remembers a held lock, so that it is released however the worker ends.
    pub fn add_held(&mut self, id: ResourceId, held_lock: HeldLock) {
        self.held.push((id, held_lock));
    }

    /// Releases every lock, newest first.
    pub fn release_all(&mut self) {
        self.release_down_to(0);
    }

    /// Releases every lock at the end of the steps, except those taken without a block: they stay locked, and their
    /// waiters wait in vain. A lock shared by processes is the exception: the system releases it.
    pub fn abandon(&mut self) {
        while let Some((id, held_lock)) = self.held.pop() {
            if self.unscoped_locks.contains(&id) {
                std::mem::forget(held_lock);
            } else {
                self.release_held(id, held_lock);
            }
        }
    }

    /// Releases the newest locks until `count` are held.
    pub fn release_down_to(&mut self, count: usize) {
        while self.held.len() > count
            && let Some((id, held_lock)) = self.held.pop()
        {
            self.release_held(id, held_lock);
            self.remove_unscoped(id);
        }
    }

    /// Releases a lock that is no longer in the list of those held.
    pub fn release_held(&mut self, id: ResourceId, held_lock: HeldLock) {
        self.run.lock_holders.note(id, None);
        held_lock.release(id, &mut self.recorder);
    }

    /// Removes a released lock from those taken without a block.
    pub fn remove_unscoped(&mut self, id: ResourceId) {
        if let Some(i) = self.unscoped_locks.iter().rposition(|unscoped| *unscoped == id) {
            self.unscoped_locks.remove(i);
        }
    }

    /// Forgets every result that was promised to the worker.
    pub fn forget_results(&mut self) {
        while !self.promises.is_empty() {
            self.forget_oldest_result();
        }
    }

    pub fn forget_oldest_result(&mut self) {
        if let Some((pool, promise)) = self.promises.pop_front() {
            self.run.results(pool).inspect(|results| results.forget(promise, &mut self.recorder));
        }
    }

    /// Runs steps that block the thread whenever they wait, even a thread of the event loop.
    pub fn run_blocking(&mut self, steps: &[Step]) -> StepResult {
        let was_blocking = self.recorder.set_blocking(true);
        let result = block_on(self.run_steps(steps));
        self.recorder.set_blocking(was_blocking);
        result
    }

    /// Runs the steps of a block.
    pub fn run_block<'s>(&'s mut self, steps: &'s [Step]) -> StepsFuture<'s> {
        if self.recorder.is_on_loop() {
            StepsFuture::Boxed(Box::pin(self.run_steps(steps)))
        } else {
            StepsFuture::Ready(std::future::ready(self.run_blocking(steps)))
        }
    }

    async fn run_steps(&mut self, steps: &[Step]) -> StepResult {
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first() {
            self.check_cancelled()?;
            let (joined, after_joined) = rest.split_at(self.count_joined_accesses(rest));
            if joined.is_empty() {
                self.run_step(step).await?;
                rest = after;
            } else {
                self.perform_joined_accesses(joined)?;
                rest = after_joined;
            }
            if self.is_cut_off() {
                return Err(StopReason::StopRequested); // and the step may have ended early
            }
        }
        // A step that was not interrupted counts, even if it is the last one.
        if interrupt::has_noticed() { self.check_cancelled() } else { Ok(()) }
    }

    /// Fails if the worker was cancelled.
    pub fn check_cancelled(&self) -> StepResult {
        let cancelled = if self.is_cancellable { self.ring().cancellation() } else { None };
        cancelled.map_or(Ok(()), |how| Err(StopReason::Cancelled(how)))
    }

    pub fn is_cancelled(&self) -> bool {
        self.check_cancelled().is_err()
    }

    /// Whether other workers may cancel this one.
    pub const fn is_cancellable(&self) -> bool {
        self.is_cancellable
    }

    /// Keeps every lock locked forever. A lock shared by processes is the exception: the system releases it.
    pub fn leak_locks(&mut self) {
        self.held.drain(..).for_each(std::mem::forget);
    }

    /// Whether the worker should leave its steps. A worker that must end finishes its task first, unless it is cut off.
    pub fn should_stop(&self) -> bool {
        self.asked_to_end() && (self.task_number.is_none() || self.ring().is_cut_off())
    }

    /// Whether the worker should leave its task.
    pub fn is_cut_off(&self) -> bool {
        self.task_number.is_some() && self.ring().is_cut_off()
    }

    pub fn resolve_target(&self, target: &Target) -> ResourceId {
        let index = target.index.as_ref().map_or(0.0, |index| index.eval(self));
        let id = self.run.plan.array_member(target.resource, index);
        self.lock_copies.iter().find(|copy| copy.original == id).map_or(id, |copy| copy.copy)
    }

    pub fn is_holding(&self, id: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == id)
    }
}
