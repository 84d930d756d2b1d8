//! The runner process: starts the workers, resizes pools, replaces dead workers, and exits when all workers have ended.

mod runner_event;
mod supervisor;

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use self::runner_event::RunnerEvent;
use self::supervisor::Supervisor;
use crate::context::RunContext;
use crate::protocol::{RunnerCommand, RunnerMessage, StartRequest, eprint_line};
use crate::recorder::Recorder;
use crate::time_limit::end_at_time_limit;
use crate::work::cpu_work::CpuWork;
use contend_platform::{
    LowPriority, allow_many_files, become_subreaper, detect_machine, exit_now, is_autogroup_active, kill_descendants,
    lower_session_share, reset_signals, take_inherited_fd, terminate_with_parent,
};
use contend_trace::{
    EventKind, Notice, Ring, RingReader, RingWriter, RunMemory, WorkerId, WorkerKind, frame, ring_words,
};

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
    exit_now(code) // does not join threads, which may be deadlocked
}

fn run_runner() -> io::Result<()> {
    let start = StartRequest::receive(io::stdin())?;
    let memory: &'static RunMemory = Box::leak(Box::new(RunMemory::open(take_inherited_fd(0)?)?));
    end_runner_at_time_limit(memory);
    let cpu_work = CpuWork::calibrate();
    memory.set_work_rate(cpu_work.rate());
    memory.set_event_cost(measure_event_cost(memory));
    let run = RunContext::new(start.clone(), memory, cpu_work).map_err(io::Error::other)?;
    if start.settings.allow_exec {
        become_subreaper(); // adopts commands whose worker was killed
        terminate_with_parent()?;
    }
    run.init_shared();
    allow_many_files();
    run.pipe_ends.create_all(&run.plan)?;
    let (event_sender, events) = unbounded();
    spawn_command_reader(memory, event_sender.clone(), start.settings.allow_exec)?;
    spawn_call_listener(memory, event_sender.clone())?;
    let exec = start.settings.allow_exec;
    let mut supervisor = Supervisor::new(run, start, event_sender);
    supervisor.start_all()?;
    wait_until_ready(run, &mut supervisor, &events)?;
    run.send_message(&RunnerMessage::Started { ticks: memory.clock().ticks() });
    lower_priority(run);
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
        kill_descendants(); // does not return if another thread is in it, which then ends this process
    }
    Ok(())
}

/// Threads for each core beyond which a run takes a smaller share of the cores than other sessions.
const MANY_THREADS: f64 = 16.0;

/// Lowers the priority of a large run whose workers are at the start barrier, so that the dashboard stays responsive.
/// Before, they must not be slower than other programs: the run's time has begun.
fn lower_priority(run: &RunContext) {
    let threads = run.plan.registry.workers.iter().filter(|worker| worker.kind != WorkerKind::Async).count();
    let threads_per_core = threads as f64 / detect_machine().usable_cores();
    if is_autogroup_active() {
        if threads_per_core > MANY_THREADS {
            let _ = lower_session_share(); // refused, it starts as other sessions do
        }
    } else if let Some(priority) = LowPriority::for_load(threads_per_core)
        && lower_all_workers(run, priority).is_ok()
    {
        run.send_notice(Notice::Note(format!(
            "this system does not share its cores among sessions: all workers run at {priority}, so that the \
             dashboard stays responsive"
        )));
    }
}

/// Lowers the priority of the workers that are ready, and of all threads and processes that this thread starts from now
/// on. The threads of the event loop follow at the start barrier.
fn lower_all_workers(run: &RunContext, priority: LowPriority) -> io::Result<()> {
    priority.apply()?;
    let workers = (0..run.plan.registry.workers.len()).map(WorkerId::from);
    for (_, thread) in workers.filter_map(|worker| run.memory.ring(worker).producer_ids()) {
        let _ = priority.apply_to_thread(thread); // a task has no thread of its own
    }
    let _ = run.low_priority.set(priority);
    Ok(())
}

/// Makes the kernel end this process at the run's time limit, and tells the dashboard.
fn end_runner_at_time_limit(memory: &RunMemory) {
    end_at_time_limit(memory).inspect(|limit| memory.confirm_time_limit(*limit));
}

/// Waits until every worker is at the start barrier and the dashboard has measured the clock.
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

/// Reads commands until the dashboard is gone, then ends this process and everything that `exec` may have started.
fn spawn_command_reader(memory: &'static RunMemory, event_sender: Sender<RunnerEvent>, exec: bool) -> io::Result<()> {
    thread::Builder::new().name("commands".into()).spawn(move || {
        while let Ok(Some(command)) = frame::receive::<RunnerCommand>(io::stdin()) {
            if matches!(command, RunnerCommand::TimeLimitSet) {
                end_runner_at_time_limit(memory);
            }
            let _ = event_sender.send(RunnerEvent::Command(command));
        }
        if exec {
            kill_descendants();
        }
        exit_now(0) // the workers die with this process: their lifelines end, and the kernel signals them
    })?;
    Ok(())
}

/// Forwards calls of workers in any process.
fn spawn_call_listener(memory: &'static RunMemory, event_sender: Sender<RunnerEvent>) -> io::Result<()> {
    thread::Builder::new().name("calls".into()).stack_size(64 << 10).spawn(move || {
        let mut call_count = 0;
        loop {
            call_count = memory.wait_for_runner_call(call_count);
            if event_sender.send(RunnerEvent::Called).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Measures what recording costs now, in nanoseconds per event: the fastest of several passes over a private ring.
fn measure_event_cost(memory: &RunMemory) -> f64 {
    const EVENTS: usize = 1024;
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
