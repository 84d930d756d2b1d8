//! The runner process: starts the workers, keeps pools at their size, starts dead ones anew, ends when all have ended.

mod runner_event;
mod supervisor;

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use self::runner_event::RunnerEvent;
use self::supervisor::Supervisor;
use super::context::RunContext;
use super::cpu_work::CpuWork;
use super::protocol::{RunnerCommand, RunnerMessage, StartRequest};
use super::recorder::Recorder;
use super::worker_process::eprint_line;
use contend_platform::{
    LowPriority, allow_many_files, become_subreaper, detect_machine, exit_now, is_autogroup_active, kill_descendants,
    reset_signals, take_inherited_fd, terminate_with_parent,
};
use contend_trace::{EventKind, Notice, Ring, RingReader, RingWriter, RunMemory, WorkerKind, frame, ring_words};

/// Runs the runner process. Never returns.
pub fn runner_main() -> ! {
    reset_signals();
    let code = match run_runner() {
        Ok(()) => 0,
        Err(e) => {
            let _ = frame::send(io::stdout(), &RunnerMessage::Failed(e.to_string()));
            eprint_line(&format!("contend: the runner failed: {e}"));
            1
        }
    };
    exit_now(code) // threads may be deadlocked: nobody waits for them
}

fn run_runner() -> io::Result<()> {
    let start: StartRequest = frame::receive(io::stdin())?.ok_or(io::ErrorKind::UnexpectedEof)?;
    if start.version != env!("CARGO_PKG_VERSION") {
        return Err(io::Error::other("the program was replaced while it ran: start it again"));
    }
    let memory: &'static RunMemory = Box::leak(Box::new(RunMemory::open(take_inherited_fd(0)?)?));
    let cpu_work = CpuWork::calibrate();
    memory.set_work_rate(cpu_work.rate());
    memory.set_event_cost(measure_event_cost(memory));
    let run = RunContext::new(start.clone(), memory, cpu_work).map_err(io::Error::other)?;
    if start.settings.allow_exec {
        become_subreaper(); // of commands whose worker was killed
        terminate_with_parent()?;
    }
    run.init_shared();
    allow_many_files();
    run.pipe_ends.create_all(&run.plan)?;
    let (tell, events) = unbounded();
    spawn_command_reader(tell.clone(), start.settings.allow_exec)?;
    spawn_call_listener(memory, tell.clone())?;
    let exec = start.settings.allow_exec;
    lower_priority(run); // who listens to the dashboard does not
    let mut supervisor = Supervisor::new(run, start, tell);
    supervisor.start_all()?;
    wait_until_ready(run, &mut supervisor, &events)?;
    run.send_message(&RunnerMessage::Started { ticks: memory.clock().ticks() });
    memory.lift_start_barrier();
    supervisor.close_unused_ends();
    while !supervisor.is_done() {
        let Ok(event) = events.recv() else { break };
        supervisor.handle(event);
        supervisor.close_unused_ends();
    }
    supervisor.report_cut_off();
    run.send_message(&RunnerMessage::Finished { ticks: memory.clock().ticks() });
    if exec {
        kill_descendants(); // does not come back if someone else is at it, who then ends this process
    }
    Ok(())
}

/// Where the kernel does not share the cores among sessions first, all of a large run stands back, so that whoever looks
/// on is on time.
fn lower_priority(run: &RunContext) {
    if is_autogroup_active() {
        return;
    }
    let threads = run.plan.cast.workers.iter().filter(|worker| worker.kind != WorkerKind::Async).count();
    let back = LowPriority::for_load(threads as f64 / detect_machine().usable_cores());
    if let Some(back) = back.filter(|back| back.apply().is_ok()) {
        run.send_notice(Notice::Note(format!(
            "this system does not share its cores among sessions first: all workers run at {back}, so that the \
             screen stays on time"
        )));
    }
}

/// Waits until every worker stands at the barrier and the dashboard has measured the clock.
fn wait_until_ready(run: &RunContext, supervisor: &mut Supervisor, events: &Receiver<RunnerEvent>) -> io::Result<()> {
    while run.memory.tick_nanos().is_none() || !supervisor.are_all_ready() {
        match events.recv_timeout(std::time::Duration::from_micros(300)) {
            Ok(event) => supervisor.handle(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(dead) = supervisor.died_before_start() {
            return Err(io::Error::other(format!("worker {dead} ended before the run began")));
        }
    }
    Ok(())
}

/// Reads commands until the dashboard is gone, and goes with it; as well as all that `exec` may have started.
fn spawn_command_reader(tell: Sender<RunnerEvent>, exec: bool) -> io::Result<()> {
    thread::Builder::new().name("commands".into()).spawn(move || {
        while let Ok(Some(down)) = frame::receive::<RunnerCommand>(io::stdin()) {
            let _ = tell.send(RunnerEvent::Command(down));
        }
        if exec {
            kill_descendants();
        }
        exit_now(0) // the workers die with this process, by their lifelines and by the kernel's signal
    })?;
    Ok(())
}

/// Passes on calls of workers, whichever process they are in.
fn spawn_call_listener(memory: &'static RunMemory, tell: Sender<RunnerEvent>) -> io::Result<()> {
    thread::Builder::new().name("calls".into()).stack_size(64 << 10).spawn(move || {
        let mut heard = 0;
        loop {
            heard = memory.wait_for_runner_call(heard);
            if tell.send(RunnerEvent::Called).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// What recording costs here and now, in nanoseconds an event: the quickest of several passes over a private ring.
fn measure_event_cost(memory: &RunMemory) -> f64 {
    const EVENTS: usize = 4096;
    let words: Vec<_> = (0..ring_words(EVENTS)).map(|_| std::sync::atomic::AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let mut reader = RingReader::new(ring);
    let mut recorder = Recorder::new(RingWriter::new(ring), memory.clock());
    (0..8)
        .map(|_| {
            let before = contend_platform::thread_cpu_nanos();
            for _ in 0..EVENTS {
                recorder.write(recorder.now(), EventKind::Resumed);
            }
            let took = contend_platform::thread_cpu_nanos().saturating_sub(before);
            reader.drain(EVENTS, |_| {});
            took as f64 / EVENTS as f64
        })
        .fold(f64::MAX, f64::min)
}
