//! A worker process, from its first line to its last.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::sync::Notify;

use super::block_on::catch_panic;
use super::context::RunContext;
use super::counter_server;
use super::cpu_work::CpuWork;
use super::http_server::HttpServer;
use super::plan::WorkerRole;
use super::pool::panic_message;
use super::process_pool;
use super::protocol::{Assignment, StartRequest};
use super::scheduling::apply_scheduling;
use super::step_runner::{StepRunner, StopReason};
use super::worker_thread::run_worker_thread;
use contend_platform::limits::describe_io_error;
use contend_platform::{
    exit_now, hit_fail_point, kill_when_parent_dies, minimize_timer_slack, reopen_parent_fd, reset_signals,
    take_inherited_fd, thread_id,
};
use contend_trace::{ExitKind, Notice, RunMemory, WorkerId, WorkerKind, frame};

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
    let Assignment { worker: me, memory: board } = frame::receive(&mut stdin)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let memory = board.map_or_else(|| take_inherited_fd(0), open_runner_descriptor)?;
    let start: StartRequest = frame::receive(&mut stdin)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let memory: &'static RunMemory = Box::leak(Box::new(RunMemory::open(memory)?));
    let run = RunContext::new(start, memory, CpuWork::from_memory(memory)).map_err(io::Error::other)?;
    run.make_private_counters();
    let role = run.plan.roles.get(me.index()).copied().ok_or_else(|| io::Error::other("there is no such lane"))?;
    if let WorkerRole::HttpServer { resource } = role {
        return run_http_server(run, me, resource);
    }
    std::thread::Builder::new().name("lifeline".into()).spawn(|| {
        wait_for_parent_exit();
        exit_now(0)
    })?;
    let first = if let WorkerRole::PoolWorker { .. } = role { 3 } else { 1 };
    run.pipe_ends.inherit(&run.plan.pipe_ends[me.index()], first)?;
    match role {
        WorkerRole::GroupMember { .. } => {
            if !run_worker_thread(run, me, role) {
                run.life(me).inspect(|life| life.mark_failed());
            }
        }
        WorkerRole::PoolWorker { pool, index: place } => run_pool_worker(run, me, pool, place)?,
        WorkerRole::CounterServer => run_counter_server(run, me),
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } => {
            return Err(io::Error::other("this lane is no worker process"));
        }
    }
    wait_for_threads(run);
    Ok(())
}

/// The runner's descriptor, for a worker process that inherited none; from here on it dies with the runner.
fn open_runner_descriptor((runner, descriptor): (u32, i32)) -> io::Result<OwnedFd> {
    kill_when_parent_dies(runner)?;
    reopen_parent_fd(runner, descriptor)
}

fn run_pool_worker(run: &'static RunContext, me: WorkerId, pool: usize, place: u32) -> io::Result<()> {
    minimize_timer_slack();
    let mut step_runner = StepRunner::new(run, me, (place, run.plan.cast.pools[pool].size));
    apply_scheduling(run, WorkerRole::PoolWorker { pool, index: place }, &step_runner);
    run.memory.ring(me).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    let at = step_runner.recorder.now();
    step_runner.recorder.begin_life(at);
    process_pool::serve_chunks(run, pool, &mut step_runner, take_inherited_fd(1)?, take_inherited_fd(2)?)?;
    let how = if step_runner.asked_to_end() { ExitKind::Retired } else { ExitKind::Finished };
    record_life_end(&mut step_runner, how);
    Ok(())
}

fn run_counter_server(run: &'static RunContext, me: WorkerId) {
    let mut step_runner = StepRunner::new(run, me, (0, 1));
    run.memory.ring(me).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    let at = step_runner.recorder.now();
    step_runner.recorder.begin_life(at);
    counter_server::serve_counters(&mut step_runner);
    record_life_end(&mut step_runner, ExitKind::Finished);
}

/// A process is there until the threads that were spawned in it have ended, except those nobody waits for.
fn wait_for_threads(run: &RunContext) {
    let mine = std::process::id();
    let is_thread = |worker: WorkerId| run.plan.cast.workers[worker.index()].kind == WorkerKind::Thread;
    let waited_for = |worker: WorkerId| is_thread(worker) && !run.is_daemon(worker);
    let threads = || run.lives().filter(|(worker, life)| waited_for(*worker) && life.is_alive_in(mine));
    // They may spawn others before they end.
    while let Some((life, nth)) = threads().find_map(|(_, life)| Some((life, life.current()?))) {
        life.wait_for_end(nth);
    }
}

/// Runs the steps of a group's member to their end, whatever the end is; whether it is a good one.
pub async fn run_group_member(run: &'static RunContext, group: usize, step_runner: &mut StepRunner) -> bool {
    let steps = &run.scenario.groups[group].steps;
    let result = catch_panic(async { step_runner.run_block(steps).await }).await;
    match result {
        Ok(Err(StopReason::StopRequested)) => step_runner.release_all(),
        _ => step_runner.abandon(),
    }
    step_runner.forget_results();
    run.remove_task_source(step_runner.id(), Some(&mut step_runner.recorder));
    let (how, what) = match result {
        Ok(Ok(()) | Err(StopReason::Finished)) => (ExitKind::Finished, None),
        Ok(Err(StopReason::StopRequested)) => (ExitKind::Retired, None),
        Ok(Err(StopReason::Failed(what))) => (ExitKind::Panicked, Some(what)),
        Err(panic) => (ExitKind::Panicked, Some(panic_message(&*panic))),
    };
    record_life_end(step_runner, how);
    if let Some(what) = what {
        run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message: what });
    }
    how != ExitKind::Panicked
}

/// Records the end of a life.
pub fn record_life_end(step_runner: &mut StepRunner, how: ExitKind) {
    step_runner.recorder.end_life(how);
}

/// Answers requests until whoever started it has no more use for it, or is gone.
fn run_http_server(run: &'static RunContext, me: WorkerId, resource: usize) -> io::Result<()> {
    let server = HttpServer::bind(run, resource)?;
    let end = Arc::new(Notify::new());
    let tell = Arc::clone(&end);
    std::thread::Builder::new().name("lifeline".into()).spawn(move || {
        wait_for_parent_exit();
        tell.notify_one();
    })?;
    let mut recorder = run.recorder(me);
    run.memory.ring(me).set_producer_ids(std::process::id(), thread_id());
    run.memory.wait_at_start_barrier();
    recorder.begin_life(recorder.now());
    server.serve(recorder, &end)?;
    let mut recorder = run.recorder(me);
    recorder.end_life(ExitKind::Retired);
    Ok(())
}

/// Returns when whoever holds the other end of this process's standard input is gone.
fn wait_for_parent_exit() {
    let mut byte = [0];
    while io::stdin().read(&mut byte).is_ok_and(|n| n > 0) {}
}

/// Standard error of runner and workers is a pipe to the dashboard, which shows it.
pub fn eprint_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{line}");
}
