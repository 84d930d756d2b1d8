//! The worker process's side: receives chunks of tasks and runs them.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;

use crate::block_on::block_on;
use crate::context::RunContext;
use crate::pool::result_store::Promise;
use crate::pool::task::PoolTask;
use crate::pool::task_progress::{TaskProgress, TaskStage};
use crate::protocol::chunks::{TaskChunk, WorkerReply};
use crate::step_runner::StepRunner;
use crate::tasks::run_tasks::{record_task_begin, run_task_steps};
use crate::tasks::settle::{report_failure, resolve_result};
use contend_platform::hit_fail_point;
use contend_trace::{PoolId, State, frame};

/// Runs chunks until the pipe is closed.
pub fn serve_chunks(
    run: &'static RunContext,
    pool_index: usize,
    step_runner: &mut StepRunner,
    from: OwnedFd,
    to: OwnedFd,
) -> io::Result<()> {
    let (mut from, to, pool) = (BufReader::new(File::from(from)), File::from(to), PoolId::from(pool_index));
    frame::send(&to, &WorkerReply::Ready)?;
    while let Some(chunk) = frame::receive::<TaskChunk>(&mut from)? {
        step_runner.recorder.resync_ring();
        step_runner.recorder.resume();
        for (finished, (number, due, result)) in chunk.tasks.into_iter().enumerate() {
            let task = PoolTask { number, due, crash_count: 0, result: Promise::from_word(result) };
            run_chunk_task(run, pool, task, finished as u32, step_runner);
        }
        step_runner.recorder.block(State::Handover, None);
        frame::send(&to, &WorkerReply::Done { payload: chunk.payload })?;
    }
    step_runner.recorder.resync_ring();
    Ok(())
}

/// Runs a task of a chunk in which `finished` tasks are finished, and notes each step before taking it. The runner
/// counts the task as finished.
fn run_chunk_task(run: &'static RunContext, pool: PoolId, task: PoolTask, finished: u32, step_runner: &mut StepRunner) {
    let ring = step_runner.ring();
    let note = |finished, stage| TaskProgress { finished, stage }.note(ring);
    note(finished, TaskStage::Begun);
    record_task_begin(run, pool, task, false, step_runner);
    let outcome = block_on(run_task_steps(run, pool, task.number, step_runner));
    let end = outcome.kind();
    note(finished, TaskStage::Ending(end));
    hit_fail_point("end-noted");
    step_runner.recorder.write(step_runner.recorder.now(), end.end_event(pool));
    hit_fail_point("end-recorded");
    note(finished, TaskStage::Resolving(end));
    hit_fail_point("resolving-noted");
    resolve_result(run, pool, &task, end.is_ok(), &mut step_runner.recorder);
    hit_fail_point("result-resolved");
    note(finished + 1, TaskStage::NotBegun);
    hit_fail_point("finish-noted");
    report_failure(run, &task, outcome, step_runner.id());
}
