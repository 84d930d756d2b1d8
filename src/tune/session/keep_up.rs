//! The smallest level that keeps up with tasks that arrive at a rate.
//!
//! In closed loop, the levels are doubled until one can do more than arrives, then the distance to the one below is halved.
//! Those between which the answer lies are repeated, and measured with tasks arriving as the scenario says.

use std::time::Duration;

use super::{EarlyStop, MAX_REPETITIONS, MIN_ANSWER_REPETITIONS, Session, add_repetition};
use crate::tune::answer::LevelStatus;
use crate::tune::arrivals::{MIN_ARRIVAL_REPETITIONS, can_keep_up};
use crate::tune::curve::Level;
use crate::tune::decide::{MIN_REPETITIONS, level_status};
use crate::tune::levels;
use crate::tune::request::{Experiment, ExperimentRunner, LoadProfile, Phase, TuningRequest};
use crate::tune::tuning::Tuning;

/// Tasks that arrive in a repetition: with fewer, how many of them are done varies too much.
const MIN_TASKS: f64 = 300.0;

/// Tasks that arrive in a repetition where few may be late: with fewer, none may be late by chance.
const MIN_TASKS_WITH_P99: f64 = 800.0;

/// Shortest repetition with arrivals, and the part of the budget that the longest takes.
const MIN_ARRIVAL_TIME: Duration = Duration::from_millis(1_500);
const MAX_ARRIVAL_SHARE: f64 = 0.1;

/// Part of what arrives below which one repetition is enough to know that a level falls behind, unless it scatters much.
const NEAR_RATE_SHARE: f64 = 0.7;

/// Parts of the budget after which no more is measured in closed loop, and no more levels are tried with arrivals.
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
        let Some(level) = self.tuning.decision.as_ref().and_then(|verdict| verdict.answer.recommended_level()) else {
            return Ok(());
        };
        self.enter_phase(Phase::Confirming);
        self.measure_long_run(level, LoadProfile::AsWritten)
    }

    /// What a level can do by the mean of its repetitions; nothing if it does not work.
    fn mean_throughput(&self, level: f64) -> f64 {
        self.tuning.curve.find(level).filter(|level| level.is_working()).map_or(0.0, Level::throughput)
    }

    /// Doubles the level until it can do what arrives. The last that cannot and the first that can; none when there is no
    /// first, or none before it.
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

    /// The next level worth a look: one more, or a little more of many.
    fn next_level_up(&self, level: f64) -> Option<f64> {
        let step = (level / 8.0).max(if self.request.is_whole { 1.0 } else { 0.0 });
        let next = if self.request.is_whole { (level + step).floor() } else { level + step };
        (next <= self.request.range.1).then_some(next)
    }

    /// The levels that may be able to do what arrives, up to the first that is by its mean and the next; the best if none is.
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

    /// One more repetition in closed loop of the levels close to what arrives; whether there are such.
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
        // Without a level that can, there is nothing to keep time for.
        let any = self.tuning.curve.working_levels().any(|level| level.throughput() > rate);
        if wanted.is_empty() || self.is_budget_used(if any { CLOSED_LOOP_SHARE } else { ARRIVALS_SHARE }) {
            return Ok(false);
        }
        self.measure_round(&wanted)?;
        Ok(true)
    }

    /// A round with arrivals at the lowest level that may keep up, and at the next; whether another may decide more.
    fn measure_arrivals_round(&mut self, rate: f64) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let stands = |level: &Level| level_status(&self.tuning.curve, level, &demands);
        let open = |level: &&Level| matches!(stands(level), LevelStatus::Undecided | LevelStatus::Sufficient);
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
        // Where few may be late the time is needed for the first alone, until it is clear that it stays unclear.
        let next = self
            .next_level_up(first)
            .filter(|next| self.mean_throughput(*next) > rate && (demands.max_p99_ns.is_none() || stuck(first)));
        let short = |value: &f64| {
            self.tuning.curve.find(*value).is_some_and(|level| {
                let runs = level.arrival_repetitions.len();
                runs < MIN_ARRIVAL_REPETITIONS
                    || (stands(level) == LevelStatus::Undecided && runs < MIN_ANSWER_REPETITIONS * 2)
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

    /// Where no level measured is good enough, measures a higher one in closed loop; whether there is one.
    fn try_higher(&mut self) -> Result<bool, EarlyStop> {
        let highest = self.tuning.curve.levels().last().map(|level| level.value);
        let top = self.request.range.1;
        let Some(next) = highest.filter(|level| *level < top).map(|level| (level * 2.0).min(top)) else {
            return Ok(false);
        };
        self.measure_saturated_often(next)?;
        Ok(true)
    }

    /// Measures a level between `good` and the one below that is not, in closed loop; whether there is one.
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
        let TuningRequest { demands, budget, .. } = self.request;
        let tasks = if demands.max_p99_ns.is_some() { MIN_TASKS_WITH_P99 } else { MIN_TASKS };
        let lasts = Duration::from_secs_f64(tasks / rate).min(budget.mul_f64(MAX_ARRIVAL_SHARE)).max(MIN_ARRIVAL_TIME);
        let tried = self.run_experiment(Experiment::lasting(level, LoadProfile::AsWritten, lasts))?;
        add_repetition(self.tuning.curve.level_mut(level), tried, self.request.keep_disturbed, |level| {
            &mut level.arrival_repetitions
        });
        self.update_decision();
        Ok(())
    }
}
