//! The event loop of a run: tokio's, on one thread or several; and the tasks on it.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::actor::Actor;
use super::birth::{begin, stack};
use super::plan::Part;
use super::pool;
use super::process::{finish, member};
use super::pulse::{Pulse, Pulsed, busy, idle};
use super::run::Run;
use contend_platform::exact_sleeps;
use contend_trace::{How, State, WorkerId};

/// Starts a loop on so many threads. It runs its first task when the start barrier is lifted, and lives as long as the
/// process: its tasks may be stuck for ever.
///
/// # Errors
/// When the system gives no thread, or no descriptor to wait with.
pub fn start(run: &'static Run, threads: u32) -> io::Result<Handle> {
    let mut builder = if threads > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if threads > 1 {
        builder.worker_threads(threads as usize);
    }
    let (clock, stack) = (run.board.clock(), stack(run).max(2 << 20));
    builder.enable_all().thread_name("loop").thread_stack_size(stack).on_thread_start(|| prepare(run));
    builder.on_thread_park(move || idle(clock)).on_thread_unpark(busy);
    let runtime = builder.build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("loop".into()).stack_size(stack).spawn(move || {
        prepare(run);
        runtime.block_on(pending::<()>());
    })?;
    Ok(handle)
}

/// A thread of the loop, before it does anything.
fn prepare(run: &Run) {
    exact_sleeps();
    run.board.wait_for_go();
}

/// Starts a task; `over` is called when it has ended. Without a loop nothing happens.
pub fn spawn(run: &'static Run, me: WorkerId, part: Part, over: impl FnOnce() + Send + 'static) {
    let Some(event_loop) = run.event_loop.get() else { return };
    run.board.ring(me).sign(std::process::id(), 0);
    let task = task(run, me, part);
    event_loop.spawn(async move {
        task.await;
        over();
    });
}

/// A worker that is a task, from its first event to its last.
fn task(run: &'static Run, me: WorkerId, part: Part) -> impl Future<Output = ()> + Send {
    let pulse = Arc::new(Pulse::new(run.board.clock()));
    let mut actor = Actor::new(run, me, place(run, part));
    actor.pen.of_task(Arc::clone(&pulse));
    let is_spawned = run.plan.is_spawned(me);
    if !is_spawned {
        // It is there before its loop comes to it, which may be never.
        begin(run, me, 0, &mut actor);
        actor.pen.block(State::Ready, None);
    }
    let life = async move {
        if is_spawned {
            begin(run, me, run.board.clock().ticks(), &mut actor);
        } else {
            actor.pen.resume();
        }
        match part {
            Part::Member { group, .. } => {
                let well = member(run, group, &mut actor).await;
                drop(actor); // the next life has a pen of its own
                run.end_life(me, well);
            }
            Part::PoolWorker { pool, place } => {
                pool::work(run, pool, place as usize, &mut actor).await;
                let how = if actor.asked_to_end() { How::Retired } else { How::Finished };
                finish(&mut actor, how);
            }
            Part::Feeder { .. } | Part::Server { .. } | Part::Manager => {} // never a task
        }
    };
    Pulsed::new(life, pulse)
}

fn place(run: &Run, part: Part) -> (u32, u32) {
    match part {
        Part::Member { place, of, .. } => (place, of),
        Part::PoolWorker { place, pool } => (place, run.plan.cast.pools[pool].size),
        Part::Feeder { .. } | Part::Server { .. } | Part::Manager => (0, 1),
    }
}
