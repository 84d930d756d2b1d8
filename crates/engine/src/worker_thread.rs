//! The life of a group's worker, from the first moment of its thread to the last.

use std::io;
use std::thread;

use tokio::runtime::Handle;

use super::block_on::block_on;
use super::context::RunContext;
use super::plan::WorkerRole;
use super::scheduling::apply_scheduling;
use super::step_runner::StepRunner;
use super::worker_process::run_group_member;
use contend_platform::{minimize_timer_slack, thread_id};
use contend_trace::{EventKind, Span, WorkerId};

/// Enough for decoding pictures, and for 64 blocks in one another, each of which takes 30 KiB in a debug build; untouched
/// pages cost nothing.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };

/// Enough for tasks inside one another, each of which takes 80 KiB in a debug build.
const DEEP_STACK_BYTES: usize = STACK_BYTES * 16;

/// The stack of a thread that works.
pub const fn stack_bytes(run: &RunContext) -> usize {
    if run.runs_in_callers { DEEP_STACK_BYTES } else { STACK_BYTES }
}

/// Does what a worker that starts with the run, or was spawned, does in its own thread. Whether it ended well.
pub fn run_worker_thread(run: &'static RunContext, me: WorkerId, role: WorkerRole) -> bool {
    let WorkerRole::GroupMember { group, index: place, group_size: of } = role else { return false };
    let first = run.memory.clock().ticks();
    minimize_timer_slack();
    let _timers = run.event_loop.get().map(Handle::enter); // for what it shares with tasks
    let mut step_runner = StepRunner::new(run, me, (place, of));
    apply_scheduling(run, role, &step_runner);
    run.memory.ring(me).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    record_life_begin(run, me, first, &mut step_runner);
    block_on(run_group_member(run, group, &mut step_runner))
}

/// Its first event. Of one that was spawned the first moment is that of its first instruction, not of its first record.
pub fn record_life_begin(run: &RunContext, me: WorkerId, first: u64, step_runner: &mut StepRunner) {
    if !run.plan.is_spawned(me) {
        return step_runner.recorder.begin_life(step_runner.recorder.now());
    }
    step_runner.recorder.begin_life(first);
    if let Some(life) = run.life(me) {
        let (asked, worker) = life.origin();
        step_runner.parent_task = life.task();
        step_runner
            .recorder
            .write(first, EventKind::SpawnedBy { worker, after: Span(run.nanos_between(asked, first)) });
    }
}

/// Starts a thread of this process for a worker whose life was claimed. Nobody waits for it but through its life.
///
/// # Errors
/// What the system says when it gives no more threads. The life is the caller's to end.
pub fn spawn_thread(run: &'static RunContext, worker: WorkerId) -> io::Result<()> {
    let role = run.plan.roles[worker.index()];
    let body = move || {
        let well = run_worker_thread(run, worker, role);
        run.end_life(worker, well);
    };
    thread::Builder::new().name(thread_name(run, worker)).stack_size(stack_bytes(run)).spawn(body)?;
    Ok(())
}

/// A thread's name: the worker's, as far as the system takes it.
pub fn thread_name(run: &RunContext, worker: WorkerId) -> String {
    run.plan.cast.worker_name(worker).chars().filter(|c| *c != '\0').collect()
}
