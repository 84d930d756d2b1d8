//! The runner process: starts the workers, keeps pools at their size, starts dead ones anew, ends when all have ended.

mod crew;
mod happening;

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use self::crew::Crew;
use self::happening::Happening;
use super::process::eprint_line;
use super::recorder::Recorder;
use super::run::Run;
use super::wire::{Down, Start, Up};
use super::work::Work;
use contend_platform::{
    Back, allow_many_files, become_subreaper, end_descendants, end_with_parent_cleanly, exit_now, inherited, machine,
    reset_signals, sessions_share,
};
use contend_trace::{Board, EventKind, Notice, Ring, RingReader, RingWriter, WorkerKind, frame, ring_words};

/// Runs the runner process. Never returns.
pub fn runner_main() -> ! {
    reset_signals();
    let code = match serve() {
        Ok(()) => 0,
        Err(e) => {
            let _ = frame::send(io::stdout(), &Up::Failed(e.to_string()));
            eprint_line(&format!("contend: the runner failed: {e}"));
            1
        }
    };
    exit_now(code) // threads may be deadlocked: nobody waits for them
}

fn serve() -> io::Result<()> {
    let start: Start = frame::receive(io::stdin())?.ok_or(io::ErrorKind::UnexpectedEof)?;
    if start.version != env!("CARGO_PKG_VERSION") {
        return Err(io::Error::other("the program was replaced while it ran: start it again"));
    }
    let board: &'static Board = Box::leak(Box::new(Board::open(inherited(0)?)?));
    let work = Work::calibrate();
    board.set_work_rate(work.rate());
    board.set_event_cost(event_cost(board));
    let run = Run::new(start.clone(), board, work).map_err(io::Error::other)?;
    if start.settings.exec {
        become_subreaper(); // of commands whose worker was killed
        end_with_parent_cleanly()?;
    }
    run.init_shared();
    allow_many_files();
    run.ends.make(&run.plan)?;
    let (tell, happenings) = unbounded();
    listen(tell.clone(), start.settings.exec)?;
    hear(board, tell.clone())?;
    let exec = start.settings.exec;
    give_way(run); // who listens to the dashboard does not
    let mut crew = Crew::new(run, start, tell);
    crew.start_all()?;
    wait_until_up(run, &mut crew, &happenings)?;
    run.tell(&Up::Going { ticks: board.clock().ticks() });
    board.go();
    crew.close_ends();
    while !crew.is_done() {
        let Ok(happening) = happenings.recv() else { break };
        crew.handle(happening);
        crew.close_ends();
    }
    crew.cut_off();
    run.tell(&Up::Finished { ticks: board.clock().ticks() });
    if exec {
        end_descendants(); // does not come back if someone else is at it, who then ends this process
    }
    Ok(())
}

/// Where the kernel does not share the cores among sessions first, all of a large run stands back, so that whoever looks
/// on is on time.
fn give_way(run: &Run) {
    if sessions_share() {
        return;
    }
    let threads = run.plan.cast.workers.iter().filter(|worker| worker.kind != WorkerKind::Async).count();
    let back = Back::of(threads as f64 / machine().usable_cores());
    if let Some(back) = back.filter(|back| back.take().is_ok()) {
        run.notice(Notice::Note(format!(
            "this system does not share its cores among sessions first: all workers run at {back}, so that the \
             screen stays on time"
        )));
    }
}

/// Waits until every worker stands at the barrier and the dashboard has measured the clock.
fn wait_until_up(run: &Run, crew: &mut Crew, happenings: &Receiver<Happening>) -> io::Result<()> {
    while run.board.tick_nanos().is_none() || !crew.all_up() {
        match happenings.recv_timeout(std::time::Duration::from_micros(300)) {
            Ok(happening) => crew.handle(happening),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(dead) = crew.died_before_start() {
            return Err(io::Error::other(format!("worker {dead} ended before the run began")));
        }
    }
    Ok(())
}

/// Reads commands until the dashboard is gone, and goes with it; as well as all that `exec` may have started.
fn listen(tell: Sender<Happening>, exec: bool) -> io::Result<()> {
    thread::Builder::new().name("commands".into()).spawn(move || {
        while let Ok(Some(down)) = frame::receive::<Down>(io::stdin()) {
            let _ = tell.send(Happening::Down(down));
        }
        if exec {
            end_descendants();
        }
        exit_now(0) // the workers die with this process, by their lifelines and by the kernel's signal
    })?;
    Ok(())
}

/// Passes on calls of workers, whichever process they are in.
fn hear(board: &'static Board, tell: Sender<Happening>) -> io::Result<()> {
    thread::Builder::new().name("calls".into()).stack_size(64 << 10).spawn(move || {
        let mut heard = 0;
        loop {
            heard = board.wait_for_call(heard);
            if tell.send(Happening::Called).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// What recording costs here and now, in nanoseconds an event: the quickest of several passes over a private ring.
fn event_cost(board: &Board) -> f64 {
    const EVENTS: usize = 4096;
    let words: Vec<_> = (0..ring_words(EVENTS)).map(|_| std::sync::atomic::AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let mut reader = RingReader::new(ring);
    let mut pen = Recorder::new(RingWriter::new(ring), board.clock());
    (0..8)
        .map(|_| {
            let before = contend_platform::thread_cpu();
            for _ in 0..EVENTS {
                pen.write(pen.now(), EventKind::Resume);
            }
            let took = contend_platform::thread_cpu().saturating_sub(before);
            reader.drain(EVENTS, |_| {});
            took as f64 / EVENTS as f64
        })
        .fold(f64::MAX, f64::min)
}
