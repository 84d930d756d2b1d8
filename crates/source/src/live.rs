//! A run that goes on: the runner process and all that reads from it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rustix::process::Signal;
use thiserror::Error;

use super::process_tag::ProcessTag;
use super::scratch_dir::ScratchDir;
use super::supervise::{RunnerHandle, Supervision};
use super::timebase::Timebase;
use contend_engine::helpers::RUNNER_ARG;
use contend_engine::{InputError, InputItems, Plan, PlanError, Requirements, RunnerCommand, StartRequest};
use contend_platform::limits::describe_io_error;
use contend_platform::{Launch, become_subreaper, detect_machine, has_proc, request_short_slices};
use contend_scenario::{Scenario, Settings};
use contend_trace::{Command, Message, Registry, RunMemory, Stamp};

/// Messages under way to the model: enough to ride out a slow frame, little enough to be no burden.
const MESSAGE_QUEUE_LEN: usize = 16;

/// Why a run could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    InvalidPlan(#[from] PlanError),
    #[error(transparent)]
    JobLimits(#[from] InputError),
    #[error("{0}")]
    InsufficientResources(String),
    #[error("this scenario runs a command, `{0}`: without /proc nobody could find and end what that leaves behind")]
    NoProc(String),
    #[error("no memory to share with the run: {}", describe_io_error(.0))]
    SharedMemory(#[source] io::Error),
    #[error("the runner process could not be started: {}", describe_io_error(.0))]
    Runner(#[source] io::Error),
    #[error("the threads that look after a run could not be started: {}", describe_io_error(.0))]
    Threads(#[source] io::Error),
}

/// A run that goes on. Dropping it ends every process of it, and waits until they are gone.
#[derive(Debug)]
pub struct LiveRun {
    registry: Arc<Registry>,
    run_memory: Arc<RunMemory>,
    timebase: Timebase,
    messages: Receiver<Message>,
    commands: Sender<RunnerCommand>,
    runner: Arc<RunnerHandle>,
    supervisor: Option<JoinHandle<()>>,
    /// Disconnected when the run is dropped; what waits for its limit waits for this too.
    drop_signal: Option<Sender<()>>,
    drop_watch: Receiver<()>,
    _scratch: Option<ScratchDir>,
}

impl LiveRun {
    /// Starts a scenario. Call it from a thread that outlives the run: the kernel ends the runner with the thread that
    /// started it. Returns at once; the workers come up by themselves.
    ///
    /// # Errors
    /// If the settings make no run, or the system refuses what it needs.
    pub fn start(scenario: &Scenario, settings: &Settings) -> Result<Self, StartError> {
        Self::start_with_image(scenario, settings, None)
    }

    /// As [`LiveRun::start`], with another image of this program as runner.
    ///
    /// # Errors
    /// As [`LiveRun::start`].
    pub fn start_with_image(
        scenario: &Scenario,
        settings: &Settings,
        image: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let scratch =
            InputItems::needs_scratch(scenario, settings).then(|| ScratchDir::new(image.as_deref())).transpose();
        let scratch = scratch.map_err(|source| InputError::Samples { source })?;
        let job = InputItems::find_items(scenario, settings, scratch.as_ref().map(ScratchDir::path))?;
        let plan = Plan::new(scenario, settings, &job)?;
        if let Some(why) = Requirements::for_plan(&plan).describe_shortage() {
            return Err(StartError::InsufficientResources(why));
        }
        if let Some(command) = scenario.first_command(settings).filter(|_| !has_proc()) {
            return Err(StartError::NoProc(command));
        }
        let board = Arc::new(RunMemory::create(plan.memory_size()).map_err(StartError::SharedMemory)?);
        let first = board.clock().read_pair();
        for (i, value) in settings.numbers.iter().enumerate() {
            board.set_knob(i.into(), *value);
        }
        become_subreaper();
        let mark = (settings.allow_exec || plan.has_processes()).then(|| ProcessTag::with_guardian(image.as_deref()));
        let launch = Launch {
            program: image,
            args: vec![RUNNER_ARG.to_owned(), scenario.name.clone()],
            inherited_fds: vec![board.fd()],
            process_tag: mark.as_ref().map(ProcessTag::as_str),
            own_session: true,
            captures_output: true,
        };
        let (child, pipes) = launch.start().map_err(StartError::Runner)?;
        let time = Timebase::new(board.clock(), board.origin(), first);
        board.set_tick_nanos(time.tick_nanos());
        let start = StartRequest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.clone(),
            settings: settings.clone(),
            input_items: job,
        };
        let (out, messages) = bounded(MESSAGE_QUEUE_LEN);
        let (down, commands) = unbounded();
        let cast = Registry { cores: Some(detect_machine().usable_cores()), ..plan.cast };
        let (cast, runner) = (Arc::new(cast), Arc::new(RunnerHandle::new(child.pid())));
        let attend = Supervision {
            run_memory: Arc::clone(&board),
            registry: Arc::clone(&cast),
            timebase: time.clone(),
            runner: Arc::clone(&runner),
            child,
            pipes,
            process_tag: mark,
            start,
            commands,
            messages: out,
        };
        let watch = Some(attend.start().map_err(StartError::Threads)?);
        let (dropped, on_drop) = bounded(0);
        let dropped = Some(dropped);
        Ok(Self {
            registry: cast,
            run_memory: board,
            timebase: time,
            messages,
            commands: down,
            runner,
            supervisor: watch,
            drop_signal: dropped,
            drop_watch: on_drop,
            _scratch: scratch,
        })
    }

    /// How much a core does of the runner's calibrated work, in units of its own. None before that is known.
    pub fn work_rate(&self) -> Option<f64> {
        self.run_memory.work_rate()
    }

    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// What happens; closes after [`Message::Ended`].
    pub const fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    /// The run's clock.
    pub fn now(&self) -> Stamp {
        self.timebase.now()
    }

    /// Asks something of the run. Never blocks.
    pub fn send_command(&self, command: Command) {
        match command {
            Command::SetKnob { knob, value } => {
                self.run_memory.set_knob(knob, value);
                let _ = self.commands.send(RunnerCommand::KnobChanged(knob));
            }
            Command::Kill(worker) => {
                let _ = self.commands.send(RunnerCommand::KillWorker(worker));
            }
            Command::Stop => self.runner.signal(Signal::KILL),
        }
    }

    /// Ends the run when its clock stands at `limit`, whatever else this process is busy with: a thread of its own sees to
    /// that, which does nothing before. False when the system refuses the thread.
    pub fn set_time_limit(&self, limit: Stamp) -> bool {
        let (time, runner, on_drop) = (self.timebase.clone(), Arc::clone(&self.runner), self.drop_watch.clone());
        let wait = move || {
            request_short_slices();
            loop {
                let now = time.now();
                if now >= limit {
                    return runner.kill_at_time_limit(now);
                }
                let left = Duration::from_nanos(limit.span_since(now).0);
                if on_drop.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        thread::Builder::new().name("limit".into()).stack_size(128 << 10).spawn(wait).is_ok()
    }

    /// Whether the run was ended because its time was over. What it did until then may be on its way still.
    pub fn is_time_up(&self) -> bool {
        self.runner.is_time_up()
    }

    /// Stops all processes of the run where they are, or lets them go on.
    pub fn set_paused(&self, paused: bool) {
        self.runner.signal(if paused { Signal::STOP } else { Signal::CONT });
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.runner.signal(Signal::KILL);
        let (_, never) = bounded(0);
        self.drop_signal = None;
        self.messages = never; // nobody listens any more: the threads that still tell give up
        if let Some(watch) = self.supervisor.take() {
            let _ = watch.join();
        }
    }
}
