//! Finds the smallest level that keeps up with tasks that arrive at a rate.
//!
//! In closed loop, it doubles the level until one can do more than arrives, then bisects between it and the level
//! below. It repeats the levels around the answer, and measures them with the scenario's own arrivals.

use std::time::Duration;

use super::{EarlyStop, MAX_REPETITIONS, MIN_ANSWER_REPETITIONS, Session, add_repetition};
use crate::tune::answer::LevelStatus;
use crate::tune::arrivals::{MIN_ARRIVAL_REPETITIONS, can_keep_up};
use crate::tune::curve::Level;
use crate::tune::decide::{MIN_REPETITIONS, level_status};
use crate::tune::levels;
use crate::tune::request::{Experiment, ExperimentRunner, LoadProfile, Phase, TuningRequest};
use crate::tune::tuning::Tuning;

/// Least arrivals in a repetition: with fewer, the share of done tasks varies too much.
const MIN_TASKS: f64 = 300.0;

/// Least arrivals in a repetition with a limit on the p99: with fewer, none may be late by chance.
const MIN_TASKS_WITH_P99: f64 = 800.0;

/// Shortest repetition with arrivals, and the share of the budget for the longest.
const MIN_ARRIVAL_TIME: Duration = Duration::from_millis(1_500);
const MAX_ARRIVAL_SHARE: f64 = 0.1;

/// Throughput, as a share of the rate, below which one repetition shows that a level falls behind, unless it varies
/// much.
const NEAR_RATE_SHARE: f64 = 0.7;

/// Shares of the budget after which closed-loop measurements end, and repetitions with arrivals end.
const CLOSED_LOOP_SHARE: f64 = 0.4;
const ARRIVALS_SHARE: f64 = 0.8;

