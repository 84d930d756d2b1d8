//! The threads of the viewer that attend to a runner process: they read all it says, send it what is asked, and see to
//! it that nothing of it is left in the end.

use std::io::{self, BufRead, BufReader};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::process::Signal;

use super::mark::Mark;
use super::reader::Reader;
use super::timebase::Timebase;
use super::usage::Crew;
use contend_engine::{Down, Start, Up};
use contend_platform::{Child, Exit, Pipes, kill_group, reap_adopted, reap_strangers, started};
use contend_scenario::clean;
use contend_trace::signal_name;
use contend_trace::{Board, Cast, Message, Notice, RunEnd, Stamp, frame};

/// The runner process: whether it is still there, and why we ended it ourselves, if we did.
#[derive(Debug)]
pub struct Runner {
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
    TimeOver(Stamp),
}

impl Runner {
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
    pub fn end_for_time(&self, at: Stamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = state.pid {
            state.ended_by_us.get_or_insert(EndedByUs::TimeOver(at));
            kill_group(pid, Signal::KILL);
        }
    }

    /// Whether it was ended because its time was over.
    pub fn is_out_of_time(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(state.ended_by_us, Some(EndedByUs::TimeOver(_)))
    }
}

/// All that is needed to attend to a runner that was just started.
#[derive(Debug)]
pub struct Attend {
    pub board: Arc<Board>,
    pub cast: Arc<Cast>,
    pub time: Timebase,
    pub runner: Arc<Runner>,
    pub child: Child,
    pub pipes: Pipes,
    /// The mark of a run that has processes.
    pub mark: Option<Mark>,
    /// What it is sent first, and then.
    pub start: Start,
    pub commands: Receiver<Down>,
    pub out: Sender<Message>,
}

impl Attend {
    /// Starts the threads; the one that is returned ends last, when nothing of the run is left.
    ///
    /// # Errors
    /// When the system refuses a thread: the runner is gone then.
    pub fn begin(self) -> io::Result<JoinHandle<()>> {
        let pid = self.child.pid();
        self.threads().inspect_err(|_| {
            reap_adopted(pid);
        })
    }

    fn threads(self) -> io::Result<JoinHandle<()>> {
        let Self { board, cast, time, runner, child, pipes, mark, start, commands, out } = self;
        let (tell_end, ended) = bounded(1);
        let exec = start.settings.exec;
        let runner_pid = child.pid();
        let crew = if exec { Crew::Session { runner: runner_pid } } else { Crew::Known { runner: runner_pid } };
        let reader = Reader { board: Arc::clone(&board), cast, time: time.clone(), out: out.clone(), crew, ended };
        named("rings", move || reader.run())?;
        if let Some(stdin) = pipes.stdin {
            named("commands", move || command_loop(stdin, &start, &commands))?;
        }
        let told = out.clone();
        let (frame_time, line_time) = (time.clone(), time.clone());
        let frames = pipes.stdout.map(|stdout| named("frames", move || frame_loop(stdout, &frame_time, &told)));
        let stderr = pipes.stderr.map(|stderr| named("stderr", move || stderr_loop(stderr, &line_time, &out)));
        let (frames, stderr) = (frames.transpose()?, stderr.transpose()?);
        named("watch", move || {
            let since = started(child.pid());
            let how = watch(child, &runner, frames, stderr);
            if let (true, Some(since)) = (exec, since) {
                end_commands(&board, since);
            }
            drop(mark);
            let _ = tell_end.send(match how {
                Ended::At(at, how) => (at, how),
                Ended::Now(how) => (time.now(), how),
            });
        })
    }
}

fn named<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).stack_size(256 << 10).spawn(body)
}

/// Sends the scenario, then what is asked. Ends, and closes the runner's lifeline, when the run is dropped.
fn command_loop(mut stdin: ChildStdin, start: &Start, commands: &Receiver<Down>) {
    let mut sent = frame::send(&mut stdin, start);
    while sent.is_ok()
        && let Ok(down) = commands.recv()
    {
        sent = frame::send(&mut stdin, &down);
    }
}

/// What the runner said about its own end.
#[derive(Debug)]
enum LastWord {
    Finished,
    Failed(String),
    Nothing,
}

fn frame_loop(stdout: ChildStdout, time: &Timebase, out: &Sender<Message>) -> LastWord {
    let mut from = BufReader::new(stdout);
    let mut last = LastWord::Nothing;
    loop {
        match frame::receive::<Up>(&mut from) {
            Ok(Some(Up::Notice { ticks, notice })) => {
                let _ = out.send(Message::Notice { at: time.stamp(ticks), notice: harmless(notice) });
            }
            Ok(Some(Up::Finished { .. })) => last = LastWord::Finished,
            Ok(Some(Up::Failed(why))) => last = LastWord::Failed(clean(&why)),
            Ok(Some(Up::Going { .. })) => {}
            Ok(None) => return last,
            Err(e) => return LastWord::Failed(format!("its messages cannot be read: {e}")),
        }
    }
}

/// What comes from outside is made harmless before anything shows it.
fn harmless(notice: Notice) -> Notice {
    match notice {
        Notice::Failed { worker, what } => Notice::Failed { worker, what: clean(&what) },
        Notice::Note(text) => Notice::Note(clean(&text)),
        Notice::Stderr(text) => Notice::Stderr(clean(&text)),
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
        let text = clean(String::from_utf8_lossy(&line).trim_end());
        let _ = out.send(Message::Notice { at: time.now(), notice: Notice::Stderr(text) });
    }
}

/// Ends all that commands of the run left when its runner was killed: each is a process group of its own.
fn end_commands(board: &Board, since: u64) {
    let rings = (0..board.size().workers).map(|worker| board.ring(worker.into()));
    for group in rings.filter_map(contend_trace::Ring::command) {
        reap_adopted(group);
    }
    reap_strangers(since);
}

/// How a run ended, and when, if that was before nothing of it was left.
enum Ended {
    Now(RunEnd),
    At(Stamp, RunEnd),
}

/// Waits for the runner's end, makes sure that nothing of it is left, and says how it ended.
fn watch(
    mut child: Child,
    runner: &Runner,
    frames: Option<JoinHandle<LastWord>>,
    stderr: Option<JoinHandle<()>>,
) -> Ended {
    child.wait_unreaped();
    let (exit, by_us) = {
        let mut state = runner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let group = state.pid.take();
        let exit = child.wait();
        group.map(reap_adopted);
        (exit, state.ended_by_us)
    };
    let word = frames.map_or(LastWord::Nothing, |f| f.join().unwrap_or(LastWord::Nothing));
    stderr.map(JoinHandle::join);
    Ended::Now(match (by_us, word, exit) {
        // What was killed does nothing more, however long it takes until all of it is gone.
        (Some(EndedByUs::TimeOver(at)), ..) => return Ended::At(at, RunEnd::Time),
        (Some(EndedByUs::Stopped), ..) => RunEnd::Stopped,
        (None, LastWord::Failed(why), _) => RunEnd::Crashed(why),
        (None, LastWord::Finished, _) => RunEnd::Completed,
        (None, _, Exit::Signal(signal)) => RunEnd::Crashed(format!("the runner was ended by {}", signal_name(signal))),
        (None, _, Exit::Code(code)) => RunEnd::Crashed(format!("the runner left with exit code {code}")),
    })
}
