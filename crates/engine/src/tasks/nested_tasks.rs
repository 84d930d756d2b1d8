//! Tasks that a worker runs inside another one: its submitter (`policy=caller-runs`), or a worker that waits for a
//! result (`result help=#true`).
//!
//! Each level takes stack, so there is a deepest level: beyond it the submit fails. In a worker process each task is
//! also noted in shared memory, see `pool::nested_notes`.

use super::run_tasks::{record_task_begin, run_task_steps};
use super::settle::{count_finished, report_failure, resolve_result};
use crate::context::RunContext;
use crate::pool::nested_notes::{MAX_NOTED_DEPTH, NestedNotes};
use crate::pool::task::PoolTask;
use crate::pool::task_progress::TaskStage;
use crate::step_runner::StepRunner;
use contend_platform::stack_left;
use contend_trace::PoolId;

/// The most tasks inside one another in a thread of the runner.
const MAX_DEPTH: usize = 500;

/// Stack that must be free before a task begins: enough for decoding pictures and for nested blocks.
const STACK_RESERVE: usize = if cfg!(debug_assertions) { 3 << 20 } else { 768 << 10 };

impl StepRunner {
    /// Whether the worker may not run one more task inside its present one.
    pub fn is_too_deep(&self) -> bool {
        let deepest = if self.nested_notes().is_some() { MAX_NOTED_DEPTH } else { MAX_DEPTH };
        self.nested_depth >= deepest || stack_left().is_some_and(|left| left < STACK_RESERVE)
    }

    /// Returns the notes about nested tasks. A thread of the runner needs none: it dies only with the runner.
    fn nested_notes(&self) -> Option<NestedNotes<'static>> {
        self.run.nested_notes(self.id()).filter(|_| self.run.is_worker_process())
    }
}

/// Runs a task that did not fit into the queue, or that the worker took from the queue while it waits (`helped`). The
/// task is counted already.
pub async fn run_nested_task(
    run: &'static RunContext,
    pool: PoolId,
    task: PoolTask,
    helped: bool,
    step_runner: &mut StepRunner,
) {
    step_runner.nested_depth += 1;
    let (notes, ring) = (step_runner.nested_notes(), step_runner.ring());
    let note = |stage| {
        notes.inspect(|notes| notes.update_innermost(pool, stage, ring.event_total()));
    };
    notes.inspect(|notes| notes.push(pool, &task, ring.event_total()));
    record_task_begin(run, pool, task, helped, step_runner);
    let outcome = run_task_steps(run, pool, task.number, step_runner).await;
    let end = outcome.kind();
    note(TaskStage::Ending(end));
    step_runner.recorder.write(step_runner.recorder.now(), end.end_event(pool));
    note(TaskStage::Resolving(end));
    resolve_result(run, pool, &task, end.is_ok(), &mut step_runner.recorder);
    notes.inspect(|notes| notes.pop());
    count_finished(run, pool, &mut step_runner.recorder);
    report_failure(run, &task, outcome, step_runner.id());
    step_runner.nested_depth -= 1;
}
