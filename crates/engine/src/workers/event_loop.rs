//! The event loop of a run, which is tokio's, on one thread or several, and the workers that are tasks of it.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::group_member::{record_life_begin, record_life_end, run_group_member};
use super::thread::stack_bytes;
use crate::context::RunContext;
use crate::plan::WorkerRole;
use crate::recorder::wakeups::{StampedTask, Wakeups, mark_loop_busy, mark_loop_idle};
use crate::step_runner::StepRunner;
use crate::tasks::run_tasks::run_tasks;
use contend_platform::minimize_timer_slack;
use contend_trace::{State, WorkerId};

/// Starts a loop on `threads` threads. It polls its first task when the start barrier is lifted, and lives as long as
/// the process, because its tasks may be stuck forever.
///
/// # Errors
/// If the system refuses a thread or a descriptor.
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

/// Prepares a thread of the loop before it polls any task.
fn prepare_thread(run: &RunContext) {
    minimize_timer_slack();
    run.memory.wait_at_start_barrier();
    run.low_priority.get().map(|priority| priority.apply());
}

/// Starts a task and calls `on_end` when it has ended. Does nothing in a process without a loop.
pub fn spawn(run: &'static RunContext, worker: WorkerId, role: WorkerRole, on_end: impl FnOnce() + Send + 'static) {
    let Some(event_loop) = run.event_loop.get() else { return };
    run.memory.ring(worker).set_producer_ids(std::process::id(), 0);
    let task = run_task_worker(run, worker, role);
    event_loop.spawn(async move {
        task.await;
        on_end();
    });
}

/// Runs a worker that is a task, from its first event to its last.
fn run_task_worker(run: &'static RunContext, worker: WorkerId, role: WorkerRole) -> impl Future<Output = ()> + Send {
    let wakeups = Arc::new(Wakeups::new(run.memory.clock()));
    let mut step_runner = StepRunner::new(run, worker, position_of(run, role));
    step_runner.recorder.attach_wakeups(Arc::clone(&wakeups));
    let is_spawned = run.plan.is_spawned(worker);
    if !is_spawned {
        // Its life begins before the loop polls it, which may be never.
        record_life_begin(run, worker, 0, &mut step_runner);
        step_runner.recorder.block(State::Ready, None);
    }
    let life = async move {
        if is_spawned {
            record_life_begin(run, worker, run.memory.clock().ticks(), &mut step_runner);
        } else {
            step_runner.recorder.resume();
        }
        match role {
            WorkerRole::GroupMember { group, .. } => {
                let ok = run_group_member(run, group, &mut step_runner).await;
                drop(step_runner); // the next life has a recorder of its own
                run.end_life(worker, ok);
            }
            WorkerRole::PoolWorker { pool, index } => {
                run_tasks(run, pool, index as usize, &mut step_runner).await;
                record_life_end(&mut step_runner);
            }
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {} // never a task
        }
    };
    StampedTask::new(life, wakeups, run.cancel_ring(worker))
}

/// Returns the position of a worker in its group or pool, and the size of that.
pub fn position_of(run: &RunContext, role: WorkerRole) -> (u32, u32) {
    match role {
        WorkerRole::GroupMember { index, group_size, .. } => (index, group_size),
        WorkerRole::PoolWorker { index, pool } => (index, run.plan.registry.pools[pool].size),
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => (0, 1),
    }
}