impl<L: ExperimentRunner, T: FnMut(&Tuning)> Session<'_, L, T> {
    pub(super) fn find_level_that_keeps_up(&mut self, rate: f64) -> Result<(), EarlyStop> {
        self.enter_phase(Phase::Calibrating);
        self.measure_saturated(self.request.range.0)?;
        self.enter_phase(Phase::Sweeping);
        let found = self.double_until_enough(rate)?;
        self.enter_phase(Phase::ClosingIn);
        if let Some((below, above)) = found {
            self.bisect(rate, below, above)?;
        }
        let first = self.tuning.curve.working_levels().find(|level| level.throughput() > rate).map(|level| level.value);
        if let Some(next) = first.and_then(|first| self.next_level_up(first)) {
            self.measure_saturated(next)?;
        }
        self.enter_phase(Phase::Repeating);
        while self.repeat_candidates(rate)? {}
        self.enter_phase(Phase::Arriving);
        while self.measure_arrivals_round(rate)? {}
        let Some(level) = self.tuning.decision.as_ref().and_then(|decision| decision.answer.recommended_level()) else {
            return Ok(());
        };
        self.enter_phase(Phase::Confirming);
        self.measure_long_run(level, LoadProfile::AsWritten)
    }

    /// Returns the mean throughput of a level, or 0 if it fails.
    fn mean_throughput(&self, level: f64) -> f64 {
        self.tuning.curve.find(level).filter(|level| level.is_working()).map_or(0.0, Level::throughput)
    }

    /// Doubles the level until its throughput is above the rate. Returns the last level below and the first above the
    /// rate. None if no level is above it, or the first one already is.
    fn double_until_enough(&mut self, rate: f64) -> Result<Option<(f64, f64)>, EarlyStop> {
        let (low, high) = self.request.range;
        let mut level = low;
        while self.mean_throughput(level) <= rate {
            if level >= high {
                return Ok(None);
            }
            let below = level;
            level = (level * 2.0).max(low + 1.0).min(high);
            self.measure_saturated(level)?;
            if self.mean_throughput(level) > rate {
                return Ok(Some((below, level)));
            }
        }
        Ok(None)
    }

    fn bisect(&mut self, rate: f64, mut below: f64, mut above: f64) -> Result<(), EarlyStop> {
        while let Some(middle) = levels::midpoint_level(below, above, self.request.is_whole) {
            self.measure_saturated(middle)?;
            if self.mean_throughput(middle) > rate { above = middle } else { below = middle }
        }
        Ok(())
    }

    /// Returns the next level to try: one more, or an eighth more.
    fn next_level_up(&self, level: f64) -> Option<f64> {
        let step = (level / 8.0).max(if self.request.is_whole { 1.0 } else { 0.0 });
        let next = if self.request.is_whole { (level + step).floor() } else { level + step };
        (next <= self.request.range.1).then_some(next)
    }

    /// Returns the candidates: the levels up to the first with a mean throughput above the rate, and the next; or up to
    /// the best level.
    fn candidate_levels(&self, rate: f64) -> Vec<f64> {
        let curve = &self.tuning.curve;
        let Some(first) = curve.working_levels().find(|level| level.throughput() > rate).or_else(|| curve.best())
        else {
            return Vec::new();
        };
        let above = self.next_level_up(first.value).filter(|next| curve.find(*next).is_some());
        let lower = curve.working_levels().map(|level| level.value).filter(|value| *value < first.value);
        lower.chain([first.value]).chain(above).collect()
    }

    /// Makes one more closed-loop repetition of the candidates that are still unclear. Returns whether there were any.
    fn repeat_candidates(&mut self, rate: f64) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let unclear = |value: &f64| {
            self.tuning.curve.find(*value).is_some_and(|level| {
                let decided =
                    level_status(&self.tuning.curve, level, &demands) == LevelStatus::Worse || can_keep_up(level, rate);
                let near = level.throughput() > rate * NEAR_RATE_SHARE;
                level.is_working()
                    && (near && level.repetitions.len() < MIN_REPETITIONS
                        || !decided && level.repetitions.len() < MAX_REPETITIONS)
            })
        };
        let wanted: Vec<f64> = self.candidate_levels(rate).into_iter().filter(unclear).collect();
        // Without a level above the rate, no time is needed for arrivals.
        let has_able_level = self.tuning.curve.working_levels().any(|level| level.throughput() > rate);
        if wanted.is_empty() || self.is_budget_used(if has_able_level { CLOSED_LOOP_SHARE } else { ARRIVALS_SHARE }) {
            return Ok(false);
        }
        self.measure_round(&wanted)?;
        Ok(true)
    }

    /// Makes a round with arrivals at the lowest level that may keep up, and at the next. Returns whether to make
    /// another.
    fn measure_arrivals_round(&mut self, rate: f64) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let status = |level: &Level| level_status(&self.tuning.curve, level, &demands);
        let open = |level: &&Level| matches!(status(level), LevelStatus::Undecided | LevelStatus::Sufficient);
        let able = |level: &&Level| level.throughput() > rate;
        let first = self.tuning.curve.working_levels().filter(able).find(open).map(|level| level.value);
        if self.is_budget_used(ARRIVALS_SHARE) {
            return Ok(false);
        }
        let Some(first) = first else { return self.try_higher() };
        let stuck = |value: f64| {
            self.tuning
                .curve
                .find(value)
                .is_some_and(|level| level.arrival_repetitions.len() >= MIN_ARRIVAL_REPETITIONS)
        };
        // With a limit on the p99, all time goes to the first level, until enough repetitions have left it undecided.
        let next = self
            .next_level_up(first)
            .filter(|next| self.mean_throughput(*next) > rate && (demands.max_p99_ns.is_none() || stuck(first)));
        let short = |value: &f64| {
            self.tuning.curve.find(*value).is_some_and(|level| {
                let runs = level.arrival_repetitions.len();
                runs < MIN_ARRIVAL_REPETITIONS
                    || (status(level) == LevelStatus::Undecided && runs < MIN_ANSWER_REPETITIONS * 2)
            })
        };
        let mut wanted: Vec<f64> = [Some(first), next].into_iter().flatten().filter(short).collect();
        if wanted.is_empty() {
            return self.try_between(first);
        }
        self.rng.shuffle(&mut wanted);
        for value in wanted {
            if !self.is_failing(value) {
                self.measure_arrivals(value, rate)?;
            }
        }
        Ok(true)
    }

    /// Measures a higher level in closed loop if no measured level is good enough. Returns whether there was one.
    fn try_higher(&mut self) -> Result<bool, EarlyStop> {
        let highest = self.tuning.curve.levels().last().map(|level| level.value);
        let top = self.request.range.1;
        let Some(next) = highest.filter(|level| *level < top).map(|level| (level * 2.0).min(top)) else {
            return Ok(false);
        };
        self.measure_saturated_often(next)?;
        Ok(true)
    }

    /// Measures a level between `good` and the bad one below, in closed loop. Returns whether there was one.
    fn try_between(&mut self, good: f64) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let curve = &self.tuning.curve;
        let bad = |below: &&Level| {
            !matches!(level_status(curve, below, &demands), LevelStatus::Sufficient | LevelStatus::Undecided)
        };
        let Some(middle) = curve
            .level_below(good)
            .filter(bad)
            .and_then(|below| levels::midpoint_level(below.value, good, self.request.is_whole))
        else {
            return Ok(false);
        };
        self.measure_saturated_often(middle)?;
        Ok(!self.is_failing(middle))
    }

    fn measure_saturated_often(&mut self, level: f64) -> Result<(), EarlyStop> {
        for _ in 0..MIN_REPETITIONS {
            self.measure_saturated(level)?;
        }
        Ok(())
    }

    fn measure_arrivals(&mut self, level: f64, rate: f64) -> Result<(), EarlyStop> {
        let TuningRequest { demands, budget, replay, .. } = self.request;
        let tasks = if demands.max_p99_ns.is_some() { MIN_TASKS_WITH_P99 } else { MIN_TASKS };
        let lasts = Duration::from_secs_f64(tasks / rate).min(budget.mul_f64(MAX_ARRIVAL_SHARE)).max(MIN_ARRIVAL_TIME);
        let lasts = replay.map_or(lasts, |replay| replay.length);
        let outcome = self.run_experiment(Experiment::lasting(level, LoadProfile::AsWritten, lasts))?;
        add_repetition(self.tuning.curve.level_mut(level), outcome, self.request.keep_disturbed, |level| {
            &mut level.arrival_repetitions
        });
        self.update_decision();
        Ok(())
    }
}
