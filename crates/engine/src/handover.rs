//! Tasks across a process boundary: packed, sent, received, unpacked, and the result back the same way.
//!
//! In the runner a thread stands for each worker process: it takes tasks from the queue and hands them over. Both write
//! to the one ring of the worker's lane, strictly by turns: whoever has the tasks has the ring.

mod rescue;

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::block_on::block_on;
use super::payload::Payload;
use super::pool::{attempt, begin, count_off, log, resolve, tell_theft};
use super::progress::{Progress, Stage};
use super::queue::Task;
use super::recorder::Recorder;
use super::results::Promise;
use super::run::Run;
use contend_platform::come_by;
use contend_scenario::Values;
use contend_trace::{KnobId, PoolId, State, WorkerId, frame};

/// To a worker process.
#[derive(Debug, Serialize, Deserialize)]
struct Chunk {
    /// Number and due time of each task, and where its result goes.
    tasks: Vec<(u64, u64, u64)>,
    payload: Payload,
}

/// From a worker process.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    /// It is up and waits for tasks.
    Ready,
    /// The chunk is done.
    Done { payload: Payload },
}

/// The runner's ends of a worker process's pipes.
#[derive(Debug)]
pub struct Link {
    to: File,
    from: BufReader<File>,
}

impl Link {
    pub fn new(to: OwnedFd, from: OwnedFd) -> Self {
        Self { to: File::from(to), from: BufReader::new(File::from(from)) }
    }

    fn answer(&mut self) -> io::Result<Answer> {
        frame::receive(&mut self.from)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// Values outside any worker.
struct Outside(&'static Run);

impl Values for Outside {
    fn knob(&self, knob: KnobId) -> f64 {
        self.0.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        (0, 1)
    }
}

/// Stands for the worker process `me`, at place `seat` of its pool, in the runner until there are no more tasks or it is
/// asked to end. `start` starts the process, and starts it anew after it died; `None` when that is not possible.
pub fn stand_for(run: &'static Run, index: usize, seat: usize, me: WorkerId, start: impl Fn() -> Option<Link>) {
    let (pool, queue, ring) = (&run.scenario.pools[index], &run.queues[index], run.board.ring(me));
    let mut tasks = Vec::new();
    while let Some(mut link) = start() {
        if !matches!(link.answer(), Ok(Answer::Ready)) {
            break; // it could not start: its own message says why
        }
        let mut pen = run.recorder(me);
        loop {
            let chunk = pool.chunk.eval(&Outside(run)).clamp(1.0, 1e6) as usize;
            let enough = || ring.asked_to_end() && !queue.dealt.needs(seat);
            let from = block_on(queue.take(seat, chunk, &mut tasks, &mut pen, enough));
            if tasks.is_empty() {
                if queue.leave(seat, !ring.asked_to_end()) {
                    return; // closing the pipe lets the process end by itself
                }
                continue;
            }
            tell_theft(run, index, from, &mut pen);
            if hand_over(run, (index, me), &tasks, &mut link, &mut pen).is_err() {
                break;
            }
        }
        if !rescue::rescue(run, index, &tasks, &mut pen, me) {
            break;
        }
    }
    rescue::go_without(run, index, seat, &mut run.recorder(me));
}

/// Sends a chunk and waits until it is done.
fn hand_over(
    run: &'static Run,
    (index, me): (usize, WorkerId),
    tasks: &[Task],
    link: &mut Link,
    pen: &mut Recorder<'_>,
) -> io::Result<()> {
    pen.block(State::Handover, None);
    let bytes = run.scenario.pools[index].payload.eval(&Outside(run)).clamp(0.0, frame::FRAME_MAX as f64 / 2.0);
    let payload = Payload::of(bytes as usize);
    let chunk =
        Chunk { tasks: tasks.iter().map(|t| (t.number, t.due, t.result.map_or(0, Promise::word))).collect(), payload };
    // Before it is sent: of one who dies before it has looked at the chunk the progress would be that of the chunk before.
    Progress::NONE.note(run.board.ring(me));
    let sent = frame::send(&link.to, &chunk);
    let answer = sent.and_then(|()| link.answer());
    pen.take_over();
    match answer? {
        Answer::Done { .. } => {
            pen.resume();
            // Here, not there: this cannot be seen to have been done by whoever finds a dead worker, so it must not die at it.
            for _ in tasks {
                count_off(run, PoolId::from(index), pen);
            }
            Ok(())
        }
        Answer::Ready => Err(io::Error::other("an answer out of order")),
    }
}

/// The worker process's side: does chunks until the pipe is closed.
pub fn serve(run: &'static Run, index: usize, actor: &mut Actor, from: OwnedFd, to: OwnedFd) -> io::Result<()> {
    let (mut from, to, pool) = (BufReader::new(File::from(from)), File::from(to), PoolId::from(index));
    frame::send(&to, &Answer::Ready)?;
    while let Some(chunk) = frame::receive::<Chunk>(&mut from)? {
        actor.pen.take_over();
        actor.pen.resume();
        for (done, (number, due, result)) in chunk.tasks.into_iter().enumerate() {
            let task = Task { number, due, failed: 0, result: Promise::of(result) };
            do_handed(run, pool, task, done as u32, actor);
        }
        actor.pen.block(State::Handover, None);
        frame::send(&to, &Answer::Done { payload: chunk.payload })?;
    }
    actor.pen.take_over();
    Ok(())
}

/// Does a task of a chunk of which so many are over, and notes each step before it takes it. That it is over is counted in
/// the runner.
fn do_handed(run: &'static Run, pool: PoolId, task: Task, over: u32, actor: &mut Actor) {
    let ring = actor.ring();
    let note = |over, stage| Progress { over, stage }.note(ring);
    note(over, Stage::Begun);
    begin(run, pool, task, actor);
    let outcome = block_on(attempt(run, pool, task.number, actor));
    let end = outcome.end();
    note(over, Stage::Ending(end));
    come_by("end-noted");
    actor.pen.write(actor.pen.now(), end.event(pool));
    come_by("end-told");
    note(over, Stage::Resolving(end));
    come_by("result-noted");
    resolve(run, pool, &task, end.ok(), &mut actor.pen);
    come_by("result-told");
    note(over + 1, Stage::Unbegun);
    come_by("over");
    log(run, &task, outcome, actor.me());
}
