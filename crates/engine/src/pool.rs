//! A pool's worker at its tasks, and what brings it some.

use super::block_on::catch_panic;
use super::context::RunContext;
use super::nested_tasks::run_nested_task;
use super::recorder::Recorder;
use super::step_runner::{StepRunner, StopReason};
use super::task_queue::{CloseReason, PoolTask, PutError, TaskQueue};
use contend_scenario::OverflowPolicy;
use contend_trace::{DropReason, EventKind, Notice, PoolId, Span, WorkerId};

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOutcome {
    Done,
    Failed(String),
    /// Its worker was told to leave it.
    CutOff,
}

/// The same in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcomeKind {
    Done,
    Failed,
    CutOff,
}

impl TaskOutcome {
    pub const fn kind(&self) -> TaskOutcomeKind {
        match self {
            Self::Done => TaskOutcomeKind::Done,
            Self::Failed(_) => TaskOutcomeKind::Failed,
            Self::CutOff => TaskOutcomeKind::CutOff,
        }
    }
}

impl TaskOutcomeKind {
    /// Whether the task did what it was to do.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Done)
    }

    /// As it is told.
    pub const fn end_event(self, pool: PoolId) -> EventKind {
        match self {
            Self::Done | Self::Failed => EventKind::TaskEnded { pool, ok: self.is_ok() },
            Self::CutOff => EventKind::TaskDropped { pool, reason: DropReason::Lost },
        }
    }
}

/// Takes tasks and does them until there are no more, or it is asked to end.
pub async fn run_tasks(run: &'static RunContext, pool_index: usize, worker_index: usize, step_runner: &mut StepRunner) {
    let (queue, ring) = (&run.task_queues[pool_index], step_runner.ring());
    let mut tasks = Vec::with_capacity(1);
    loop {
        let enough = || ring.is_end_requested() && !queue.local_queues.needs_worker(worker_index);
        let from = queue.take(worker_index, 1, &mut tasks, &mut step_runner.recorder, enough).await;
        let Some(task) = tasks.first() else {
            if queue.retire_worker(worker_index, !ring.is_end_requested()) {
                return;
            }
            continue;
        };
        record_steal(run, pool_index, from, &mut step_runner.recorder);
        run_task(run, PoolId::from(pool_index), *task, step_runner).await;
    }
}

/// Records that a task was another worker's, if it was.
pub fn record_steal(run: &RunContext, pool: usize, from: Option<usize>, recorder: &mut Recorder<'_>) {
    let whose = from.and_then(|seat| run.plan.cast.pools[pool].workers.get(seat));
    if let Some(from) = whose {
        recorder.write(recorder.now(), EventKind::TaskStolen { pool: PoolId::from(pool), from: *from });
    }
}

/// Why a pool did not get a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitError {
    Closed(CloseReason),
    /// There is no room, and the submitter is already too deep in tasks that it runs itself.
    TooDeep,
}

/// Gives a pool a task, as its policy has it when there is no room.
///
/// # Errors
/// If the pool takes no more tasks, or has no room and the submitter cannot run the task either.
pub async fn submit_task(
    run: &'static RunContext,
    pool: PoolId,
    task: PoolTask,
    step_runner: &mut StepRunner,
) -> Result<(), SubmitError> {
    let queue: &TaskQueue = &run.task_queues[pool.index()];
    let policy = run.scenario.pools[pool.index()].overflow;
    if policy == OverflowPolicy::Block {
        return queue.put(task, &mut step_runner.recorder).await.map_err(SubmitError::Closed);
    }
    match queue.try_put(task, &mut step_runner.recorder) {
        Ok(()) => {}
        Err(PutError::Closed(shut)) => return Err(SubmitError::Closed(shut)),
        Err(PutError::Full(task)) if policy == OverflowPolicy::Reject => {
            let at = step_runner.recorder.now();
            step_runner.recorder.write(at, EventKind::TaskRejected { pool });
            resolve_result(run, pool, &task, false, &mut step_runner.recorder);
        }
        Err(PutError::Full(_)) if step_runner.is_too_deep() => return Err(SubmitError::TooDeep),
        Err(PutError::Full(task)) => {
            queue.count_direct_task();
            run_nested_task(run, pool, task, step_runner).await;
        }
    }
    Ok(())
}

