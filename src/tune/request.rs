//! What a tuning asks of the machine, experiment by experiment, and where these are made.

use std::time::{Duration, Instant};

use super::demands::Demands;
use super::trial::TrialOutcome;

/// What brings the tasks of a repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LoadProfile {
    /// A closed loop: there is always a task for a free worker.
    Saturated,
    /// Tasks due at this rate, 1/s.
    FixedRate(f64),
    /// The scenario as it is written, with its own arrivals.
    AsWritten,
}

/// Why a tuning ends before it is done when its budget is used up.
pub const TIME_RAN_OUT: &str = "the time was used up";

/// One repetition to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Experiment {
    pub level: f64,
    pub load: LoadProfile,
    /// Measured at least so long; without it as long as a usual repetition.
    pub min_duration: Option<Duration>,
}

impl Experiment {
    /// A usual repetition.
    pub const fn usual(level: f64, load: LoadProfile) -> Self {
        Self { level, load, min_duration: None }
    }

    pub const fn lasting(level: f64, load: LoadProfile, lasts: Duration) -> Self {
        Self { level, load, min_duration: Some(lasts) }
    }
}

/// Where repetitions are made: on this machine, or in a test from known laws.
pub trait ExperimentRunner {
    fn run(&mut self, experiment: Experiment) -> TrialOutcome;
    /// Time since the tuning began.
    fn elapsed(&self) -> Duration;
    /// Whether someone wants it to end now.
    fn is_stopped(&self) -> bool;
}

/// The lab's clock on a real machine.
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

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuningRequest {
    pub range: (f64, f64),
    /// Whether only whole numbers make sense.
    pub is_whole: bool,
    /// Cores that may be used.
    pub usable_cores: f64,
    pub demands: Demands,
    pub budget: Duration,
    /// Whether the work can be made to come at a rate.
    pub has_open_loop: bool,
    /// Whether repetitions count that others disturbed.
    pub keep_disturbed: bool,
    pub seed: u64,
}

/// What is being done.
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
            Self::ClosingIn => "closing in on where the curve turns",
            Self::Repeating => "repeating what cannot be told apart yet",
            Self::Arriving => "letting tasks arrive as the scenario says",
            Self::Confirming => "confirming with fresh repetitions",
            Self::OpenLoop => "measuring latency under steady load",
            Self::Done => "done",
        }
    }
}
