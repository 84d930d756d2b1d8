//! Repetitions on this machine: each a run of its own.

use std::time::Duration;

use thiserror::Error;

use super::question::{Experiment, Lab, Load, Stopwatch};
use super::told::Preflight;
use super::trial::{Timing, Tried, try_once};
use super::work::{Work, closed_loop, open_loop};
use crate::engine::{Job, Plan};
use crate::platform::{all_cores_busy, clock_range, own_cpu};
use crate::scenario::{KnobKind, Scenario, Settings};
use crate::source::Live;
use crate::trace::{KnobId, Span};

/// Why a scenario cannot be tuned.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TuneError {
    #[error("`{0}` is no number: only a knob with a number can be swept")]
    NotANumber(String),
    #[error("`{name}` goes from {low} to {high}; {asked} is outside")]
    Outside { name: String, low: String, high: String, asked: String },
    #[error("it does nothing that could be counted: no pool, counter, queue or lock")]
    NothingToCount,
    #[error("it cannot be run: {0}")]
    Start(String),
}

/// A scenario with the knob that is swept.
#[derive(Debug)]
pub struct Bench<S> {
    scenario: Scenario,
    settings: Settings,
    knob: KnobId,
    work: Work,
    timing: Timing,
    /// Tasks that take longer than this are late.
    limit: Option<Span>,
    watch: Stopwatch,
    stop: S,
}

impl<S: Fn() -> bool> Bench<S> {
    /// Makes ready to measure `scenario`, with everything but the knob as in `settings`.
    ///
    /// # Errors
    /// If the knob is no number, or nothing can be counted.
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
        let job = Job::find(scenario, &settings, Some(std::path::Path::new(".")));
        let job = job.map_err(|error| TuneError::Start(error.to_string()))?;
        let plan = Plan::new(scenario, &settings, &job).map_err(|error| TuneError::Start(error.to_string()))?;
        let work = Work::of(scenario, &plan.cast, knob).ok_or(TuneError::NothingToCount)?;
        let watch = Stopwatch::default();
        Ok(Self { scenario: scenario.clone(), settings, knob, work, timing, limit, watch, stop })
    }

    pub const fn work(&self) -> &Work {
        &self.work
    }

    /// Looks at the machine for a moment.
    pub fn preflight(&self) -> Preflight {
        Preflight { others: others(), clock: clock_range() }
    }
}

/// Cores that others keep busy while nothing of ours runs. None where the system does not say.
fn others() -> Option<f64> {
    const LOOK: Duration = Duration::from_millis(400);
    let (all, own) = (all_cores_busy()?, own_cpu());
    let began = std::time::Instant::now();
    std::thread::sleep(LOOK);
    let whole = began.elapsed().as_nanos() as f64;
    let busy = all_cores_busy()?.saturating_sub(all) as f64;
    Some(((busy - own_cpu().saturating_sub(own) as f64) / whole).max(0.0))
}

impl<S: Fn() -> bool> Lab for Bench<S> {
    fn run(&mut self, experiment: Experiment) -> Tried {
        let Experiment { level, load, lasts } = experiment;
        let mut settings = self.settings.clone();
        if let Some(number) = settings.numbers.get_mut(self.knob.index()) {
            *number = level;
        }
        let scenario = match (load, &self.work) {
            (Load::Due(rate), Work::Tasks(pool)) => open_loop(&self.scenario, *pool, rate),
            (Load::Written, _) => self.scenario.clone(),
            _ => closed_loop(&self.scenario),
        };
        let timing = lasts.map_or(self.timing, |least| self.timing.lasting(Span(least.as_nanos() as u64)));
        match Live::start(&scenario, &settings) {
            Ok(live) => {
                let workers = self.work.workers(&live.cast()).len().min(level.max(1.0) as usize) as u64;
                let mut tried = try_once(&live, &self.work, workers, timing, self.limit, &self.stop);
                if let Tried::Measured(repetition, _) = &mut tried {
                    repetition.speed = live.work_rate();
                    self.timing = self.timing.for_tasks_of(repetition);
                }
                tried
            }
            Err(error) => {
                let nothing = std::sync::Arc::new(crate::trace::Cast::default());
                let model = crate::model::Model::new(nothing, crate::model::Budget::default());
                Tried::Failed(error.to_string(), Box::new(model))
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.watch.elapsed()
    }

    fn stopped(&self) -> bool {
        (self.stop)()
    }
}
