//! The runner's side: a thread that takes tasks for one worker process, sends them, and replaces the process after a
//! crash.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;

use super::crash_recovery::{recover_tasks, retire_process};
use crate::block_on::block_on;
use crate::context::RunContext;
use crate::pool::result_store::Promise;
use crate::pool::task::PoolTask;
use crate::pool::task_progress::TaskProgress;
use crate::protocol::chunks::{Payload, TaskChunk, WorkerReply};
use crate::recorder::Recorder;
use crate::tasks::run_tasks::record_steal;
use crate::tasks::settle::count_finished;
use contend_trace::{PoolId, State, WorkerId, frame};

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

/// Stands for the process of `worker`, at position `worker_index` of its pool, until no more tasks come or the worker
/// must end. `start` starts the process, and starts it again after a crash; it returns `None` if that is not possible.
pub fn run_process_proxy(
    run: &'static RunContext,
    pool_index: usize,
    worker_index: usize,
    worker: WorkerId,
    start: impl Fn() -> Option<WorkerLink>,
) {
    let (pool, queue, ring) = (&run.scenario.pools[pool_index], &run.task_queues[pool_index], run.memory.ring(worker));
    let mut tasks = Vec::new();
    while let Some(mut link) = start() {
        if !matches!(link.receive_reply(), Ok(WorkerReply::Ready)) {
            break; // it could not start, and has said why
        }
        let mut recorder = run.recorder(worker);
        loop {
            let chunk = pool.chunk.eval(run).clamp(1.0, 1e6) as usize;
            let should_stop = || ring.is_end_requested() && !queue.local_queues.needs_worker(worker_index);
            let stolen_from = block_on(queue.take(worker_index, chunk, &mut tasks, &mut recorder, should_stop));
            if tasks.is_empty() {
                if queue.retire_worker(worker_index, !ring.is_end_requested()) {
                    return; // dropping the link closes the pipe, and the process ends
                }
                continue;
            }
            record_steal(run, pool_index, stolen_from, &mut recorder);
            if send_chunk(run, (pool_index, worker), &tasks, &mut link, &mut recorder).is_err() {
                break;
            }
        }
        if !recover_tasks(run, pool_index, &tasks, &mut recorder, worker) {
            break;
        }
    }
    retire_process(run, pool_index, worker_index, &mut run.recorder(worker));
}

/// Sends a chunk and waits until it is done.
fn send_chunk(
    run: &'static RunContext,
    (pool_index, worker): (usize, WorkerId),
    tasks: &[PoolTask],
    link: &mut WorkerLink,
    recorder: &mut Recorder<'_>,
) -> io::Result<()> {
    recorder.block(State::Handover, None);
    let bytes = run.scenario.pools[pool_index].payload.eval(run).clamp(0.0, frame::FRAME_MAX as f64 / 2.0);
    let chunk = TaskChunk {
        tasks: tasks.iter().map(|t| (t.number, t.due, t.result.map_or(0, Promise::to_word))).collect(),
        payload: Payload::with_len(bytes as usize),
    };
    // Before sending: if the process died before it read the chunk, the progress of the chunk before would remain.
    TaskProgress::NONE.note(run.memory.ring(worker));
    let sent = frame::send(&link.sender, &chunk);
    let reply = sent.and_then(|()| link.receive_reply());
    recorder.resync_ring();
    match reply? {
        WorkerReply::Done { .. } => {
            recorder.resume();
            // Counted here and not by the worker: nothing would show whether a worker that died had counted already.
            for _ in tasks {
                count_finished(run, PoolId::from(pool_index), recorder);
            }
            Ok(())
        }
        WorkerReply::Ready => Err(io::Error::other("the worker process sent `Ready` twice")),
    }
}
