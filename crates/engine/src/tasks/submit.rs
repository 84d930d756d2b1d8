//! Submits a task to a pool, under the pool's overflow policy.

use super::nested_tasks::run_nested_task;
use super::settle::resolve_result;
use crate::context::RunContext;
use crate::pool::task::PoolTask;
use crate::pool::task_queue::{CloseReason, PutError, TaskQueue};
use crate::step_runner::StepRunner;
use contend_scenario::OverflowPolicy;
use contend_trace::{EventKind, PoolId};

/// Why a pool did not accept a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitError {
    Closed(CloseReason),
    /// The queue is full, and the submitter already runs too many tasks inside one another.
    TooDeep,
}

/// Submits a task to a pool. When the queue is full, the pool's overflow policy decides.
///
/// # Errors
/// If the pool accepts no more tasks, or the queue is full and the submitter cannot run the task either.
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
        Err(PutError::Closed(reason)) => return Err(SubmitError::Closed(reason)),
        Err(PutError::Full(task)) if policy == OverflowPolicy::Reject => {
            let at = step_runner.recorder.now();
            step_runner.recorder.write(at, EventKind::TaskRejected { pool });
            resolve_result(run, pool, &task, false, &mut step_runner.recorder);
        }
        Err(PutError::Full(_)) if step_runner.is_too_deep() => return Err(SubmitError::TooDeep),
        Err(PutError::Full(task)) => {
            queue.count_direct_task();
            run_nested_task(run, pool, task, false, step_runner).await;
        }
    }
    Ok(())
}
