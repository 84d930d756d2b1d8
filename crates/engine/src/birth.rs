//! The life of a group's worker, from the first moment of its thread to the last.

use std::io;
use std::thread;

use tokio::runtime::Handle;

use super::actor::Actor;
use super::block_on::block_on;
use super::plan::Part;
use super::process::member;
use super::run::Run;
use super::seat::take_seat;
use contend_platform::{exact_sleeps, thread_id};
use contend_trace::{EventKind, Span, WorkerId};

/// Enough for decoding pictures, and for 64 blocks in one another, each of which takes 30 KiB in a debug build; untouched
/// pages cost nothing.
const STACK: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };

/// Enough for tasks inside one another, each of which takes 80 KiB in a debug build.
const DEEP_STACK: usize = STACK * 16;

/// The stack of a thread that works.
pub const fn stack(run: &Run) -> usize {
    if run.runs_in_callers { DEEP_STACK } else { STACK }
}

/// Does what a worker that starts with the run, or was spawned, does in its own thread. Whether it ended well.
pub fn live(run: &'static Run, me: WorkerId, part: Part) -> bool {
    let Part::Member { group, place, of } = part else { return false };
    let first = run.board.clock().ticks();
    exact_sleeps();
    let _timers = run.event_loop.get().map(Handle::enter); // for what it shares with tasks
    let mut actor = Actor::new(run, me, (place, of));
    take_seat(run, part, &actor);
    run.board.ring(me).sign(std::process::id(), thread_id());
    run.board.wait_for_go();
    begin(run, me, first, &mut actor);
    block_on(member(run, group, &mut actor))
}

/// Its first event. Of one that was spawned the first moment is that of its first instruction, not of its first record.
pub fn begin(run: &Run, me: WorkerId, first: u64, actor: &mut Actor) {
    if !run.plan.is_spawned(me) {
        return actor.pen.begin(actor.pen.now());
    }
    actor.pen.begin(first);
    if let Some(life) = run.life(me) {
        let (asked, worker) = life.origin();
        actor.given = life.task();
        actor.pen.write(first, EventKind::SpawnedBy { worker, after: Span(run.nanos(asked, first)) });
    }
}

/// Starts a thread of this process for a worker whose life was claimed. Nobody waits for it but through its life.
///
/// # Errors
/// What the system says when it gives no more threads. The life is the caller's to end.
pub fn spawn_thread(run: &'static Run, worker: WorkerId) -> io::Result<()> {
    let part = run.plan.parts[worker.index()];
    let body = move || {
        let well = live(run, worker, part);
        run.end_life(worker, well);
    };
    thread::Builder::new().name(name(run, worker)).stack_size(stack(run)).spawn(body)?;
    Ok(())
}

/// A thread's name: the worker's, as far as the system takes it.
pub fn name(run: &Run, worker: WorkerId) -> String {
    run.plan.cast.worker_name(worker).chars().filter(|c| *c != '\0').collect()
}
