//! A pool's worker that waits for a result and runs other tasks of its pool meanwhile (`result help=#true`).
//!
//! It takes the newest task, so that tasks nest no deeper than the tree of their submits. The task runs inside the one
//! that waits, with all locks that this one holds: a task that needs one of them waits for its own worker.

use super::nested_tasks::run_nested_task;
use crate::context::RunContext;
use crate::interrupt;
use crate::plan::WorkerRole;
use crate::pool::result_store::{Promise, ResultStore};
use crate::step_runner::StepRunner;
use contend_trace::PoolId;

/// Runs tasks until the result is available. Returns earlier, and the worker then waits without helping, if it belongs
/// to no pool, no more tasks will come, or one more task would be too deep.
pub async fn help_until_available(
    run: &'static RunContext,
    results: ResultStore,
    promise: Promise,
    step_runner: &mut StepRunner,
) {
    let WorkerRole::PoolWorker { pool, index } = run.plan.roles[step_runner.id().index()] else { return };
    if !results.mark_helped(promise) {
        return;
    }
    let (queue, ring) = (&run.task_queues[pool], step_runner.ring());
    let should_stop = || results.is_available(promise) || ring.is_cut_off() || interrupt::should_give_up(None);
    while !step_runner.is_too_deep() {
        let awaited = (results.id, promise.number());
        let Some(task) = queue.take_newest(index as usize, awaited, &mut step_runner.recorder, should_stop).await
        else {
            return;
        };
        run_nested_task(run, PoolId::from(pool), task, true, step_runner).await;
    }
}
