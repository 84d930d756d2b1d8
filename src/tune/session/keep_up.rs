//! The smallest level that keeps up with tasks that arrive at a rate.
//!
//! In closed loop, the levels are doubled until one can do more than arrives, then the distance to the one below is halved.
//! Those between which the answer lies are repeated, and measured with tasks arriving as the scenario says.

use std::time::Duration;

use super::{Cut, ENOUGH, MOST, Session, enter};
use crate::tune::arrivals::{STEADY, can};
use crate::tune::curve::Level;
use crate::tune::decide::{LEAST, Standing, standing};
use crate::tune::levels;
use crate::tune::question::{Experiment, Lab, Load, Phase, Question};
use crate::tune::tuning::Tuning;

/// Tasks that arrive in a repetition: with fewer, how many of them are done varies too much.
const TASKS: f64 = 300.0;

/// Tasks that arrive in a repetition where few may be late: with fewer, none may be late by chance.
const TASKS_IN_TIME: f64 = 800.0;

/// Shortest repetition with arrivals, and the part of the budget that the longest takes.
const SHORTEST: Duration = Duration::from_millis(1_500);
const LONGEST: f64 = 0.1;

/// Part of what arrives below which one repetition is enough to know that a level falls behind, unless it scatters much.
const NEAR: f64 = 0.7;

/// Parts of the budget after which no more is measured in closed loop, and no more levels are tried with arrivals.
const CLOSED: f64 = 0.4;
const OPEN: f64 = 0.8;

