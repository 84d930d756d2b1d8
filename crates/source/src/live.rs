//! A run that goes on: the runner process and all that reads from it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rustix::process::Signal;
use thiserror::Error;

use super::attend::{Attend, Runner};
use super::mark::Mark;
use super::scratch::Scratch;
use super::timebase::Timebase;
use contend_engine::helpers::RUNNER;
use contend_engine::{Down, Job, JobError, Need, Plan, PlanError, Start};
use contend_platform::limits::told;
use contend_platform::{Launch, be_prompt, become_subreaper, machine, shows_processes};
use contend_scenario::{Scenario, Settings};
use contend_trace::{Board, Cast, Command, Message, Stamp};

/// Messages under way to the model: enough to ride out a slow frame, little enough to be no burden.
const UNDER_WAY: usize = 16;

/// Why a run could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error("{0}")]
    NoRoom(String),
    #[error("this scenario runs a command, `{0}`: without /proc nobody could find and end what that leaves behind")]
    Unseen(String),
    #[error("no memory to share with the run: {}", told(.0))]
    Memory(#[source] io::Error),
    #[error("the runner process could not be started: {}", told(.0))]
    Runner(#[source] io::Error),
    #[error("the threads that look after a run could not be started: {}", told(.0))]
    Threads(#[source] io::Error),
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
    /// Disconnected when the run is dropped; what waits for its limit waits for this too.
    dropped: Option<Sender<()>>,
    on_drop: Receiver<()>,
    _scratch: Option<Scratch>,
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
        let scratch = Job::needs_scratch(scenario, settings).then(|| Scratch::new(image.as_deref())).transpose();
        let scratch = scratch.map_err(|source| JobError::Samples { source })?;
        let job = Job::find(scenario, settings, scratch.as_ref().map(Scratch::path))?;
        let plan = Plan::new(scenario, settings, &job)?;
        if let Some(why) = Need::of(&plan).refusal() {
            return Err(StartError::NoRoom(why));
        }
        if let Some(command) = scenario.command(settings).filter(|_| !shows_processes()) {
            return Err(StartError::Unseen(command));
        }
        let board = Arc::new(Board::create(plan.board()).map_err(StartError::Memory)?);
        let first = board.clock().pair();
        for (i, value) in settings.numbers.iter().enumerate() {
            board.set_knob(i.into(), *value);
        }
        become_subreaper();
        let mark = (settings.exec || plan.has_processes()).then(|| Mark::guarded(image.as_deref()));
        let launch = Launch {
            image,
            args: vec![RUNNER.to_owned(), scenario.name.clone()],
            inherit: vec![board.fd()],
            mark: mark.as_ref().map(Mark::as_str),
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
        let cast = Cast { cores: Some(machine().usable_cores()), ..plan.cast };
        let (cast, runner) = (Arc::new(cast), Arc::new(Runner::new(child.pid())));
        let attend = Attend {
            board: Arc::clone(&board),
            cast: Arc::clone(&cast),
            time: time.clone(),
            runner: Arc::clone(&runner),
            child,
            pipes,
            mark,
            start,
            commands,
            out,
        };
        let watch = Some(attend.begin().map_err(StartError::Threads)?);
        let (dropped, on_drop) = bounded(0);
        let dropped = Some(dropped);
        Ok(Self { cast, board, time, messages, down, runner, watch, dropped, on_drop, _scratch: scratch })
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

    /// Ends the run when its clock stands at `limit`, whatever else this process is busy with: a thread of its own sees to
    /// that, which does nothing before. False when the system refuses the thread.
    pub fn end_at(&self, limit: Stamp) -> bool {
        let (time, runner, on_drop) = (self.time.clone(), Arc::clone(&self.runner), self.on_drop.clone());
        let wait = move || {
            be_prompt();
            loop {
                let now = time.now();
                if now >= limit {
                    return runner.end_for_time(now);
                }
                let left = Duration::from_nanos(limit.since(now).0);
                if on_drop.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        thread::Builder::new().name("limit".into()).stack_size(128 << 10).spawn(wait).is_ok()
    }

    /// Whether the run was ended because its time was over. What it did until then may be on its way still.
    pub fn is_out_of_time(&self) -> bool {
        self.runner.is_out_of_time()
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
        self.dropped = None;
        self.messages = never; // nobody listens any more: the threads that still tell give up
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}
