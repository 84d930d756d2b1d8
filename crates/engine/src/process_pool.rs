//! Tasks across a process boundary: packed, sent, received, unpacked, and the result back the same way.
//!
//! In the runner a thread stands for each worker process: it takes tasks from the queue and hands them over. Both write
//! to the one ring of the worker's lane, strictly by turns: whoever has the tasks has the ring.

mod crash_recovery;

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use super::block_on::block_on;
use super::context::RunContext;
use super::payload::Payload;
use super::pool::{count_finished, record_steal, record_task_begin, report_failure, resolve_result, run_task_steps};
use super::recorder::Recorder;
use super::result_store::Promise;
use super::step_runner::StepRunner;
use super::task_progress::{TaskProgress, TaskStage};
use super::task_queue::PoolTask;
use contend_platform::hit_fail_point;
use contend_trace::{PoolId, State, WorkerId, frame};

/// To a worker process.
#[derive(Debug, Serialize, Deserialize)]
struct TaskChunk {
    /// Number and due time of each task, and where its result goes.
    tasks: Vec<(u64, u64, u64)>,
    payload: Payload,
}

/// From a worker process.
#[derive(Debug, Serialize, Deserialize)]
enum WorkerReply {
    /// It is up and waits for tasks.
    Ready,
    /// The chunk is done.
    Done { payload: Payload },
}

/// The runner's ends of a worker process's pipes.
#[derive(Debug)]
pub struct WorkerLink {
    sender: File,
    receiver: BufReader<File>,
}

impl WorkerLink {
    pub fn new(to: OwnedFd, from: OwnedFd) -> Self {
        Self { sender: File::from(to), receiver: BufReader::new(File::from(from)) }
    }

    fn receive_reply(&mut self) -> io::Result<WorkerReply> {
        frame::receive(&mut self.receiver)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// Stands for the worker process `me`, at place `seat` of its pool, in the runner until there are no more tasks or it is
/// asked to end. `start` starts the process, and starts it anew after it died; `None` when that is not possible.
pub fn run_process_proxy(
    run: &'static RunContext,
    pool_index: usize,
    worker_index: usize,
    me: WorkerId,
    start: impl Fn() -> Option<WorkerLink>,
) {
    let (pool, queue, ring) = (&run.scenario.pools[pool_index], &run.task_queues[pool_index], run.memory.ring(me));
    let mut tasks = Vec::new();
    while let Some(mut link) = start() {
        if !matches!(link.receive_reply(), Ok(WorkerReply::Ready)) {
            break; // it could not start: its own message says why
        }
        let mut recorder = run.recorder(me);
        loop {
            let chunk = pool.chunk.eval(run).clamp(1.0, 1e6) as usize;
            let enough = || ring.is_end_requested() && !queue.local_queues.needs_worker(worker_index);
            let from = block_on(queue.take(worker_index, chunk, &mut tasks, &mut recorder, enough));
            if tasks.is_empty() {
                if queue.retire_worker(worker_index, !ring.is_end_requested()) {
                    return; // closing the pipe lets the process end by itself
                }
                continue;
            }
            record_steal(run, pool_index, from, &mut recorder);
            if send_chunk(run, (pool_index, me), &tasks, &mut link, &mut recorder).is_err() {
                break;
            }
        }
        if !crash_recovery::recover_tasks(run, pool_index, &tasks, &mut recorder, me) {
            break;
        }
    }
    crash_recovery::retire_process(run, pool_index, worker_index, &mut run.recorder(me));
}

/// Sends a chunk and waits until it is done.
fn send_chunk(
    run: &'static RunContext,
    (pool_index, me): (usize, WorkerId),
    tasks: &[PoolTask],
    link: &mut WorkerLink,
    recorder: &mut Recorder<'_>,
) -> io::Result<()> {
    recorder.block(State::Handover, None);
    let bytes = run.scenario.pools[pool_index].payload.eval(run).clamp(0.0, frame::FRAME_MAX as f64 / 2.0);
    let payload = Payload::of(bytes as usize);
    let chunk = TaskChunk {
        tasks: tasks.iter().map(|t| (t.number, t.due, t.result.map_or(0, Promise::to_word))).collect(),
        payload,
    };
    // Before it is sent: of one who dies before it has looked at the chunk the progress would be that of the chunk before.
    TaskProgress::NONE.note(run.memory.ring(me));
    let sent = frame::send(&link.sender, &chunk);
    let answer = sent.and_then(|()| link.receive_reply());
    recorder.resync_ring();
    match answer? {
        WorkerReply::Done { .. } => {
            recorder.resume();
            // Here, not there: this cannot be seen to have been done by whoever finds a dead worker, so it must not die at it.
            for _ in tasks {
                count_finished(run, PoolId::from(pool_index), recorder);
            }
            Ok(())
        }
        WorkerReply::Ready => Err(io::Error::other("an answer out of order")),
    }
}

/// The worker process's side: does chunks until the pipe is closed.
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
        for (done, (number, due, result)) in chunk.tasks.into_iter().enumerate() {
            let task = PoolTask { number, due, crash_count: 0, result: Promise::from_word(result) };
            run_chunk_task(run, pool, task, done as u32, step_runner);
        }
        step_runner.recorder.block(State::Handover, None);
        frame::send(&to, &WorkerReply::Done { payload: chunk.payload })?;
    }
    step_runner.recorder.resync_ring();
    Ok(())
}

/// Does a task of a chunk of which so many are over, and notes each step before it takes it. That it is over is counted in
/// the runner.
fn run_chunk_task(run: &'static RunContext, pool: PoolId, task: PoolTask, over: u32, step_runner: &mut StepRunner) {
    let ring = step_runner.ring();
    let note = |over, stage| TaskProgress { finished: over, stage }.note(ring);
    note(over, TaskStage::Begun);
    record_task_begin(run, pool, task, step_runner);
    let outcome = block_on(run_task_steps(run, pool, task.number, step_runner));
    let end = outcome.kind();
    note(over, TaskStage::Ending(end));
    hit_fail_point("end-noted");
    step_runner.recorder.write(step_runner.recorder.now(), end.end_event(pool));
    hit_fail_point("end-told");
    note(over, TaskStage::Resolving(end));
    hit_fail_point("result-noted");
    resolve_result(run, pool, &task, end.is_ok(), &mut step_runner.recorder);
    hit_fail_point("result-told");
    note(over + 1, TaskStage::NotBegun);
    hit_fail_point("over");
    report_failure(run, &task, outcome, step_runner.id());
}
