//! The threads of the viewer that attend to a runner process: they read all it says, send it what is asked, and see to
//! it that nothing of it is left in the end.

use std::io::{self, BufRead, BufReader};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::process::Signal;

use super::cpu_meter::RunProcesses;
use super::process_tag::ProcessTag;
use super::reader::Reader;
use super::timebase::Timebase;
use contend_engine::{RunnerCommand, RunnerMessage, StartRequest};
use contend_platform::{
    Child, ChildPipes, Exit, kill_adopted_group, kill_escaped_children, kill_group, process_start_time,
};
use contend_scenario::sanitize;
use contend_trace::signal_name;
use contend_trace::{Message, Notice, Registry, RunEnd, RunMemory, Stamp, frame};

/// The runner process: whether it is still there, and why we ended it ourselves, if we did.
#[derive(Debug)]
pub struct RunnerHandle {
    state: Mutex<RunnerState>,
}

#[derive(Debug)]
struct RunnerState {
    /// Its process and group, until it is reaped: afterwards the number may be another's.
    pid: Option<u32>,
    ended_by_us: Option<EndedByUs>,
}

/// Why we ended a runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndedByUs {
    Stopped,
    /// Its time was over; when it was ended for that.
    TimeUp(Stamp),
}

impl RunnerHandle {
    pub const fn new(pid: u32) -> Self {
        Self { state: Mutex::new(RunnerState { pid: Some(pid), ended_by_us: None }) }
    }

    pub fn signal(&self, signal: Signal) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = state.pid {
            if signal == Signal::KILL {
                state.ended_by_us.get_or_insert(EndedByUs::Stopped);
            }
            kill_group(pid, signal);
        }
    }

    /// Ends it because its time is over at `at`.
    pub fn kill_at_time_limit(&self, at: Stamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = state.pid {
            state.ended_by_us.get_or_insert(EndedByUs::TimeUp(at));
            kill_group(pid, Signal::KILL);
        }
    }

    /// Whether it was ended because its time was over.
    pub fn is_time_up(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(state.ended_by_us, Some(EndedByUs::TimeUp(_)))
    }
}

/// All that is needed to attend to a runner that was just started.
#[derive(Debug)]
pub struct Supervision {
    pub run_memory: Arc<RunMemory>,
    pub registry: Arc<Registry>,
    pub timebase: Timebase,
    pub runner: Arc<RunnerHandle>,
    pub child: Child,
    pub pipes: ChildPipes,
    /// The mark of a run that has processes.
    pub process_tag: Option<ProcessTag>,
    /// What it is sent first, and then.
    pub start: StartRequest,
    pub commands: Receiver<RunnerCommand>,
    pub messages: Sender<Message>,
}

impl Supervision {
    /// Starts the threads; the one that is returned ends last, when nothing of the run is left.
    ///
    /// # Errors
    /// When the system refuses a thread: the runner is gone then.
    pub fn start(self) -> io::Result<JoinHandle<()>> {
        let pid = self.child.pid();
        self.spawn_threads().inspect_err(|_| {
            kill_adopted_group(pid);
        })
    }

    fn spawn_threads(self) -> io::Result<JoinHandle<()>> {
        let Self {
            run_memory: board,
            registry: cast,
            timebase: time,
            runner,
            child,
            pipes,
            process_tag: mark,
            start,
            commands,
            messages: out,
        } = self;
        let (tell_end, ended) = bounded(1);
        let exec = start.settings.allow_exec;
        let runner_pid = child.pid();
        let crew = if exec {
            RunProcesses::Session { runner: runner_pid }
        } else {
            RunProcesses::Known { runner: runner_pid }
        };
        let reader = Reader {
            run_memory: Arc::clone(&board),
            registry: cast,
            timebase: time.clone(),
            messages: out.clone(),
            processes: crew,
            run_end: ended,
        };
        spawn_named("rings", move || reader.run())?;
        if let Some(stdin) = pipes.stdin {
            spawn_named("commands", move || command_loop(stdin, &start, &commands))?;
        }
        let told = out.clone();
        let (frame_time, line_time) = (time.clone(), time.clone());
        let frames = pipes.stdout.map(|stdout| spawn_named("frames", move || frame_loop(stdout, &frame_time, &told)));
        let stderr = pipes.stderr.map(|stderr| spawn_named("stderr", move || stderr_loop(stderr, &line_time, &out)));
        let (frames, stderr) = (frames.transpose()?, stderr.transpose()?);
        spawn_named("watch", move || {
            let since = process_start_time(child.pid());
            let how = wait_for_end(child, &runner, frames, stderr);
            if let (true, Some(since)) = (exec, since) {
                end_commands(&board, since);
            }
            drop(mark);
            let _ = tell_end.send(match how {
                RunEndTime::At(at, how) => (at, how),
                RunEndTime::Now(how) => (time.now(), how),
            });
        })
    }
}