impl<L: Lab, T: FnMut(&Tuning)> Session<'_, L, T> {
    pub(super) fn keep_up(&mut self, rate: f64) -> Result<(), Cut> {
        self.phase(Phase::Calibrating);
        self.saturate(self.question.over.0)?;
        self.phase(Phase::Sweeping);
        let found = self.climb(rate)?;
        self.phase(Phase::ClosingIn);
        if let Some((below, above)) = found {
            self.halve(rate, below, above)?;
        }
        let first = self.tuning.curve.working().find(|level| level.throughput() > rate).map(|level| level.value);
        if let Some(next) = first.and_then(|first| self.next(first)) {
            self.saturate(next)?;
        }
        self.phase(Phase::Repeating);
        while self.repeat_close_ones(rate)? {}
        self.phase(Phase::Arriving);
        while self.let_arrive(rate)? {}
        let Some(level) = self.tuning.verdict.as_ref().and_then(|verdict| verdict.answer.level()) else {
            return Ok(());
        };
        self.phase(Phase::Confirming);
        self.last(level, Load::Written)
    }

    /// What a level can do by the mean of its repetitions; nothing if it does not work.
    fn able(&self, level: f64) -> f64 {
        self.tuning.curve.find(level).filter(|level| level.works()).map_or(0.0, Level::throughput)
    }

    /// Doubles the level until it can do what arrives. The last that cannot and the first that can; none when there is no
    /// first, or none before it.
    fn climb(&mut self, rate: f64) -> Result<Option<(f64, f64)>, Cut> {
        let (low, high) = self.question.over;
        let mut level = low;
        while self.able(level) <= rate {
            if level >= high {
                return Ok(None);
            }
            let below = level;
            level = (level * 2.0).max(low + 1.0).min(high);
            self.saturate(level)?;
            if self.able(level) > rate {
                return Ok(Some((below, level)));
            }
        }
        Ok(None)
    }

    fn halve(&mut self, rate: f64, mut below: f64, mut above: f64) -> Result<(), Cut> {
        while let Some(middle) = levels::halfway(below, above, self.question.whole) {
            self.saturate(middle)?;
            if self.able(middle) > rate { above = middle } else { below = middle }
        }
        Ok(())
    }

    /// The next level worth a look: one more, or a little more of many.
    fn next(&self, level: f64) -> Option<f64> {
        let step = (level / 8.0).max(if self.question.whole { 1.0 } else { 0.0 });
        let next = if self.question.whole { (level + step).floor() } else { level + step };
        (next <= self.question.over.1).then_some(next)
    }

    /// The levels that may be able to do what arrives, up to the first that is by its mean and the next; the best if none is.
    fn close_ones(&self, rate: f64) -> Vec<f64> {
        let curve = &self.tuning.curve;
        let Some(first) = curve.working().find(|level| level.throughput() > rate).or_else(|| curve.best()) else {
            return Vec::new();
        };
        let above = self.next(first.value).filter(|next| curve.find(*next).is_some());
        let lower = curve.working().map(|level| level.value).filter(|value| *value < first.value);
        lower.chain([first.value]).chain(above).collect()
    }

    /// One more repetition in closed loop of the levels close to what arrives; whether there are such.
    fn repeat_close_ones(&mut self, rate: f64) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let unclear = |value: &f64| {
            self.tuning.curve.find(*value).is_some_and(|level| {
                let decided = standing(&self.tuning.curve, level, &demands) == Standing::Worse || can(level, rate);
                let near = level.throughput() > rate * NEAR;
                level.works() && (near && level.repetitions.len() < LEAST || !decided && level.repetitions.len() < MOST)
            })
        };
        let wanted: Vec<f64> = self.close_ones(rate).into_iter().filter(unclear).collect();
        // Without a level that can, there is nothing to keep time for.
        let any = self.tuning.curve.working().any(|level| level.throughput() > rate);
        if wanted.is_empty() || self.spent(if any { CLOSED } else { OPEN }) {
            return Ok(false);
        }
        self.round(&wanted)?;
        Ok(true)
    }

    /// A round with arrivals at the lowest level that may keep up, and at the next; whether another may decide more.
    fn let_arrive(&mut self, rate: f64) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let stands = |level: &Level| standing(&self.tuning.curve, level, &demands);
        let open = |level: &&Level| matches!(stands(level), Standing::Undecided | Standing::Enough);
        let able = |level: &&Level| level.throughput() > rate;
        let first = self.tuning.curve.working().filter(able).find(open).map(|level| level.value);
        if self.spent(OPEN) {
            return Ok(false);
        }
        let Some(first) = first else { return self.try_higher() };
        let stuck = |value: f64| self.tuning.curve.find(value).is_some_and(|level| level.steady.len() >= STEADY);
        // Where few may be late the time is needed for the first alone, until it is clear that it stays unclear.
        let next = self.next(first).filter(|next| self.able(*next) > rate && (demands.p99.is_none() || stuck(first)));
        let short = |value: &f64| {
            self.tuning.curve.find(*value).is_some_and(|level| {
                let runs = level.steady.len();
                runs < STEADY || (stands(level) == Standing::Undecided && runs < ENOUGH * 2)
            })
        };
        let mut wanted: Vec<f64> = [Some(first), next].into_iter().flatten().filter(short).collect();
        if wanted.is_empty() {
            return self.try_between(first);
        }
        self.dice.shuffle(&mut wanted);
        for value in wanted {
            if !self.fails(value) {
                self.arrive(value, rate)?;
            }
        }
        Ok(true)
    }

    /// Where no level measured is good enough, measures a higher one in closed loop; whether there is one.
    fn try_higher(&mut self) -> Result<bool, Cut> {
        let highest = self.tuning.curve.levels().last().map(|level| level.value);
        let top = self.question.over.1;
        let Some(next) = highest.filter(|level| *level < top).map(|level| (level * 2.0).min(top)) else {
            return Ok(false);
        };
        self.saturate_often(next)?;
        Ok(true)
    }

    /// Measures a level between `good` and the one below that is not, in closed loop; whether there is one.
    fn try_between(&mut self, good: f64) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let curve = &self.tuning.curve;
        let bad = |below: &&Level| !matches!(standing(curve, below, &demands), Standing::Enough | Standing::Undecided);
        let Some(middle) =
            curve.below(good).filter(bad).and_then(|below| levels::halfway(below.value, good, self.question.whole))
        else {
            return Ok(false);
        };
        self.saturate_often(middle)?;
        Ok(!self.fails(middle))
    }

    fn saturate_often(&mut self, level: f64) -> Result<(), Cut> {
        for _ in 0..LEAST {
            self.saturate(level)?;
        }
        Ok(())
    }

    fn arrive(&mut self, level: f64, rate: f64) -> Result<(), Cut> {
        let Question { demands, budget, .. } = self.question;
        let tasks = if demands.p99.is_some() { TASKS_IN_TIME } else { TASKS };
        let lasts = Duration::from_secs_f64(tasks / rate).min(budget.mul_f64(LONGEST)).max(SHORTEST);
        let tried = self.attempt(Experiment::lasting(level, Load::Written, lasts))?;
        enter(self.tuning.curve.at(level), tried, self.question.even_disturbed, |level| &mut level.steady);
        self.judge();
        Ok(())
    }
}
