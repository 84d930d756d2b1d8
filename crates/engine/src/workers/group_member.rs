//! The life of a group's worker: its first event, its steps, its last event.

use crate::block_on::{catch_panic, panic_message};
use crate::context::RunContext;
use crate::step_runner::{StepRunner, StopReason};
use contend_trace::{Cancellation, EventKind, ExitKind, Notice, Span, WorkerId};

/// Records the first event of a life. A spawned life begins at `first`, the time of the thread's first instruction.
pub fn record_life_begin(run: &RunContext, worker: WorkerId, first: u64, step_runner: &mut StepRunner) {
    if !run.plan.is_spawned(worker) {
        return step_runner.recorder.begin_life(step_runner.recorder.now());
    }
    step_runner.recorder.begin_life(first);
    if let Some(life) = run.life(worker) {
        let (claimed_at, parent) = life.origin();
        step_runner.parent_task = life.task();
        let after = Span(run.nanos_between(claimed_at, first));
        step_runner.recorder.write(first, EventKind::SpawnedBy { worker: parent, after });
    }
}

/// Runs the steps of a group's member to their end. Returns whether they ended without an error or a panic.
pub async fn run_group_member(run: &'static RunContext, group: usize, step_runner: &mut StepRunner) -> bool {
    let steps = &run.scenario.groups[group].steps;
    let result = catch_panic(async { step_runner.run_block(steps).await }).await;
    match result {
        Ok(Err(StopReason::Cancelled(Cancellation::Kill))) => return end_killed(run, step_runner),
        Ok(Err(StopReason::StopRequested | StopReason::Cancelled(Cancellation::Unwind))) => step_runner.release_all(),
        _ => step_runner.abandon(),
    }
    step_runner.forget_results();
    run.remove_task_source(step_runner.id(), Some(&mut step_runner.recorder));
    let (exit, failure) = match result {
        Ok(Ok(()) | Err(StopReason::Finished)) => (ExitKind::Finished, None),
        Ok(Err(StopReason::StopRequested)) => (ExitKind::Retired, None),
        Ok(Err(StopReason::Cancelled(_))) => (ExitKind::Cancelled, None),
        Ok(Err(StopReason::Failed(reason))) => (ExitKind::Panicked, Some(reason)),
        Err(panic) => (ExitKind::Panicked, Some(panic_message(&*panic))),
    };
    step_runner.recorder.end_life(exit);
    if let Some(message) = failure {
        run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message });
    }
    matches!(exit, ExitKind::Finished | ExitKind::Retired)
}

/// Ends a worker that was killed: nothing is given back. One that waits for a mutex of tasks stays in line: its life is
/// over, and the mutex will be handed to it nevertheless. Returns that it did not end well.
fn end_killed(run: &'static RunContext, step_runner: &mut StepRunner) -> bool {
    step_runner.leak_locks();
    run.remove_task_source(step_runner.id(), Some(&mut step_runner.recorder));
    let in_line = step_runner.killed_in_line.take();
    let mutex = in_line.and_then(|(id, key)| Some((run.async_mutex(id)?, key)));
    step_runner.recorder.end_life(ExitKind::Killed);
    if let Some((mutex, key)) = mutex {
        // From here on, only the mutex writes to the ring.
        run.note_left_in_line(step_runner.id());
        let placeholder = run.recorder(step_runner.id());
        let recorder = std::mem::replace(&mut step_runner.recorder, placeholder);
        mutex.leave_in_line(key, Box::new(recorder));
    }
    false
}

/// Records the last event of a worker that is not a group's member.
pub fn record_life_end(step_runner: &mut StepRunner) {
    let exit = if step_runner.asked_to_end() { ExitKind::Retired } else { ExitKind::Finished };
    step_runner.recorder.end_life(exit);
}