fn spawn_named<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).stack_size(256 << 10).spawn(body)
}

/// Sends the scenario, then what is asked. Ends, and closes the runner's lifeline, when the run is dropped.
fn command_loop(mut stdin: ChildStdin, start: &StartRequest, commands: &Receiver<RunnerCommand>) {
    let mut sent = frame::send(&mut stdin, start);
    while sent.is_ok()
        && let Ok(down) = commands.recv()
    {
        sent = frame::send(&mut stdin, &down);
    }
}

/// What the runner said about its own end.
#[derive(Debug)]
enum LastReport {
    Finished,
    Failed(String),
    Nothing,
}

fn frame_loop(stdout: ChildStdout, time: &Timebase, out: &Sender<Message>) -> LastReport {
    let mut from = BufReader::new(stdout);
    let mut last = LastReport::Nothing;
    loop {
        match frame::receive::<RunnerMessage>(&mut from) {
            Ok(Some(RunnerMessage::Notice { ticks, notice })) => {
                let _ = out.send(Message::Notice { at: time.stamp(ticks), notice: sanitize_notice(notice) });
            }
            Ok(Some(RunnerMessage::Finished { .. })) => last = LastReport::Finished,
            Ok(Some(RunnerMessage::Failed(why))) => last = LastReport::Failed(sanitize(&why)),
            Ok(Some(RunnerMessage::Started { .. })) => {}
            Ok(None) => return last,
            Err(e) => return LastReport::Failed(format!("its messages cannot be read: {e}")),
        }
    }
}

/// What comes from outside is made harmless before anything shows it.
fn sanitize_notice(notice: Notice) -> Notice {
    match notice {
        Notice::TaskFailed { worker, message: what } => Notice::TaskFailed { worker, message: sanitize(&what) },
        Notice::Note(text) => Notice::Note(sanitize(&text)),
        Notice::Stderr(text) => Notice::Stderr(sanitize(&text)),
        other => other,
    }
}

fn stderr_loop(stderr: ChildStderr, time: &Timebase, out: &Sender<Message>) {
    const LONGEST_LINE: u64 = 4096;
    let mut from = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut from, LONGEST_LINE).read_until(b'\n', &mut line);
        if !read.is_ok_and(|n| n > 0) {
            return;
        }
        let text = sanitize(String::from_utf8_lossy(&line).trim_end());
        let _ = out.send(Message::Notice { at: time.now(), notice: Notice::Stderr(text) });
    }
}

/// Ends all that commands of the run left when its runner was killed: each is a process group of its own.
fn end_commands(board: &RunMemory, since: u64) {
    let rings = (0..board.size().workers).map(|worker| board.ring(worker.into()));
    for group in rings.filter_map(contend_trace::Ring::command_group) {
        kill_adopted_group(group);
    }
    kill_escaped_children(since);
}

/// How a run ended, and when, if that was before nothing of it was left.
enum RunEndTime {
    Now(RunEnd),
    At(Stamp, RunEnd),
}

/// Waits for the runner's end, makes sure that nothing of it is left, and says how it ended.
fn wait_for_end(
    mut child: Child,
    runner: &RunnerHandle,
    frames: Option<JoinHandle<LastReport>>,
    stderr: Option<JoinHandle<()>>,
) -> RunEndTime {
    child.wait_unreaped();
    let (exit, by_us) = {
        let mut state = runner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let group = state.pid.take();
        let exit = child.wait();
        group.map(kill_adopted_group);
        (exit, state.ended_by_us)
    };
    let word = frames.map_or(LastReport::Nothing, |f| f.join().unwrap_or(LastReport::Nothing));
    stderr.map(JoinHandle::join);
    RunEndTime::Now(match (by_us, word, exit) {
        // What was killed does nothing more, however long it takes until all of it is gone.
        (Some(EndedByUs::TimeUp(at)), ..) => return RunEndTime::At(at, RunEnd::Time),
        (Some(EndedByUs::Stopped), ..) => RunEnd::Stopped,
        (None, LastReport::Failed(why), _) => RunEnd::Crashed(why),
        (None, LastReport::Finished, _) => RunEnd::Completed,
        (None, _, Exit::Signal(signal)) => RunEnd::Crashed(format!("the runner was ended by {}", signal_name(signal))),
        (None, _, Exit::Code(code)) => RunEnd::Crashed(format!("the runner left with exit code {code}")),
    })
}
