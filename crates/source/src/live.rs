//! A live run: starts the runner process, and delivers its messages.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use thiserror::Error;

use super::process_tag::ProcessTag;
use super::reading_pace::ReadingPace;
use super::runner_handle::RunnerHandle;
use super::scratch_dir::ScratchDir;
use super::source::{EventSource, Header, RunControl, ScenarioRun};
use super::supervise::Supervision;
use super::timebase::Timebase;
use contend_engine::helpers::RUNNER_ARG;
use contend_engine::{Build, InputError, InputItems, Plan, PlanError, Requirements, RunnerCommand, StartRequest};
use contend_platform::limits::describe_io_error;
use contend_platform::{
    Child, ChildPipes, Launch, become_subreaper, detect_machine, has_proc, request_instant_wakeups,
};
use contend_scenario::{Scenario, Settings};
use contend_trace::{Command, Message, Registry, RunMemory, Stamp};

/// Capacity of the message channel: enough for a slow frame, small enough not to delay the dashboard's reactions.
const MESSAGE_QUEUE_LEN: usize = 16;

/// The reason why a run could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    InvalidPlan(#[from] PlanError),
    #[error(transparent)]
    JobLimits(#[from] InputError),
    #[error("{0}")]
    InsufficientResources(String),
    #[error("this scenario runs a command, `{0}`: without /proc, what it leaves behind cannot be found and killed")]
    NoProc(String),
    #[error("cannot allocate shared memory: {}", describe_io_error(.0))]
    SharedMemory(#[source] io::Error),
    #[error("cannot start the runner process: {}", describe_io_error(.0))]
    Runner(#[source] io::Error),
    #[error("cannot start the threads that supervise the run: {}", describe_io_error(.0))]
    Threads(#[source] io::Error),
}

/// A run in progress. Dropping it kills all its processes and waits until they are gone, but see
/// [`RunControl::limit_end_wait`].
#[derive(Debug)]
pub struct LiveRun {
    header: Header,
    run_memory: Arc<RunMemory>,
    timebase: Timebase,
    messages: Receiver<Message>,
    commands: Sender<RunnerCommand>,
    runner: Arc<RunnerHandle>,
    pace: Arc<ReadingPace>,
    supervisor: Option<JoinHandle<()>>,
    /// Disconnected when nothing of the run is left.
    gone: Receiver<()>,
    /// How long dropping the run waits until nothing of it is left.
    end_wait_nanos: AtomicU64,
    /// Disconnected when the run is dropped, to end the thread that waits for the time limit.
    drop_signal: Option<Sender<()>>,
    drop_watch: Receiver<()>,
    _scratch: Option<ScratchDir>,
}

impl LiveRun {
    /// Starts a scenario. Call it from a thread that outlives the run: the kernel kills the runner with the thread that
    /// started it. Returns before the workers have started.
    ///
    /// # Errors
    /// If the settings do not give a valid run, or the system refuses a resource.
    pub fn start(scenario: &Scenario, settings: &Settings) -> Result<Self, StartError> {
        Self::start_with_image(scenario, settings, None)
    }

    /// As [`LiveRun::start`], with another program file for the runner.
    ///
    /// # Errors
    /// As [`LiveRun::start`].
    pub fn start_with_image(
        scenario: &Scenario,
        settings: &Settings,
        image: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let (scratch, input_items) = find_input(scenario, settings, image.as_deref())?;
        let plan = Plan::new(scenario, settings, &input_items)?;
        check_system(scenario, settings, &plan)?;
        let run_memory = create_run_memory(&plan, settings)?;
        let first = run_memory.clock().read_pair();
        become_subreaper();
        let process_tag =
            (settings.allow_exec || plan.has_processes()).then(|| ProcessTag::with_guardian(image.as_deref()));
        let (child, pipes) = launch_runner(image, scenario, &run_memory, process_tag.as_ref())?;
        let timebase = Timebase::new(run_memory.clock(), run_memory.origin(), first);
        run_memory.set_tick_nanos(timebase.tick_nanos());
        let start =
            StartRequest { build: Build::own(), scenario: scenario.clone(), settings: settings.clone(), input_items };
        let (message_sender, messages) = bounded(MESSAGE_QUEUE_LEN);
        let (command_sender, commands) = unbounded();
        let machine = detect_machine();
        let registry = Registry { cores: Some(machine.usable_cores()), ..plan.registry };
        let (gone_signal, gone) = bounded(0);
        let end_of_run = bounded(2); // it is killed, and gone
        let (memory, time, ends) = (Arc::clone(&run_memory), timebase.clone(), end_of_run.0.clone());
        let (registry, runner) = (Arc::new(registry), Arc::new(RunnerHandle::new(child.pid(), memory, time, ends)));
        let pace: Arc<ReadingPace> = Arc::default();
        let supervision = Supervision {
            run_memory: Arc::clone(&run_memory),
            registry: Arc::clone(&registry),
            timebase: timebase.clone(),
            runner: Arc::clone(&runner),
            child,
            pipes,
            process_tag,
            start,
            commands,
            messages: message_sender,
            end_of_run,
            gone_signal,
            pace: Arc::clone(&pace),
        };
        let supervisor = Some(supervision.start().map_err(StartError::Threads)?);
        let (drop_signal, drop_watch) = bounded(0);
        let run = ScenarioRun { scenario: Arc::new(scenario.clone()), settings: settings.clone() };
        Ok(Self {
            header: Header { title: scenario.title.clone(), machine, registry, run: Some(run) },
            run_memory,
            timebase,
            messages,
            commands: command_sender,
            runner,
            pace,
            supervisor,
            gone,
            end_wait_nanos: AtomicU64::new(u64::MAX),
            drop_signal: Some(drop_signal),
            drop_watch,
            _scratch: scratch,
        })
    }

    /// Returns how much of the runner's calibrated work a core does, in the runner's own unit. `None` before it is
    /// known.
    pub fn work_rate(&self) -> Option<f64> {
        self.run_memory.work_rate()
    }

    /// Sets a time limit: the kernel ends the runner at `limit`, however busy the cores are. In case the runner did not
    /// get a core to ask for that, or is paused, a thread of this process kills it. Returns whether the system provided
    /// the thread.
    pub fn set_time_limit(&self, limit: Stamp) -> bool {
        self.runner.set_limit(limit);
        let _ = self.commands.send(RunnerCommand::TimeLimitSet);
        let (timebase, runner, drop_watch) = (self.timebase.clone(), Arc::clone(&self.runner), self.drop_watch.clone());
        let wait = move || {
            request_instant_wakeups();
            while !runner.end_if_time_is_up() {
                let limit = runner.limit().unwrap_or(limit);
                let left = Duration::from_nanos(limit.span_since(timebase.now()).0);
                if drop_watch.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        thread::Builder::new().name("limit".into()).stack_size(128 << 10).spawn(wait).is_ok()
    }

    /// Returns a function that ends the run, for another thread.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let runner = Arc::clone(&self.runner);
        move || runner.stop()
    }
}

impl EventSource for LiveRun {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        self.timebase.now()
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }

    fn is_out_of_time(&self) -> bool {
        self.runner.is_time_up()
    }
}

impl RunControl for LiveRun {
    fn send_command(&self, command: Command) {
        match command {
            Command::SetKnob { knob, value } => {
                self.run_memory.set_knob(knob, value);
                let _ = self.commands.send(RunnerCommand::KnobChanged(knob));
            }
            Command::Kill(worker) => {
                let _ = self.commands.send(RunnerCommand::KillWorker(worker));
            }
            Command::Stop => self.runner.stop(),
        }
    }

    fn set_paused(&self, paused: bool) {
        self.runner.set_paused(paused);
    }

    fn end_at(&self, limit: Stamp) {
        self.set_time_limit(limit);
    }

    fn limit_end_wait(&self, longest: Duration) {
        self.end_wait_nanos.store(longest.as_nanos() as u64, Ordering::Relaxed);
    }

    fn set_reading_interval(&self, interval: Duration) {
        self.pace.set_interval(interval);
    }

    fn set_watched(&self, is_watched: bool) {
        self.pace.set_watched(is_watched);
        self.run_memory.reader_bell().ring();
    }
}

/// Starts the runner process, in its own session, with the run memory as an inherited descriptor.
fn launch_runner(
    program: Option<PathBuf>,
    scenario: &Scenario,
    run_memory: &RunMemory,
    tag: Option<&ProcessTag>,
) -> Result<(Child, ChildPipes), StartError> {
    let launch = Launch {
        program,
        args: vec![RUNNER_ARG.to_owned(), scenario.name.clone()],
        inherited_fds: vec![run_memory.fd()],
        process_tag: tag.map(ProcessTag::as_str),
        own_session: true,
        captures_output: true,
    };
    launch.start().map_err(StartError::Runner)
}

/// Creates the shared memory of the run and stores the knobs in it.
fn create_run_memory(plan: &Plan, settings: &Settings) -> Result<Arc<RunMemory>, StartError> {
    let run_memory = RunMemory::create(plan.memory_size()).map_err(StartError::SharedMemory)?;
    for (i, value) in settings.numbers.iter().enumerate() {
        run_memory.set_knob(i.into(), *value);
    }
    Ok(Arc::new(run_memory))
}

/// Returns the files and numbers that the run works on, and the directory of those that exist only for it.
fn find_input(
    scenario: &Scenario,
    settings: &Settings,
    image: Option<&Path>,
) -> Result<(Option<ScratchDir>, InputItems), InputError> {
    let scratch = InputItems::needs_scratch(scenario, settings).then(|| ScratchDir::new(image)).transpose();
    let scratch = scratch.map_err(|source| InputError::Samples { source })?;
    let items = InputItems::find_items(scenario, settings, scratch.as_ref().map(ScratchDir::path))?;
    Ok((scratch, items))
}

/// Checks that the system has the resources for the run, and `/proc` if the run starts commands.
fn check_system(scenario: &Scenario, settings: &Settings, plan: &Plan) -> Result<(), StartError> {
    if let Some(why) = Requirements::for_plan(plan).describe_shortage() {
        return Err(StartError::InsufficientResources(why));
    }
    match scenario.first_command(settings).filter(|_| !has_proc()) {
        Some(command) => Err(StartError::NoProc(command)),
        None => Ok(()),
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.runner.stop();
        let (_, never) = bounded(0);
        self.drop_signal = None;
        self.messages = never; // without a receiver, the threads that still send give up
        let longest = Duration::from_nanos(*self.end_wait_nanos.get_mut());
        if let Some(supervisor) = self.supervisor.take()
            && self.gone.recv_timeout(longest) == Err(RecvTimeoutError::Disconnected)
        {
            let _ = supervisor.join();
        }
    }
}
