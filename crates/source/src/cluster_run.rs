//! A scenario whose pool is on a cluster of Dask: a driver in Python starts the cluster on this machine, gives it the
//! tasks and tells what happens; here that becomes the messages of a run, with the workers and queues of the plan.

mod clock;
mod driver;
mod find;
mod lines;
mod reader;
mod samples;
mod translate;

use std::io;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rustix::process::Signal;
use thiserror::Error;

use self::clock::ClusterClock;
use self::driver::{Driver, DriverRequest, Job};
use self::reader::DriverReader;
use super::process_tag::ProcessTag;
use super::scratch_dir::ScratchDir;
use super::source::{EventSource, Header, RunControl, ScenarioRun};
use contend_engine::{InputError, InputItems, Plan, PlanError};
use contend_platform::limits::describe_io_error;
use contend_platform::{become_subreaper, detect_machine, request_short_slices};
use contend_scenario::{Scenario, Settings};
use contend_trace::{Command, Message, Notice, Registry, Stamp};

pub use find::{MissingCluster, find_dask};

/// Capacity of the message channel.
const MESSAGE_QUEUE_LEN: usize = 64;
/// How often the thread of a time limit looks whether the clock runs.
const LIMIT_INTERVAL: Duration = Duration::from_millis(20);

/// The reason why a run on a cluster could not be started.
#[derive(Debug, Error)]
pub enum ClusterStartError {
    #[error(transparent)]
    InvalidPlan(#[from] PlanError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    NoDask(#[from] MissingCluster),
    #[error("cannot make a private directory: {}", describe_io_error(.0))]
    Directory(#[source] io::Error),
    #[error("cannot start the driver of Dask: {}", describe_io_error(.0))]
    Driver(#[source] io::Error),
}

/// A run on a cluster. Dropping it ends the cluster.
#[derive(Debug)]
pub struct ClusterRun {
    header: Header,
    clock: ClusterClock,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    requests: Sender<DriverRequest>,
    driver: Arc<Driver>,
    watch: Option<JoinHandle<()>>,
    drop_signal: Option<Sender<()>>,
    drop_watch: Receiver<()>,
    scenario: Arc<Scenario>,
    _scratch: ScratchDir,
}

impl ClusterRun {
    /// Starts a scenario on a cluster of its own on this machine. Call it from a thread that outlives the run: the
    /// kernel kills the driver with the thread that started it. Returns before the cluster is there; until then the
    /// clock of the run stands at zero.
    ///
    /// # Errors
    /// If the settings do not give a valid run, there is no Dask, or the system refuses a resource.
    pub fn start(scenario: &Scenario, settings: &Settings) -> Result<Self, ClusterStartError> {
        let python = find_dask()?;
        let scratch = ScratchDir::new(None).map_err(ClusterStartError::Directory)?;
        let items = InputItems::find_items(scenario, settings, Some(scratch.path()))?;
        let plan = Plan::new(scenario, settings, &items)?;
        for number in 0..items.total() {
            items.create_sample(number).map_err(ClusterStartError::Directory)?;
        }
        let socket = scratch.path().join("driver");
        let listener = UnixListener::bind(&socket).map_err(ClusterStartError::Driver)?;
        become_subreaper();
        let tag = ProcessTag::with_guardian(None);
        let (child, output) =
            driver::start(&python, scratch.path(), &socket, &tag).map_err(ClusterStartError::Driver)?;
        let job = Job::new(scenario, settings, &plan, &items, scratch.path());
        let machine = detect_machine();
        // What Dask's scheduler could still give is not known from outside: nothing is concluded from waits.
        let registry = Registry { cores: Some(machine.usable_cores()), wakers: Vec::new(), ..plan.registry };
        let registry = Arc::new(registry);
        let scenario = Arc::new(scenario.clone());
        let run = ScenarioRun { scenario: Arc::clone(&scenario), settings: settings.clone() };
        let header = Header { title: scenario.title.clone(), machine, registry: Arc::clone(&registry), run: Some(run) };
        let clock = ClusterClock::default();
        let driver = Arc::new(Driver::new(child.pid()));
        let (sender, messages) = bounded(MESSAGE_QUEUE_LEN);
        let (requests, request_queue) = unbounded();
        let reader = DriverReader {
            clock: clock.clone(),
            registry,
            driver: Arc::clone(&driver),
            messages: sender.clone(),
            requests: request_queue,
            job,
        };
        let watch = reader.start(child, output, listener, tag).map_err(ClusterStartError::Driver)?;
        let (drop_signal, drop_watch) = bounded(0);
        Ok(Self {
            header,
            clock,
            messages,
            sender,
            requests,
            driver,
            watch: Some(watch),
            drop_signal: Some(drop_signal),
            drop_watch,
            scenario,
            _scratch: scratch,
        })
    }

    /// Returns a function that ends the run, for another thread.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let driver = Arc::clone(&self.driver);
        move || driver.stop()
    }
}

impl EventSource for ClusterRun {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        self.driver.time_limit().map_or_else(|| self.clock.now(), |limit| self.clock.now().min(limit))
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }

    fn is_out_of_time(&self) -> bool {
        self.driver.is_time_up()
    }
}

impl RunControl for ClusterRun {
    fn send_command(&self, command: Command) {
        match command {
            Command::SetKnob { knob, value } => {
                let _ = self.requests.send(DriverRequest::Knob { knob: knob.index(), value });
                if let Some(changed) = self.scenario.knobs.get(knob.index()) {
                    let value_text = changed.format_value(value);
                    let notice = Notice::KnobSet { knob, name: changed.name.clone(), value_text };
                    let _ = self.sender.try_send(Message::Notice { at: self.clock.now(), notice });
                }
            }
            Command::Kill(worker) => {
                let pool = self.header.registry.pools.first();
                let place = pool.and_then(|pool| pool.workers.iter().position(|of| *of == worker));
                if let Some(kill) = place {
                    let _ = self.requests.send(DriverRequest::Kill { kill });
                }
            }
            Command::Stop => self.driver.stop(),
        }
    }

    fn set_paused(&self, paused: bool) {
        self.driver.signal_all(if paused { Signal::STOP } else { Signal::CONT });
    }

    fn end_at(&self, limit: Stamp) {
        let (clock, driver, drop_watch) = (self.clock.clone(), Arc::clone(&self.driver), self.drop_watch.clone());
        let wait = move || {
            request_short_slices();
            loop {
                let now = clock.now();
                if now >= limit {
                    return driver.end_time(limit);
                }
                let left = Duration::from_nanos(limit.span_since(now).0);
                let left = if clock.has_started() { left } else { left.max(LIMIT_INTERVAL) };
                if drop_watch.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        let _ = thread::Builder::new().name("limit".into()).stack_size(128 << 10).spawn(wait);
    }

    /// Nothing of a cluster may be left, so that dropping the run always waits.
    fn limit_end_wait(&self, _: Duration) {}
}

impl Drop for ClusterRun {
    fn drop(&mut self) {
        self.driver.stop();
        let (_, never) = bounded(0);
        self.drop_signal = None;
        self.messages = never; // without a receiver, the threads that still send give up
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}
