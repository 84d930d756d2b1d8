//! Confirms an answer: fresh repetitions, a long one, and response times in open loop.

use std::time::Duration;

use super::{EarlyStop, Session, add_repetition};
use crate::tune::curve::Level;
use crate::tune::request::{Experiment, ExperimentRunner, LoadProfile};
use crate::tune::trial::TrialOutcome;
use crate::tune::tuning::{LongRun, OpenLoopPoint, Tuning};

/// Fresh repetitions of each level.
const CONFIRMATION_ROUNDS: usize = 4;

/// Runs of a program without its tracer.
const UNTRACED_RUNS: usize = 4;

/// Loads at which latency is measured, as shares of the highest throughput.
const OPEN_LOOP_LOADS: [f64; 4] = [0.5, 0.7, 0.8, 0.9];

/// Share of the budget for the long repetition.
const LONG_RUN_SHARE: f64 = 0.15;

/// Least length of a long repetition: a shorter one shows no more than the usual ones.
const MIN_LONG_RUN: Duration = Duration::from_secs(3);

const MAX_LONG_RUN: Duration = Duration::from_mins(1);

impl<L: ExperimentRunner, T: FnMut(&Tuning)> Session<'_, L, T> {
    /// Makes fresh repetitions at the level and its neighbours, because a level chosen for its good figures looks too
    /// good. Then makes a long one, because slow changes do not show in short ones.
    pub(super) fn confirm(&mut self, level: f64) -> Result<(), EarlyStop> {
        let values: Vec<f64> = self.tuning.curve.working_levels().map(|level| level.value).collect();
        let Some(at) = values.iter().position(|value| value.total_cmp(&level).is_eq()) else { return Ok(()) };
        let near = values[at.saturating_sub(1)..(at + 2).min(values.len())].to_vec();
        for _ in 0..CONFIRMATION_ROUNDS {
            let mut order = near.clone();
            self.rng.shuffle(&mut order);
            for level in order {
                let outcome = self.run_experiment(Experiment::usual(level, LoadProfile::Saturated))?;
                let fresh = self.tuning.confirmation.level_mut(level);
                add_repetition(fresh, outcome, self.request.keep_disturbed, |level| &mut level.repetitions);
                self.notify_change();
            }
        }
        self.time_untraced(level);
        self.measure_long_run(level, LoadProfile::Saturated)
    }

    /// Times a program without its tracer, for comparison.
    fn time_untraced(&mut self, level: f64) {
        for _ in 0..UNTRACED_RUNS {
            let left = self.request.budget.saturating_sub(self.runner.elapsed());
            let Some(secs) = self.runner.time_untraced(level, left) else { return };
            self.tuning.untraced_secs.push(secs);
        }
    }

    /// Makes a long repetition, if there is time for it.
    pub(super) fn measure_long_run(&mut self, level: f64, load: LoadProfile) -> Result<(), EarlyStop> {
        let lasts = self.request.budget.mul_f64(LONG_RUN_SHARE).min(MAX_LONG_RUN);
        let lasts = self.request.replay.map_or(lasts, |replay| replay.whole_replays(lasts));
        let left = self.request.budget.saturating_sub(self.runner.elapsed());
        if lasts < MIN_LONG_RUN || left < lasts || !self.runner.can_last() {
            return Ok(());
        }
        if let TrialOutcome::Measured(repetition, _) = self.run_experiment(Experiment::lasting(level, load, lasts))? {
            self.tuning.long_run = Some(LongRun { level, load, repetition: *repetition });
            self.notify_change();
        }
        Ok(())
    }

    /// Measures response times with tasks due at shares of the highest throughput.
    pub(super) fn measure_open_loop(&mut self, level: f64) -> Result<(), EarlyStop> {
        let highest = self.tuning.curve.find(level).map_or(0.0, Level::throughput);
        for load in OPEN_LOOP_LOADS {
            let per_second = highest * load;
            let repetition = match self.run_experiment(Experiment::usual(level, LoadProfile::FixedRate(per_second)))? {
                TrialOutcome::Measured(repetition, _) => Some(*repetition),
                _ => None,
            };
            self.tuning.open_loop.push(OpenLoopPoint { level, load_share: load, offered_rate: per_second, repetition });
            self.notify_change();
        }
        Ok(())
    }
}
