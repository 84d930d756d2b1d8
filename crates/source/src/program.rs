//! Somebody's own program as a source: started with the tracer in its environment, followed through its ring files, a
//! socket and `/proc`.

mod attached;
mod environment;
pub(super) mod handle;
mod joining;
pub(super) mod output;
mod process_names;
mod processes;
mod reader;
mod sampler;
mod thread_watch;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rustix::process::Signal;
use thiserror::Error;

use self::environment::{Directories, program_environment};
use self::handle::{EndedByUs, ProgramHandle};
use self::output::{OutputEcho, forward_output};
use self::processes::Processes;
use self::reader::ProgramReader;
use super::process_tag::ProcessTag;
use super::scratch_dir::ScratchDir;
use super::source::{EventSource, Header, RunControl, ScenarioRun};
use contend_platform::limits::describe_io_error;
use contend_platform::{
    Child, Clock, Exit, ProgramLaunch, ProgramOutput, become_subreaper, detect_machine, kill_adopted_group,
    kill_escaped_children, process_start_time, request_short_slices,
};
use contend_program::LineServer;
use contend_scenario::Scenario;
use contend_trace::{Command, Message, Notice, Registry, RunEnd, Span, Stamp, signal_name};

pub use attached::{AttachError, AttachedRun, process_title};
pub use environment::{ProgramError, find_python, program_title, program_words};

/// Capacity of the message channel.
const MESSAGE_QUEUE_LEN: usize = 64;

/// How long a program may take to end after Ctrl-C before a second one ends it at once.
const MAX_INTERRUPTS: u32 = 1;

/// The reason why a program could not be started.
#[derive(Debug, Error)]
pub enum ProgramStartError {
    #[error("cannot make a private directory: {}", describe_io_error(.0))]
    Directory(#[source] io::Error),
    #[error("cannot listen for events: {}", describe_io_error(.0))]
    Socket(#[source] io::Error),
    #[error("cannot start {program}: {}", describe_io_error(.source))]
    Program { program: String, source: io::Error },
    #[error("cannot start the threads that follow the program: {}", describe_io_error(.0))]
    Threads(#[source] io::Error),
}

/// How many nanoseconds a process may take to tell something before its threads are shown without it.
const GRACE: u64 = 700_000_000;
/// How long a program may take to record something before the note that it has no tracer.
const TRACER_DEADLINE: Span = Span::from_millis(3_000);

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct ProgramSetup {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// What people call it.
    pub title: String,
    pub output: ProgramOutput,
    pub inherits_input: bool,
    /// Variables added to its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether Python records events. Otherwise the program is only looked at from outside.
    pub is_traced: bool,
}

impl ProgramSetup {
    /// Returns everything that is added to the environment of the program.
    fn environment(&self, directories: &Directories) -> Vec<(OsString, OsString)> {
        let tracer = if self.is_traced { program_environment(directories, self.output) } else { Vec::new() };
        tracer.into_iter().chain(self.environment.iter().cloned()).collect()
    }
}

/// How a program ended, shared with the command that returns its exit code.
pub type SharedExit = Arc<Mutex<Option<Exit>>>;

/// A program in progress. Dropping it kills the program and all that it started.
#[derive(Debug)]
pub struct ProgramRun {
    header: Header,
    clock: RunClock,
    messages: Receiver<Message>,
    runner: Arc<ProgramHandle>,
    watch: Option<JoinHandle<()>>,
    interrupts: AtomicU32,
    drop_signal: Option<Sender<()>>,
    drop_watch: Receiver<()>,
    _scratch: ScratchDir,
}

/// The clock of a program: the kernel's monotonic clock, from the start of the program on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunClock {
    pub origin: u64,
}

impl RunClock {
    fn start() -> Self {
        Self { origin: Self::nanos() }
    }

    /// Returns the monotonic clock.
    pub fn nanos() -> u64 {
        Clock::Monotonic.ticks()
    }

    pub fn now(self) -> Stamp {
        Stamp(Self::nanos().saturating_sub(self.origin))
    }
}

impl ProgramRun {
    /// Starts a program. `echo` gets its output as it comes; `exit` how it ended. Call it from a thread that outlives
    /// the run.
    ///
    /// # Errors
    /// If the system refuses the program or something that it needs.
    pub fn start(setup: &ProgramSetup, echo: Option<OutputEcho>, exit: SharedExit) -> Result<Self, ProgramStartError> {
        let scratch = ScratchDir::new(None).map_err(ProgramStartError::Directory)?;
        let directories = Directories::create(scratch.path()).map_err(ProgramStartError::Directory)?;
        let server = LineServer::listen(&directories.socket).map_err(ProgramStartError::Socket)?;
        become_subreaper();
        let tag = ProcessTag::with_guardian(None);
        let clock = RunClock::start();
        let launch = ProgramLaunch {
            words: &setup.words,
            environment: setup.environment(&directories),
            process_tag: Some(tag.as_str()),
            output: setup.output,
            inherits_input: setup.inherits_input,
        };
        let (child, output) = launch.start().map_err(|source| {
            let program = setup.words.first().map(|word| word.to_string_lossy().into_owned());
            ProgramStartError::Program { program: program.unwrap_or_default(), source }
        })?;
        let machine = detect_machine();
        let registry = Registry { is_open: true, cores: Some(machine.usable_cores()), ..Registry::default() };
        let scenario = Scenario::of_program(&setup.title);
        let run = ScenarioRun { settings: scenario.default_settings(), scenario: Arc::new(scenario) };
        let mut header = Header::new(&run.scenario.title, machine, registry);
        header.run = Some(run);
        let runner = Arc::new(ProgramHandle::new(child.pid()));
        let (sender, messages) = bounded(MESSAGE_QUEUE_LEN);
        let threads = Threads { clock, directories, server, runner: Arc::clone(&runner), sender, exit };
        let watch = threads.start(child, output, echo, tag).map_err(ProgramStartError::Threads)?;
        let (drop_signal, drop_watch) = bounded(0);
        Ok(Self {
            header,
            clock,
            messages,
            runner,
            watch: Some(watch),
            interrupts: AtomicU32::new(0),
            drop_signal: Some(drop_signal),
            drop_watch,
            _scratch: scratch,
        })
    }
}

/// What the threads of a run share.
struct Threads {
    clock: RunClock,
    directories: Directories,
    server: LineServer,
    runner: Arc<ProgramHandle>,
    sender: Sender<Message>,
    exit: SharedExit,
}

impl Threads {
    /// Starts the threads. The returned one ends last, when nothing of the program is left.
    fn start(
        self,
        child: Child,
        output: fs::File,
        echo: Option<OutputEcho>,
        tag: ProcessTag,
    ) -> io::Result<JoinHandle<()>> {
        let Self { clock, directories, server, runner, sender, exit } = self;
        let (end_sender, run_end) = bounded(1);
        let pid = child.pid();
        let reader = ProgramReader {
            clock,
            processes: Processes::Session(pid),
            grace: GRACE,
            expected: Some((pid, TRACER_DEADLINE)),
            traces: directories.traces,
            server,
            messages: sender.clone(),
            run_end,
        };
        let spawned = spawn_named("program", move || reader.run());
        let lines = sender.clone();
        let spawned =
            spawned.and_then(|_| spawn_named("output", move || forward_output(output, || clock.now(), &lines, echo)));
        let output = spawned.inspect_err(|_| {
            kill_adopted_group(pid);
        })?;
        spawn_named("watch", move || {
            let since = process_start_time(pid);
            let (ended, code) = wait_for_end(child, &runner, &exit);
            if let Some(since) = since {
                kill_escaped_children(since);
            }
            drop(tag);
            let _ = output.join();
            let at = match ended {
                (Some(at), _) => at,
                (None, _) => clock.now(),
            };
            let _ = end_sender.send((at, ended.1, code));
        })
    }
}

pub(super) fn spawn_named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).stack_size(512 << 10).spawn(body)
}

