//! The main function of a worker process, from its first line to its last.

mod counter_server;
#[cfg(feature = "net")]
mod http_server;

use std::io::{self, Read};
use std::os::fd::OwnedFd;

use crate::context::RunContext;
use crate::interrupt;
use crate::plan::WorkerRole;
use crate::process_pool::serve_chunks::serve_chunks;
use crate::protocol::{Assignment, StartRequest, eprint_line};
use crate::step_runner::StepRunner;
use crate::time_limit::end_at_time_limit;
use crate::work::cpu_work::CpuWork;
use crate::workers::event_loop::position_of;
use crate::workers::group_member::record_life_end;
use crate::workers::scheduling::apply_scheduling;
use crate::workers::thread::run_worker_thread;
use contend_platform::limits::describe_io_error;
use contend_platform::{
    exit_now, hit_fail_point, kill_when_parent_dies, minimize_timer_slack, reopen_parent_fd, reset_signals,
    take_inherited_fd, thread_id,
};
use contend_trace::{ExitKind, RunMemory, WorkerId, WorkerKind, frame};

/// Runs a worker process. Never returns.
pub fn worker_main() -> ! {
    hit_fail_point("worker");
    reset_signals();
    let code = match run_assigned_worker() {
        Ok(()) => 0,
        Err(e) => {
            eprint_line(&format!("contend: a worker process could not start: {}", describe_io_error(&e)));
            1
        }
    };
    exit_now(code)
}

fn run_assigned_worker() -> io::Result<()> {
    let mut stdin = io::stdin();
    let Assignment { worker, memory } = frame::receive(&mut stdin)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let memory = memory.map_or_else(|| take_inherited_fd(0), open_runner_descriptor)?;
    let start = StartRequest::receive(&mut stdin)?;
    let memory: &'static RunMemory = Box::leak(Box::new(RunMemory::open(memory)?));
    end_at_time_limit(memory);
    let run = RunContext::new(start, memory, CpuWork::from_memory(memory)).map_err(io::Error::other)?;
    run.make_private_counters();
    let role = run.plan.roles.get(worker.index()).copied();
    let role = role.ok_or_else(|| io::Error::other(format!("the run has no worker number {}", worker.0)))?;
    if let WorkerRole::HttpServer { resource } = role {
        return run_http_server(run, worker, resource);
    }
    spawn_lifeline(|| exit_now(0))?;
    let first_end = if let WorkerRole::PoolWorker { .. } = role { 3 } else { 1 };
    run.pipe_ends.inherit(&run.plan.pipe_ends[worker.index()], first_end)?;
    match role {
        WorkerRole::GroupMember { .. } => {
            if !run_worker_thread(run, worker, role) {
                run.life(worker).inspect(|life| life.mark_failed());
            }
        }
        WorkerRole::PoolWorker { pool, .. } => run_pool_worker(run, worker, role, pool)?,
        WorkerRole::CounterServer => run_counter_server(run, worker, role),
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } => {
            return Err(io::Error::other("this worker does not run in a process"));
        }
    }
    wait_for_threads(run);
    Ok(())
}

/// Opens the runner's descriptor in a worker process that inherited none. From here on the process dies with the
/// runner.
fn open_runner_descriptor((runner, descriptor): (u32, i32)) -> io::Result<OwnedFd> {
    kill_when_parent_dies(runner)?;
    reopen_parent_fd(runner, descriptor)
}

/// Starts a thread that waits for the end of standard input, whose other end the runner holds, and then calls `on_end`.
fn spawn_lifeline(on_end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let body = move || {
        let mut byte = [0];
        while io::stdin().read(&mut byte).is_ok_and(|n| n > 0) {}
        on_end();
    };
    std::thread::Builder::new().name("lifeline".into()).spawn(body).map(drop)
}

fn run_pool_worker(run: &'static RunContext, worker: WorkerId, role: WorkerRole, pool: usize) -> io::Result<()> {
    minimize_timer_slack();
    interrupt::set_present(run.cancel_ring(worker));
    let mut step_runner = StepRunner::new(run, worker, position_of(run, role));
    apply_scheduling(run, role, &step_runner);
    begin_life(run, &mut step_runner);
    serve_chunks(run, pool, &mut step_runner, take_inherited_fd(1)?, take_inherited_fd(2)?)?;
    record_life_end(&mut step_runner);
    Ok(())
}

fn run_counter_server(run: &'static RunContext, worker: WorkerId, role: WorkerRole) {
    let mut step_runner = StepRunner::new(run, worker, position_of(run, role));
    begin_life(run, &mut step_runner);
    counter_server::serve_counters(&mut step_runner);
    step_runner.recorder.end_life(ExitKind::Finished);
}

/// Waits for the start of the run and records the first event.
fn begin_life(run: &RunContext, step_runner: &mut StepRunner) {
    step_runner.ring().set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    step_runner.recorder.begin_life(step_runner.recorder.now());
}

/// Waits for the threads that were spawned in this process and for the processes forked from it, except daemons.
fn wait_for_threads(run: &RunContext) {
    let pid = std::process::id();
    let is_thread = |worker: WorkerId| run.plan.registry.workers[worker.index()].kind == WorkerKind::Thread;
    let is_ours = |worker: WorkerId| is_thread(worker) || run.plan.is_forked(worker);
    let is_awaited = |worker: WorkerId| is_ours(worker) && !run.is_daemon(worker);
    let threads = || run.lives().filter(|(worker, life)| is_awaited(*worker) && life.is_alive_in(pid));
    // They may spawn others before they end.
    while let Some((life, nth)) = threads().find_map(|(_, life)| Some((life, life.current()?))) {
        life.wait_for_end(nth, None);
    }
}

/// Answers requests until the runner closes standard input or is gone.
#[cfg(feature = "net")]
fn run_http_server(run: &'static RunContext, worker: WorkerId, resource: usize) -> io::Result<()> {
    let server = http_server::HttpServer::bind(run, resource)?;
    let end = std::sync::Arc::new(tokio::sync::Notify::new());
    let lifeline_end = std::sync::Arc::clone(&end);
    spawn_lifeline(move || lifeline_end.notify_one())?;
    let mut recorder = run.recorder(worker);
    run.memory.ring(worker).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    recorder.begin_life(recorder.now());
    server.serve(recorder, &end)?;
    let mut recorder = run.recorder(worker);
    recorder.end_life(ExitKind::Retired);
    Ok(())
}

/// Fails. The plan refuses a scenario with a server in a build without network support.
#[cfg(not(feature = "net"))]
fn run_http_server(_: &'static RunContext, _: WorkerId, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