/// Does one task and tells how it went. A task that fails or panics fails alone.
pub async fn run_task(run: &'static RunContext, pool: PoolId, task: PoolTask, step_runner: &mut StepRunner) {
    record_task_begin(run, pool, task, step_runner);
    let outcome = run_task_steps(run, pool, task.number, step_runner).await;
    finish_task(run, pool, task, outcome, step_runner);
}

/// Records that a task began, and how long after it was due.
pub fn record_task_begin(run: &'static RunContext, pool: PoolId, task: PoolTask, step_runner: &mut StepRunner) {
    let at = step_runner.recorder.now();
    let waited = Span(run.nanos_between(task.due, at));
    step_runner.recorder.write(at, EventKind::TaskBegan { pool, waited });
}

/// Records how a task ended, and gives whoever waits for it the result.
pub fn finish_task(
    run: &'static RunContext,
    pool: PoolId,
    task: PoolTask,
    outcome: TaskOutcome,
    step_runner: &mut StepRunner,
) {
    let end = outcome.kind();
    step_runner.recorder.write(step_runner.recorder.now(), end.end_event(pool));
    settle_task(run, pool, &task, end.is_ok(), &mut step_runner.recorder);
    report_failure(run, &task, outcome, step_runner.id());
}

/// A failure goes to the log where nobody has asked for the result.
pub fn report_failure(run: &RunContext, task: &PoolTask, outcome: TaskOutcome, worker: WorkerId) {
    if let (TaskOutcome::Failed(what), None) = (outcome, task.result) {
        run.send_notice(Notice::TaskFailed { worker, message: what });
    }
}

/// A task is over: its result is there, and it is counted no more.
pub fn settle_task(run: &RunContext, pool: PoolId, task: &PoolTask, ok: bool, recorder: &mut Recorder<'_>) {
    resolve_result(run, pool, task, ok, recorder);
    count_finished(run, pool, recorder);
}

/// A task is counted no more. Where it was the last of all, and nobody is left who could bring another, the pools end.
pub fn count_finished(run: &RunContext, pool: PoolId, recorder: &mut Recorder<'_>) {
    if run.task_queues[pool.index()].finish_one() {
        run.close_all_queues(Some(recorder));
    }
}

/// Whoever waits for a task's result has it.
pub fn resolve_result(run: &RunContext, pool: PoolId, task: &PoolTask, ok: bool, recorder: &mut Recorder<'_>) {
    if let (Some(promise), Some(results)) = (task.result, run.results(pool)) {
        results.resolve_promise(promise, ok, recorder);
    }
}

/// Ends all that is still in a pool's queue, unbegun.
pub fn cancel_queued(run: &RunContext, pool: PoolId, fate: DropReason, recorder: &mut Recorder<'_>) {
    for task in run.task_queues[pool.index()].drain() {
        recorder.write(recorder.now(), EventKind::TaskDropped { pool, reason: fate });
        settle_task(run, pool, &task, false, recorder);
    }
}

/// Does the steps of a task.
pub async fn run_task_steps(
    run: &'static RunContext,
    pool: PoolId,
    number: u64,
    step_runner: &mut StepRunner,
) -> TaskOutcome {
    let steps = &run.scenario.pools[pool.index()].task;
    let outer = step_runner.enter_task(pool, number);
    let blocking = step_runner.recorder.is_blocking();
    let result = catch_panic(async { step_runner.run_block(steps).await }).await;
    step_runner.recorder.set_blocking(blocking); // a panic leaves it as it is
    step_runner.leave_task(outer);
    match result {
        Ok(Ok(()) | Err(StopReason::Finished)) => TaskOutcome::Done,
        Ok(Err(StopReason::StopRequested)) => TaskOutcome::CutOff,
        Ok(Err(StopReason::Failed(what))) => TaskOutcome::Failed(what),
        Err(panic) => TaskOutcome::Failed(panic_message(&*panic)),
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