/// Waits for the program's end and kills what it left in its group. Returns how the run ended, when if that is known,
/// and the exit code: negative for a signal.
fn wait_for_end(mut child: Child, runner: &ProgramHandle, exit: &SharedExit) -> ((Option<Stamp>, RunEnd), i64) {
    child.wait_unreaped();
    let (how, by_us) = runner.reap(|| child.wait());
    *exit.lock().unwrap_or_else(PoisonError::into_inner) = Some(how);
    let code = match how {
        Exit::Code(code) => i64::from(code),
        Exit::Signal(signal) => -i64::from(signal),
    };
    let end = match (by_us, how) {
        (Some(EndedByUs::TimeUp(at)), _) => return ((Some(at), RunEnd::Time), code),
        (Some(EndedByUs::Stopped), _) => RunEnd::Stopped,
        (None, Exit::Code(0)) => RunEnd::Completed,
        (None, Exit::Code(code)) => RunEnd::Crashed(format!("the program exited with code {code}")),
        (None, Exit::Signal(signal)) if signal == Signal::INT.as_raw() => RunEnd::Stopped,
        (None, Exit::Signal(signal)) => RunEnd::Crashed(format!("the program was killed by {}", signal_name(signal))),
    };
    ((None, end), code)
}

impl EventSource for ProgramRun {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        self.clock.now()
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }

    fn is_out_of_time(&self) -> bool {
        self.runner.is_time_up()
    }
}

impl RunControl for ProgramRun {
    /// A program has no knobs, and no worker that could be killed alone.
    fn send_command(&self, command: Command) {
        if command == Command::Stop {
            self.runner.kill(EndedByUs::Stopped);
        }
    }

    fn set_paused(&self, paused: bool) {
        self.runner.signal(if paused { Signal::STOP } else { Signal::CONT });
    }

    fn end_at(&self, limit: Stamp) {
        let (clock, runner, drop_watch) = (self.clock, Arc::clone(&self.runner), self.drop_watch.clone());
        let wait = move || {
            request_short_slices();
            loop {
                let now = clock.now();
                if now >= limit {
                    return runner.kill(EndedByUs::TimeUp(now));
                }
                let left = Duration::from_nanos(limit.span_since(now).0);
                if drop_watch.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        let _ = thread::Builder::new().name("limit".into()).stack_size(128 << 10).spawn(wait);
    }

    /// Nothing of a program may be left, so that dropping it always waits.
    fn limit_end_wait(&self, _: Duration) {}

    fn interrupt(&self) -> bool {
        let before = self.interrupts.fetch_add(1, Ordering::Relaxed); // Relaxed: a number without others to order
        let is_first = before < MAX_INTERRUPTS;
        is_first && self.runner.signal(Signal::INT)
    }
}

impl Drop for ProgramRun {
    fn drop(&mut self) {
        self.runner.kill(EndedByUs::Stopped);
        let (_, never) = bounded(0);
        self.drop_signal = None;
        self.messages = never; // without a receiver, the threads that still send give up
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}

/// Returns a notice at a moment.
fn note(at: Stamp, text: impl Into<String>) -> Message {
    Message::Notice { at, notice: Notice::Note(text.into()) }
}

/// Returns the directory of a run's ring files.
fn trace_directory(scratch: &std::path::Path) -> PathBuf {
    scratch.join("traces")
}
