//! A run that goes on: the runner process and all that reads from it.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use rustix::process::Signal;
use thiserror::Error;

use super::reader::Reader;
use super::scratch::Scratch;
use super::timebase::Timebase;
use crate::engine::{Down, Job, JobError, Plan, PlanError, RUNNER, Start, Up};
use crate::platform::{Child, Exit, Launch, become_subreaper, kill_group, reap_adopted, reap_strangers, started};
use crate::scenario::{Scenario, Settings, clean};
use crate::trace::{Board, Cast, Command, Message, Notice, RunEnd, Stamp, frame};

/// Messages under way to the model: enough to ride out a slow frame, little enough to be no burden.
const UNDER_WAY: usize = 16;

/// Why a run could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error("no memory to share with the run: {0}")]
    Memory(#[source] io::Error),
    #[error("the runner process could not be started: {0}")]
    Runner(#[source] io::Error),
}

/// A run that goes on. Dropping it ends every process of it, and waits until they are gone.
#[derive(Debug)]
pub struct Live {
    cast: Arc<Cast>,
    board: Arc<Board>,
    time: Timebase,
    messages: Receiver<Message>,
    down: Sender<Down>,
    runner: Arc<Runner>,
    watch: Option<JoinHandle<()>>,
    _scratch: Option<Scratch>,
}

/// The runner process: whether it is still there, and whether we ended it ourselves.
#[derive(Debug)]
struct Runner {
    state: Mutex<RunnerState>,
}

#[derive(Debug)]
struct RunnerState {
    /// Its process and group, until it is reaped: afterwards the number may be another's.
    pid: Option<u32>,
    stopped: bool,
}

impl Runner {
    fn signal(&self, signal: Signal) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = state.pid {
            state.stopped |= signal == Signal::KILL;
            kill_group(pid, signal);
        }
    }
}

impl Live {
    /// Starts a scenario. Call it from a thread that outlives the run: the kernel ends the runner with the thread that
    /// started it. Returns at once; the workers come up by themselves.
    ///
    /// # Errors
    /// If the settings make no run, or the system refuses what it needs.
    pub fn start(scenario: &Scenario, settings: &Settings) -> Result<Self, StartError> {
        Self::start_image(scenario, settings, None)
    }

    /// As [`Live::start`], with another image of this program as runner.
    ///
    /// # Errors
    /// As [`Live::start`].
    pub fn start_image(scenario: &Scenario, settings: &Settings, image: Option<PathBuf>) -> Result<Self, StartError> {
        let scratch = Job::needs_scratch(scenario, settings).then(Scratch::new).transpose();
        let scratch = scratch.map_err(|source| JobError::Samples { source })?;
        let job = Job::find(scenario, settings, scratch.as_ref().map(Scratch::path))?;
        let plan = Plan::new(scenario, settings, &job)?;
        let board = Arc::new(Board::create(plan.board()).map_err(StartError::Memory)?);
        let first = board.clock().pair();
        for (i, value) in settings.numbers.iter().enumerate() {
            board.set_knob(i.into(), *value);
        }
        become_subreaper();
        let launch = Launch {
            image,
            args: vec![RUNNER.to_owned()],
            inherit: vec![board.fd()],
            own_session: true,
            captured: true,
        };
        let (child, pipes) = launch.start().map_err(StartError::Runner)?;
        let time = Timebase::new(board.clock(), board.origin(), first);
        board.set_tick_nanos(time.tick_nanos());
        let start = Start {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.clone(),
            settings: settings.clone(),
            job,
        };
        let (out, messages) = bounded(UNDER_WAY);
        let (down, commands) = unbounded();
        let (tell_end, ended) = bounded(1);
        let cast = Arc::new(plan.cast);
        let runner = Arc::new(Runner { state: Mutex::new(RunnerState { pid: Some(child.pid()), stopped: false }) });
        let reader = Reader { board: Arc::clone(&board), cast: Arc::clone(&cast), time, out: out.clone(), ended };
        named("rings", move || reader.run());
        if let Some(stdin) = pipes.stdin {
            named("commands", move || command_loop(stdin, &start, &commands));
        }
        let frames = pipes.stdout.map(|stdout| {
            let out = out.clone();
            named("frames", move || frame_loop(stdout, time, &out))
        });
        let stderr = pipes.stderr.map(|stderr| named("stderr", move || stderr_loop(stderr, time, &out)));
        let watched = Arc::clone(&runner);
        let (commands, groups) = (settings.exec, Arc::clone(&board));
        let watch = named("watch", move || {
            let since = started(child.pid());
            let how = watch(child, &watched, frames, stderr);
            if let (true, Some(since)) = (commands, since) {
                end_commands(&groups, since);
            }
            let _ = tell_end.send((time.now(), how));
        });
        Ok(Self { cast, board, time, messages, down, runner, watch: Some(watch), _scratch: scratch })
    }

    /// How much a core does of the runner's calibrated work, in units of its own. None before that is known.
    pub fn work_rate(&self) -> Option<f64> {
        self.board.work_rate()
    }

    pub fn cast(&self) -> Arc<Cast> {
        Arc::clone(&self.cast)
    }

    /// What happens; closes after [`Message::Ended`].
    pub const fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    /// The run's clock.
    pub fn now(&self) -> Stamp {
        self.time.now()
    }

    /// Asks something of the run. Never blocks.
    pub fn command(&self, command: Command) {
        match command {
            Command::Turn { knob, value } => {
                self.board.set_knob(knob, value);
                let _ = self.down.send(Down::Turned(knob));
            }
            Command::Kill(worker) => {
                let _ = self.down.send(Down::Kill(worker));
            }
            Command::Stop => self.runner.signal(Signal::KILL),
        }
    }

    /// Stops all processes of the run where they are, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.runner.signal(if paused { Signal::STOP } else { Signal::CONT });
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.runner.signal(Signal::KILL);
        let (_, never) = bounded(0);
        self.messages = never; // nobody listens any more: the threads that still tell give up
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}

/// A thread of the dashboard's own process. These are few, and there is no going on without them.
fn named<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 << 10)
        .spawn(body)
        .expect("the system refuses a handful of threads")
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

fn frame_loop(stdout: ChildStdout, time: Timebase, out: &Sender<Message>) -> LastWord {
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

fn stderr_loop(stderr: ChildStderr, time: Timebase, out: &Sender<Message>) {
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
    for group in rings.filter_map(crate::trace::Ring::command) {
        reap_adopted(group);
    }
    reap_strangers(since);
}

/// Waits for the runner's end, makes sure that nothing of it is left, and says how it ended.
fn watch(
    mut child: Child,
    runner: &Runner,
    frames: Option<JoinHandle<LastWord>>,
    stderr: Option<JoinHandle<()>>,
) -> RunEnd {
    child.wait_unreaped();
    let (exit, stopped) = {
        let mut state = runner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let group = state.pid.take();
        let exit = child.wait();
        group.map(reap_adopted);
        (exit, state.stopped)
    };
    let word = frames.map_or(LastWord::Nothing, |f| f.join().unwrap_or(LastWord::Nothing));
    stderr.map(JoinHandle::join);
    match (word, exit) {
        (LastWord::Failed(why), _) if !stopped => RunEnd::Crashed(why),
        _ if stopped => RunEnd::Stopped,
        (LastWord::Finished, _) => RunEnd::Completed,
        (_, Exit::Signal(signal)) => RunEnd::Crashed(format!("the runner was ended by signal {signal}")),
        (_, Exit::Code(code)) => RunEnd::Crashed(format!("the runner left with exit code {code}")),
    }
}
