//! A worker process, from its first line to its last.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::sync::Notify;

use super::actor::{Actor, Halt};
use super::birth::live;
use super::block_on::caught;
use super::handover;
use super::manager;
use super::plan::Part;
use super::pool::panic_message;
use super::run::Run;
use super::seat::take_seat;
use super::server::Server;
use super::wire::{Assignment, Start};
use super::work::Work;
use contend_platform::limits::told;
use contend_platform::{come_by, die_with, exact_sleeps, exit_now, inherited, of_parent, reset_signals, thread_id};
use contend_trace::{Board, How, Notice, WorkerId, WorkerKind, frame};

/// Runs a worker process. Never returns.
pub fn worker_main() -> ! {
    come_by("worker");
    reset_signals();
    let code = match serve() {
        Ok(()) => 0,
        Err(e) => {
            eprint_line(&format!("contend: a worker process could not start: {}", told(&e)));
            1
        }
    };
    exit_now(code)
}

fn serve() -> io::Result<()> {
    let mut stdin = io::stdin();
    let Assignment { worker: me, board } = frame::receive(&mut stdin)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let board = board.map_or_else(|| inherited(0), of_runner)?;
    let start: Start = frame::receive(&mut stdin)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let board: &'static Board = Box::leak(Box::new(Board::open(board)?));
    let run = Run::new(start, board, Work::of(board)).map_err(io::Error::other)?;
    run.leave_parent();
    let part = run.plan.parts.get(me.index()).copied().ok_or_else(|| io::Error::other("there is no such lane"))?;
    if let Part::Server { resource } = part {
        return serve_requests(run, me, resource);
    }
    std::thread::Builder::new().name("lifeline".into()).spawn(|| {
        wait_for_parents_end();
        exit_now(0)
    })?;
    let first = if let Part::PoolWorker { .. } = part { 3 } else { 1 };
    run.ends.inherit(&run.plan.ends[me.index()], first)?;
    match part {
        Part::Member { .. } => {
            if !live(run, me, part) {
                run.life(me).inspect(|life| life.spoil());
            }
        }
        Part::PoolWorker { pool, place } => pool_worker(run, me, pool, place)?,
        Part::Manager => manage(run, me),
        Part::Feeder { .. } | Part::Server { .. } => return Err(io::Error::other("this lane is no worker process")),
    }
    wait_for_threads(run);
    Ok(())
}

/// The runner's descriptor, for a worker process that inherited none; from here on it dies with the runner.
fn of_runner((runner, descriptor): (u32, i32)) -> io::Result<OwnedFd> {
    die_with(runner)?;
    of_parent(runner, descriptor)
}

fn pool_worker(run: &'static Run, me: WorkerId, pool: usize, place: u32) -> io::Result<()> {
    exact_sleeps();
    let mut actor = Actor::new(run, me, (place, run.plan.cast.pools[pool].size));
    take_seat(run, Part::PoolWorker { pool, place }, &actor);
    run.board.ring(me).sign(std::process::id(), thread_id());
    run.board.wait_for_go();
    let at = actor.pen.now();
    actor.pen.begin(at);
    handover::serve(run, pool, &mut actor, inherited(1)?, inherited(2)?)?;
    let how = if actor.asked_to_end() { How::Retired } else { How::Finished };
    finish(&mut actor, how);
    Ok(())
}

fn manage(run: &'static Run, me: WorkerId) {
    let mut actor = Actor::new(run, me, (0, 1));
    run.board.ring(me).sign(std::process::id(), thread_id());
    run.board.wait_for_go();
    let at = actor.pen.now();
    actor.pen.begin(at);
    manager::serve(&mut actor);
    finish(&mut actor, How::Finished);
}

/// A process is there until the threads that were spawned in it have ended, except those nobody waits for.
fn wait_for_threads(run: &Run) {
    let mine = std::process::id();
    let is_thread = |worker: WorkerId| run.plan.cast.workers[worker.index()].kind == WorkerKind::Thread;
    let waited_for = |worker: WorkerId| is_thread(worker) && !run.is_daemon(worker);
    let threads = || run.lives().filter(|(worker, life)| waited_for(*worker) && life.is_alive_in(mine));
    // They may spawn others before they end.
    while let Some((life, nth)) = threads().find_map(|(_, life)| Some((life, life.present()?))) {
        life.wait_for_end(nth);
    }
}

/// Runs the steps of a group's member to their end, whatever the end is; whether it is a good one.
pub async fn member(run: &'static Run, group: usize, actor: &mut Actor) -> bool {
    let steps = &run.scenario.workers[group].steps;
    let result = caught(async { actor.body(steps).await }).await;
    match result {
        Ok(Err(Halt::Asked)) => actor.let_go(),
        _ => actor.abandon(),
    }
    actor.forget_results();
    run.leave(actor.me(), Some(&mut actor.pen));
    let (how, what) = match result {
        Ok(Ok(()) | Err(Halt::Finished)) => (How::Finished, None),
        Ok(Err(Halt::Asked)) => (How::Retired, None),
        Ok(Err(Halt::Failed(what))) => (How::Panicked, Some(what)),
        Err(panic) => (How::Panicked, Some(panic_message(&*panic))),
    };
    finish(actor, how);
    if let Some(what) = what {
        run.notice(Notice::Failed { worker: actor.me(), what });
    }
    how != How::Panicked
}

/// Records the end of a life.
pub fn finish(actor: &mut Actor, how: How) {
    actor.pen.end(how);
}

/// Answers requests until whoever started it has no more use for it, or is gone.
fn serve_requests(run: &'static Run, me: WorkerId, resource: usize) -> io::Result<()> {
    let server = Server::bind(run, resource)?;
    let end = Arc::new(Notify::new());
    let tell = Arc::clone(&end);
    std::thread::Builder::new().name("lifeline".into()).spawn(move || {
        wait_for_parents_end();
        tell.notify_one();
    })?;
    let mut pen = run.recorder(me);
    run.board.ring(me).sign(std::process::id(), thread_id());
    run.board.wait_for_go();
    pen.begin(pen.now());
    server.serve(pen, &end)?;
    let mut pen = run.recorder(me);
    pen.end(How::Retired);
    Ok(())
}

/// Returns when whoever holds the other end of this process's standard input is gone.
fn wait_for_parents_end() {
    let mut byte = [0];
    while io::stdin().read(&mut byte).is_ok_and(|n| n > 0) {}
}

/// Standard error of runner and workers is a pipe to the dashboard, which shows it.
pub fn eprint_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{line}");
}
