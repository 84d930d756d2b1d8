//! The event loop of a run: tokio's, on one thread or several; and the tasks on it.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::context::RunContext;
use super::plan::WorkerRole;
use super::pool;
use super::step_runner::StepRunner;
use super::wakeups::{StampedTask, Wakeups, mark_loop_busy, mark_loop_idle};
use super::worker_process::{record_life_end, run_group_member};
use super::worker_thread::{record_life_begin, stack_bytes};
use contend_platform::minimize_timer_slack;
use contend_trace::{ExitKind, State, WorkerId};

/// Starts a loop on so many threads. It runs its first task when the start barrier is lifted, and lives as long as the
/// process: its tasks may be stuck for ever.
///
/// # Errors
/// When the system gives no thread, or no descriptor to wait with.
pub fn start(run: &'static RunContext, threads: u32) -> io::Result<Handle> {
    let mut builder = if threads > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if threads > 1 {
        builder.worker_threads(threads as usize);
    }
    let (clock, stack) = (run.memory.clock(), stack_bytes(run).max(2 << 20));
    builder.enable_all().thread_name("loop").thread_stack_size(stack).on_thread_start(|| prepare_thread(run));
    builder.on_thread_park(move || mark_loop_idle(clock)).on_thread_unpark(mark_loop_busy);
    let runtime = builder.build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("loop".into()).stack_size(stack).spawn(move || {
        prepare_thread(run);
        runtime.block_on(pending::<()>());
    })?;
    Ok(handle)
}

/// A thread of the loop, before it does anything.
fn prepare_thread(run: &RunContext) {
    minimize_timer_slack();
    run.memory.wait_at_start_barrier();
}

/// Starts a task; `over` is called when it has ended. Without a loop nothing happens.
pub fn spawn(run: &'static RunContext, me: WorkerId, role: WorkerRole, over: impl FnOnce() + Send + 'static) {
    let Some(event_loop) = run.event_loop.get() else { return };
    run.memory.ring(me).set_producer_ids(std::process::id(), 0);
    let task = run_task_worker(run, me, role);
    event_loop.spawn(async move {
        task.await;
        over();
    });
}

/// A worker that is a task, from its first event to its last.
fn run_task_worker(run: &'static RunContext, me: WorkerId, role: WorkerRole) -> impl Future<Output = ()> + Send {
    let wakeups = Arc::new(Wakeups::new(run.memory.clock()));
    let mut step_runner = StepRunner::new(run, me, worker_place(run, role));
    step_runner.recorder.attach_wakeups(Arc::clone(&wakeups));
    let is_spawned = run.plan.is_spawned(me);
    if !is_spawned {
        // It is there before its loop comes to it, which may be never.
        record_life_begin(run, me, 0, &mut step_runner);
        step_runner.recorder.block(State::Ready, None);
    }
    let life = async move {
        if is_spawned {
            record_life_begin(run, me, run.memory.clock().ticks(), &mut step_runner);
        } else {
            step_runner.recorder.resume();
        }
        match role {
            WorkerRole::GroupMember { group, .. } => {
                let well = run_group_member(run, group, &mut step_runner).await;
                drop(step_runner); // the next life has a pen of its own
                run.end_life(me, well);
            }
            WorkerRole::PoolWorker { pool, index: place } => {
                pool::run_tasks(run, pool, place as usize, &mut step_runner).await;
                let how = if step_runner.asked_to_end() { ExitKind::Retired } else { ExitKind::Finished };
                record_life_end(&mut step_runner, how);
            }
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {} // never a task
        }
    };
    StampedTask::new(life, wakeups)
}

fn worker_place(run: &RunContext, role: WorkerRole) -> (u32, u32) {
    match role {
        WorkerRole::GroupMember { index: place, group_size: of, .. } => (place, of),
        WorkerRole::PoolWorker { index: place, pool } => (place, run.plan.cast.pools[pool].size),
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => (0, 1),
    }
}
