//! Runs experiments on this machine: each repetition is a live run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::request::{Experiment, ExperimentRunner, LoadProfile, Stopwatch};
use super::summary::Preflight;
use super::trial::{Timing, TrialOutcome, run_trial};
use super::work_unit::{WorkUnit, closed_loop, open_loop};
use crate::engine::{InputItems, Plan};
use crate::platform::{busy_nanos_of_all_cores, cpu_frequency_range, own_cpu_nanos};
use crate::recording::RecordingDirectory;
use crate::report::describe_run;
use crate::scenario::{KnobKind, Scenario, Settings};
use crate::source::{EventSource, StartedRun};
use crate::trace::{KnobId, Span};

/// Why a scenario cannot be tuned.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TuneError {
    #[error("`{0}` is not a number: only a numeric knob can be swept")]
    NotANumber(String),
    #[error("`{name}` ranges from {low} to {high}; {asked} is outside")]
    OutOfRange { name: String, low: String, high: String, asked: String },
    #[error("the scenario has nothing to count: no pool, counter, queue or lock")]
    NothingToCount,
    #[error("the scenario cannot run: {0}")]
    Start(String),
    #[error("the program fails at both ends of the range: {0}")]
    ProgramFails(String),
}

/// Runs a scenario at different levels of one knob.
#[derive(Debug)]
pub struct LiveExperimentRunner<S> {
    scenario: Scenario,
    settings: Settings,
    knob: KnobId,
    work: WorkUnit,
    timing: Timing,
    /// Tasks that take longer than this are late.
    late_limit: Option<Span>,
    stopwatch: Stopwatch,
    /// How many times as fast as recorded the scenario replays a trace; figures are converted back.
    speed: f64,
    is_stop_requested: S,
    /// Where to record the repetitions.
    recordings: Option<Arc<RecordingDirectory>>,
}

impl<S: Fn() -> bool> LiveExperimentRunner<S> {
    /// Prepares to measure `scenario`, with every other knob as in `settings`.
    ///
    /// # Errors
    /// The knob is not a number, the scenario cannot run, or it has nothing to count.
    pub fn new(
        scenario: &Scenario,
        settings: Settings,
        knob: KnobId,
        timing: Timing,
        limit: Option<Span>,
        stop: S,
    ) -> Result<Self, TuneError> {
        let name = scenario.knobs.get(knob.index()).map(|knob| knob.name.clone()).unwrap_or_default();
        if !scenario.knobs.get(knob.index()).is_some_and(|knob| matches!(knob.kind, KnobKind::Number { .. })) {
            return Err(TuneError::NotANumber(name));
        }
        let job = InputItems::find_items(scenario, &settings, Some(std::path::Path::new(".")));
        let job = job.map_err(|error| TuneError::Start(error.to_string()))?;
        let plan = Plan::new(scenario, &settings, &job).map_err(|error| TuneError::Start(error.to_string()))?;
        let work = WorkUnit::for_scenario(scenario, &plan.registry, knob).ok_or(TuneError::NothingToCount)?;
        let watch = Stopwatch::default();
        Ok(Self {
            scenario: scenario.clone(),
            settings,
            knob,
            work,
            timing,
            late_limit: limit,
            stopwatch: watch,
            speed: 1.0,
            is_stop_requested: stop,
            recordings: None,
        })
    }

    /// Records every repetition in a file of this directory.
    pub fn record_into(self, recordings: Option<Arc<RecordingDirectory>>) -> Self {
        Self { recordings, ..self }
    }

    /// Makes it a runner of a scenario that replays a trace `speed` times as fast as recorded.
    pub fn with_speed(self, speed: f64) -> Self {
        Self { speed, ..self }
    }

    pub const fn work(&self) -> &WorkUnit {
        &self.work
    }

    /// Measures the machine's load before the tuning.
    pub fn check_machine(&self) -> Preflight {
        Preflight { others_cores: measure_others_load(), clock_range: cpu_frequency_range() }
    }
}

/// Measures the cores that other programs keep busy while no run is active. None where the system does not report it.
pub(super) fn measure_others_load() -> Option<f64> {
    const SAMPLE_TIME: Duration = Duration::from_millis(400);
    let (all, own) = (busy_nanos_of_all_cores()?, own_cpu_nanos());
    let began = Instant::now();
    std::thread::sleep(SAMPLE_TIME);
    let whole = began.elapsed().as_nanos() as f64;
    let busy = busy_nanos_of_all_cores()?.saturating_sub(all) as f64;
    Some(((busy - own_cpu_nanos().saturating_sub(own) as f64) / whole).max(0.0))
}

impl<S: Fn() -> bool> ExperimentRunner for LiveExperimentRunner<S> {
    fn run(&mut self, experiment: Experiment) -> TrialOutcome {
        let Experiment { level, load, min_duration: lasts, time_left } = experiment;
        let deadline = time_left.map(|left| Instant::now() + left);
        let mut settings = self.settings.clone();
        if let Some(number) = settings.numbers.get_mut(self.knob.index()) {
            *number = level;
        }
        let scenario = match (load, &self.work) {
            (LoadProfile::FixedRate(rate), WorkUnit::Tasks(pool)) => {
                open_loop(&self.scenario, *pool, rate * self.speed)
            }
            (LoadProfile::AsWritten, _) => self.scenario.clone(),
            _ => closed_loop(&self.scenario),
        };
        let timing = lasts.map_or(self.timing, |least| self.timing.with_min_window(Span(least.as_nanos() as u64)));
        match StartedRun::start(&scenario, &settings) {
            Ok(live) => {
                let workers = self.work.workers(&live.header().registry).len().min(level.max(1.0) as usize) as u64;
                let recordings = self.recordings.as_deref();
                let recorder = recordings
                    .and_then(|directory| directory.start(&scenario.name, &describe_run(live.header(), None)));
                let limit = self.late_limit.map(|limit| Span((limit.0 as f64 / self.speed) as u64));
                let time_left = deadline.map(|at| Span::from(at.saturating_duration_since(Instant::now())));
                let stop = &self.is_stop_requested;
                let mut outcome = run_trial(&live, recorder, &self.work, workers, (timing, time_left), limit, stop);
                if let TrialOutcome::Measured(repetition, _) = &mut outcome {
                    repetition.core_speed = live.work_rate();
                    self.timing = self.timing.for_tasks_of(repetition);
                    **repetition = repetition.slowed_down(self.speed);
                }
                outcome
            }
            Err(error) => {
                let empty = Arc::new(crate::trace::Registry::default());
                let model = crate::model::Model::new(empty, crate::model::Budget::default());
                TrialOutcome::Failed(error, Box::new(model))
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    fn is_stopped(&self) -> bool {
        (self.is_stop_requested)()
    }
}
