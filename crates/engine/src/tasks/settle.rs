//! The end of a task: its result becomes available, and the pool counts it as finished.

use crate::context::RunContext;
use crate::pool::task::{PoolTask, TaskOutcome};
use crate::pool::task_progress::TaskStage;
use crate::recorder::Recorder;
use contend_trace::{DropReason, EventKind, Notice, PoolId, WorkerId};

/// Reports a failure in the log if nobody asked for the result.
pub fn report_failure(run: &RunContext, task: &PoolTask, outcome: TaskOutcome, worker: WorkerId) {
    if let (TaskOutcome::Failed(message), None) = (outcome, task.result) {
        run.send_notice(Notice::TaskFailed { worker, message });
    }
}

/// Makes the result of a task available and counts the task as finished.
pub fn settle_task(run: &RunContext, pool: PoolId, task: &PoolTask, ok: bool, recorder: &mut Recorder<'_>) {
    resolve_result(run, pool, task, ok, recorder);
    count_finished(run, pool, recorder);
}

/// Counts a task as finished. Closes all queues after the last task, if no worker is left that could submit another.
pub fn count_finished(run: &RunContext, pool: PoolId, recorder: &mut Recorder<'_>) {
    if run.task_queues[pool.index()].finish_one() {
        run.close_all_queues(Some(recorder));
    }
}

/// Makes the result of a task available to its submitter, if it was promised.
pub fn resolve_result(run: &RunContext, pool: PoolId, task: &PoolTask, ok: bool, recorder: &mut Recorder<'_>) {
    if let (Some(promise), Some(results)) = (task.result, run.results(pool)) {
        let is_helped = results.resolve_promise(promise, ok, recorder);
        if is_helped {
            run.wake_helpers();
        }
    }
}

/// Completes the end of a task whose worker died while it ended it: takes the steps that are missing, according to the
/// noted stage and to whether the worker recorded an event since. Returns `false` if the task had not come to its end.
pub fn complete_end(
    run: &RunContext,
    pool: PoolId,
    task: &PoolTask,
    (stage, has_recorded_since): (TaskStage, bool),
    recorder: &mut Recorder<'_>,
) -> bool {
    let (TaskStage::Ending(end) | TaskStage::Resolving(end)) = stage else { return false };
    let is_ending = stage == TaskStage::Ending(end);
    if is_ending && !has_recorded_since {
        recorder.write(recorder.now(), end.end_event(pool));
    }
    if is_ending || !has_recorded_since {
        resolve_result(run, pool, task, end.is_ok(), recorder);
    }
    if task.result.is_some() {
        run.wake_helpers(); // the dead worker may have been about to
    }
    true
}

/// Drops every task that is still in the queue of a pool.
pub fn cancel_queued(run: &RunContext, pool: PoolId, reason: DropReason, recorder: &mut Recorder<'_>) {
    for (nth, task) in run.task_queues[pool.index()].remove_tasks(|_| true) {
        recorder.write(recorder.now(), EventKind::TaskDropped { pool, reason, nth });
        settle_task(run, pool, &task, false, recorder);
    }
}

/// Drops every task with this number that is in the queue of a pool.
pub fn cancel_numbered(run: &RunContext, pool: PoolId, number: u64, recorder: &mut Recorder<'_>) {
    for (nth, task) in run.task_queues[pool.index()].remove_tasks(|task| task.number == number) {
        recorder.write(recorder.now(), EventKind::TaskDropped { pool, reason: DropReason::Cancelled, nth });
        settle_task(run, pool, &task, false, recorder);
    }
}

/// Drops every task that is still in the queue of a pool. Their results never come.
pub fn discard_queued(run: &RunContext, pool: PoolId, recorder: &mut Recorder<'_>) {
    for (nth, _) in run.task_queues[pool.index()].remove_tasks(|_| true) {
        recorder.write(recorder.now(), EventKind::TaskDropped { pool, reason: DropReason::Cancelled, nth });
        count_finished(run, pool, recorder);
    }
}
