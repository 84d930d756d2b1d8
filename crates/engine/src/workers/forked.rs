//! A worker process that is forked from the process of the worker that spawns it, and runs steps.
//!
//! The copy has the memory of its origin at the moment of the fork, and one thread. Every mutex that another thread
//! held then is locked in it, and stays locked: its holder does not exist there. That is what a scenario wants to show.
//! What the copy needs itself must not be among them:
//!
//! - Everything it uses is made before the fork, and the lock of the output is held across it.
//! - The C library's allocator takes its own locks at a fork.
//! - The rest is shared memory, whose locks are not copied.
//!
//! The checker refuses all other steps: those that need descriptors, other threads or the event loop.

use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::event_loop::position_of;
use super::group_member::{record_life_begin, run_group_member};
use super::scheduling::apply_scheduling;
use super::thread::{stack_bytes, thread_name};
use crate::block_on::block_on;
use crate::cleanup::dead_waiter::remove_dead_waiter;
use crate::context::RunContext;
use crate::interrupt;
use crate::locks::any_mutex::AnyMutex;
use crate::plan::WorkerRole;
use crate::step_runner::StepRunner;
use crate::time_limit::end_at_time_limit;
use contend_platform::{Exit, detach_forked_copy, exit_now, fork_and_wait, minimize_timer_slack, thread_id};
use contend_trace::{DeathCause, EventKind, Notice, WorkerId};

/// Forks this process for a worker whose life was claimed. Returns when the copy exists. A thread of its own forks it
/// and waits for its end: the kernel kills the copy when that thread ends.
///
/// # Errors
/// If the system refuses another thread or process. Then the caller ends the life.
pub fn spawn_forked(run: &'static RunContext, worker: WorkerId) -> io::Result<()> {
    let (sender, receiver) = sync_channel(1);
    let body = move || {
        let made = sender.clone();
        match fork_worker(run, worker, || drop(made.send(Ok(())))) {
            Ok(exit) => end_forked_life(run, worker, exit),
            Err(error) => drop(sender.send(Err(error))),
        }
    };
    thread::Builder::new().name(thread_name(run, worker)).stack_size(stack_bytes(run)).spawn(body)?;
    receiver.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

/// Forks the worker, calls `made` once it exists, and waits for its end.
fn fork_worker(run: &'static RunContext, worker: WorkerId, made: impl FnOnce()) -> io::Result<Exit> {
    let role = run.plan.roles[worker.index()];
    let mut step_runner = StepRunner::new(run, worker, position_of(run, role));
    let parent = std::process::id();
    fork_and_wait(
        run.lock_output(),
        |output| {
            let first = run.memory.clock().ticks();
            if detach_forked_copy(parent, output.as_fd()).is_err() {
                exit_now(1);
            }
            drop(output);
            run_copy(run, role, first, &mut step_runner);
        },
        |output| {
            drop(output);
            made();
        },
    )
}

/// Runs the worker's steps, in the copy.
fn run_copy(run: &'static RunContext, role: WorkerRole, first: u64, step_runner: &mut StepRunner) {
    let WorkerRole::GroupMember { group, .. } = role else { return };
    let worker = step_runner.id();
    end_at_time_limit(run.memory);
    minimize_timer_slack();
    apply_scheduling(run, role, step_runner);
    run.memory.ring(worker).set_producer_ids(std::process::id(), thread_id());
    interrupt::set_present(run.cancel_ring(worker));
    record_life_begin(run, worker, first, step_runner);
    for copy in run.plan.lock_copies_of(worker) {
        if run.lock(copy.copy).is_some_and(AnyMutex::is_locked) {
            let holder = run.lock_holders.at_fork(copy.original).unwrap_or(worker);
            step_runner.recorder.write(first, EventKind::CopiedHeld { lock: copy.copy, holder });
        }
    }
    if !block_on(run_group_member(run, group, step_runner)) {
        run.life(worker).inspect(|life| life.mark_failed());
    }
}

/// Ends the life of a forked worker, in its origin.
fn end_forked_life(run: &'static RunContext, worker: WorkerId, exit: Exit) {
    let death = match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(DeathCause::Exit(code)),
        Exit::Signal(signal) => Some(DeathCause::Signal(signal)),
    };
    let has_died = death.is_some();
    if let Some(cause) = death {
        if run.plan.counts_waiters() {
            remove_dead_waiter(run, worker, &mut run.recorder(worker));
        }
        run.send_notice(Notice::Died { worker, cause });
    }
    run.end_life(worker, !has_died);
}
