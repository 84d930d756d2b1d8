//! The request for a tuning, and the experiments that answer it.

use std::time::{Duration, Instant};

use super::demands::Demands;
use super::replay::TraceReplay;
use super::trial::TrialOutcome;

/// The source of a repetition's tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LoadProfile {
    /// A closed loop: a free worker always finds a task.
    Saturated,
    /// Tasks due at this rate, 1/s.
    FixedRate(f64),
    /// The scenario as it is written, with its own arrivals.
    AsWritten,
}

/// The reason why a tuning ends early when its budget is used up.
pub const TIME_RAN_OUT: &str = "time ran out";

/// One repetition to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Experiment {
    pub level: f64,
    pub load: LoadProfile,
    /// Least measuring time, if longer than that of a usual repetition.
    pub min_duration: Option<Duration>,
    /// The rest of the budget, if that limits it.
    pub time_left: Option<Duration>,
}

impl Experiment {
    /// Returns a repetition of the usual length.
    pub const fn usual(level: f64, load: LoadProfile) -> Self {
        Self { level, load, min_duration: None, time_left: None }
    }

    pub const fn lasting(level: f64, load: LoadProfile, lasts: Duration) -> Self {
        Self { level, load, min_duration: Some(lasts), time_left: None }
    }
}

/// Makes repetitions: on this machine, or in a test from known laws.
pub trait ExperimentRunner {
    /// Makes a repetition. One that needs more than the time left is stopped then.
    fn run(&mut self, experiment: Experiment) -> TrialOutcome;
    /// Time since the tuning began.
    fn elapsed(&self) -> Duration;
    /// Whether the user asked the tuning to end.
    fn is_stopped(&self) -> bool;
    /// Whether a repetition can be made longer than usual.
    fn can_last(&self) -> bool {
        true
    }
    /// Runs a program without its tracer. Returns how many seconds it took; `None` if there is no such program.
    fn time_untraced(&mut self, _level: f64, _time_left: Duration) -> Option<f64> {
        None
    }
}

/// The clock of the runner on a real machine.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Default for Stopwatch {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Stopwatch {
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The request for a tuning: the range of levels, the demands and the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuningRequest {
    pub range: (f64, f64),
    /// Whether only whole numbers make sense.
    pub is_whole: bool,
    /// Cores that the run may use.
    pub usable_cores: f64,
    pub demands: Demands,
    pub budget: Duration,
    /// Whether tasks can be made to arrive at a rate.
    pub has_open_loop: bool,
    /// Whether repetitions count that other programs disturbed.
    pub keep_disturbed: bool,
    pub seed: u64,
    /// The trace that each repetition with arrivals replays.
    pub replay: Option<TraceReplay>,
}

/// The current phase of a tuning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Calibrating,
    Sweeping,
    ClosingIn,
    Repeating,
    /// Tasks arrive as the scenario says.
    Arriving,
    Confirming,
    OpenLoop,
    Done,
}

impl Phase {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calibrating => "calibrating at the lowest level",
            Self::Sweeping => "sweeping the levels in random order",
            Self::ClosingIn => "narrowing down where the curve turns",
            Self::Repeating => "repeating levels that are not yet distinguishable",
            Self::Arriving => "measuring with the scenario's own arrivals",
            Self::Confirming => "confirming with fresh repetitions",
            Self::OpenLoop => "measuring latency under steady load",
            Self::Done => "done",
        }
    }
}
