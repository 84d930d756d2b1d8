//! Runs tasks of a pool: the loop of a pool's worker, and one task from its first step to its result.

use super::settle::{report_failure, settle_task};
use crate::block_on::{catch_panic, panic_message};
use crate::context::RunContext;
use crate::pool::task::{PoolTask, TaskOutcome};
use crate::recorder::Recorder;
use crate::step_runner::{StepRunner, StopReason};
use contend_trace::{EventKind, PoolId, Span};

/// Takes tasks and runs them until no more will come, or the worker must end.
pub async fn run_tasks(run: &'static RunContext, pool_index: usize, worker_index: usize, step_runner: &mut StepRunner) {
    let (queue, ring) = (&run.task_queues[pool_index], step_runner.ring());
    let mut tasks = Vec::with_capacity(1);
    loop {
        let should_stop = || ring.is_end_requested() && !queue.local_queues.needs_worker(worker_index);
        let stolen_from = queue.take(worker_index, 1, &mut tasks, &mut step_runner.recorder, should_stop).await;
        let Some(task) = tasks.first() else {
            if queue.retire_worker(worker_index, !ring.is_end_requested()) {
                return;
            }
            continue;
        };
        record_steal(run, pool_index, stolen_from, &mut step_runner.recorder);
        run_task(run, PoolId::from(pool_index), *task, step_runner).await;
    }
}

/// Records that a task was taken from the worker at position `stolen_from` of the pool, if it was.
pub fn record_steal(run: &RunContext, pool: usize, stolen_from: Option<usize>, recorder: &mut Recorder<'_>) {
    let owner = stolen_from.and_then(|index| run.plan.registry.pools[pool].workers.get(index));
    if let Some(from) = owner {
        recorder.write(recorder.now(), EventKind::TaskStolen { pool: PoolId::from(pool), from: *from });
    }
}

/// Runs one task and records how it ended. A task that fails or panics does not affect others.
async fn run_task(run: &'static RunContext, pool: PoolId, task: PoolTask, step_runner: &mut StepRunner) {
    record_task_begin(run, pool, task, false, step_runner);
    let outcome = run_task_steps(run, pool, task.number, step_runner).await;
    let kind = outcome.kind();
    step_runner.recorder.write(step_runner.recorder.now(), kind.end_event(pool));
    settle_task(run, pool, &task, kind.is_ok(), &mut step_runner.recorder);
    report_failure(run, &task, outcome, step_runner.id());
}

/// Records that a task began, and how long after it was due. In a pool whose tasks run others while they wait
/// (`helped`), it also records the number.
pub fn record_task_begin(
    run: &'static RunContext,
    pool: PoolId,
    task: PoolTask,
    helped: bool,
    step_runner: &mut StepRunner,
) {
    let at = step_runner.recorder.now();
    if run.plan.pools[pool.index()].has_helpers {
        step_runner.recorder.write(at, EventKind::TaskNumbered { pool, number: task.number, helped });
    }
    let waited = Span(run.nanos_between(task.due, at));
    step_runner.recorder.write(at, EventKind::TaskBegan { pool, waited });
}

/// Runs the steps of a task.
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
    step_runner.recorder.set_blocking(blocking); // a panic does not restore it
    step_runner.leave_task(outer);
    match result {
        Ok(Ok(()) | Err(StopReason::Finished)) => TaskOutcome::Done,
        Ok(Err(StopReason::StopRequested)) => TaskOutcome::CutOff,
        Ok(Err(StopReason::Cancelled(_))) => TaskOutcome::Failed("was interrupted".into()),
        Ok(Err(StopReason::Failed(reason))) => TaskOutcome::Failed(reason),
        Err(panic) => TaskOutcome::Failed(panic_message(&*panic)),
    }
}
