//! A worker on a thread of its own.

use std::io;
use std::thread;

use tokio::runtime::Handle;

use super::group_member::{record_life_begin, run_group_member};
use super::scheduling::apply_scheduling;
use crate::block_on::block_on;
use crate::context::RunContext;
use crate::interrupt;
use crate::plan::WorkerRole;
use crate::step_runner::StepRunner;
use contend_platform::{minimize_timer_slack, thread_id};
use contend_trace::WorkerId;

/// Enough for decoding pictures, and for 64 nested blocks, each of which takes 30 KiB in a debug build. Untouched pages
/// cost nothing.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };

/// Enough for tasks inside one another, each of which takes 80 KiB in a debug build.
const DEEP_STACK_BYTES: usize = STACK_BYTES * 16;

/// Returns the stack size of a thread that runs steps.
pub const fn stack_bytes(run: &RunContext) -> usize {
    if run.nests_tasks { DEEP_STACK_BYTES } else { STACK_BYTES }
}

/// Runs a group's member on the present thread, whether it starts with the run or was spawned. Returns whether it ended
/// without an error.
pub fn run_worker_thread(run: &'static RunContext, worker: WorkerId, role: WorkerRole) -> bool {
    let WorkerRole::GroupMember { group, index, group_size } = role else { return false };
    let first = run.memory.clock().ticks();
    minimize_timer_slack();
    let _timers = run.event_loop.get().map(Handle::enter); // for resources shared with tasks
    interrupt::set_present(run.cancel_ring(worker));
    let mut step_runner = StepRunner::new(run, worker, (index, group_size));
    apply_scheduling(run, role, &step_runner);
    run.memory.ring(worker).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    record_life_begin(run, worker, first, &mut step_runner);
    block_on(run_group_member(run, group, &mut step_runner))
}

/// Starts a thread of this process for a worker whose life was claimed. Other workers join it through its life.
///
/// # Errors
/// If the system refuses another thread. Then the caller ends the life.
pub fn spawn_thread(run: &'static RunContext, worker: WorkerId) -> io::Result<()> {
    let role = run.plan.roles[worker.index()];
    let body = move || {
        let ok = run_worker_thread(run, worker, role);
        run.end_life(worker, ok);
    };
    thread::Builder::new().name(thread_name(run, worker)).stack_size(stack_bytes(run)).spawn(body)?;
    Ok(())
}

/// Returns the name of a worker's thread: the worker's name without NUL, which the system does not accept.
pub fn thread_name(run: &RunContext, worker: WorkerId) -> String {
    run.plan.registry.worker_name(worker).chars().filter(|c| *c != '\0').collect()
}
