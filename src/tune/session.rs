//! The procedure: calibrate, sweep in random order, close in, repeat what cannot be told apart, confirm with fresh
//! repetitions and a long one, then look at latency in open loop. All within a budget of time.
//!
//! Where tasks arrive at a rate, `keep_up` has another order.

mod confirm;
mod keep_up;

use std::sync::Arc;

use super::curve::{DISTURBED, Level};
use super::decide::{Goal, LEAST, Standing, best, decide, standing};
use super::levels;
use super::question::{Experiment, Lab, Load, OUT_OF_TIME, Phase, Question};
use super::trial::Tried;
use super::tuning::Tuning;

/// Repetitions of every level that the answer rests on.
const ENOUGH: usize = 5;

/// More repetitions of one level do not make it clearer.
const MOST: usize = 24;

/// Part of the budget that is kept for confirming.
const KEPT: f64 = 0.4;

/// Why a phase was left before it was done.
#[derive(Debug)]
struct Cut(&'static str);

/// Answers the question. `tell` is called whenever something new is known.
pub fn tune(lab: &mut impl Lab, question: &Question, tell: impl FnMut(&Tuning)) -> Tuning {
    let dice = fastrand::Rng::with_seed(question.seed);
    let mut session = Session { lab, question, tuning: Tuning::default(), dice, tell };
    let cut = match question.demands.goal {
        Goal::Most => session.most(),
        Goal::Arrivals(rate) => session.keep_up(rate),
    };
    session.tuning.cut = cut.err().map(|cut| cut.0);
    session.tuning.phase = Some(Phase::Done);
    session.tuning.trying = None;
    session.tell();
    session.tuning
}

struct Session<'a, L, T> {
    lab: &'a mut L,
    question: &'a Question,
    tuning: Tuning,
    dice: fastrand::Rng,
    tell: T,
}

impl<L: Lab, T: FnMut(&Tuning)> Session<'_, L, T> {
    /// Which level does as much as any?
    fn most(&mut self) -> Result<(), Cut> {
        let Question { over, whole, cores, .. } = *self.question;
        let first = levels::first(over, cores as usize, whole);
        self.phase(Phase::Calibrating);
        self.round(&first[..1])?;
        self.phase(Phase::Sweeping);
        for _ in 0..LEAST {
            self.round(&first)?;
        }
        self.phase(Phase::ClosingIn);
        self.find_borders()?;
        while self.close_in()? {}
        self.phase(Phase::Repeating);
        while self.repeat()? {}
        let Some(level) = self.tuning.verdict.as_ref().and_then(|verdict| verdict.answer.level()) else {
            return Ok(());
        };
        self.phase(Phase::Confirming);
        self.confirm(level)?;
        if self.question.open {
            self.phase(Phase::OpenLoop);
            self.load(level)?;
        }
        Ok(())
    }

    fn tell(&mut self) {
        self.tuning.elapsed = self.lab.elapsed();
        (self.tell)(&self.tuning);
    }

    fn phase(&mut self, phase: Phase) {
        self.tuning.phase = Some(phase);
        self.tell();
    }

    /// Whether so much of the budget is used up.
    fn spent(&self, part: f64) -> bool {
        self.lab.elapsed() >= self.question.budget.mul_f64(part)
    }

    /// One repetition of each level, in random order: what drifts must not look like a trend.
    fn round(&mut self, levels: &[f64]) -> Result<(), Cut> {
        let mut order = levels.to_vec();
        self.dice.shuffle(&mut order);
        for level in order {
            self.saturate(level)?;
        }
        Ok(())
    }

    /// One repetition in closed loop, unless it is known that the level does not work.
    fn saturate(&mut self, level: f64) -> Result<(), Cut> {
        if self.fails(level) {
            return Ok(()); // once is enough to know
        }
        let tried = self.attempt(Experiment::of(level, Load::Saturated))?;
        enter(self.tuning.curve.at(level), tried, self.question.even_disturbed, |level| &mut level.repetitions);
        self.judge();
        Ok(())
    }

    fn fails(&self, level: f64) -> bool {
        self.tuning.curve.find(level).is_some_and(|known| !known.failures.is_empty())
    }

    fn judge(&mut self) {
        let Question { demands, cores, whole, .. } = self.question;
        let verdict = decide(&self.tuning.curve, demands, *cores);
        self.tuning.verdict = verdict.map(|verdict| verdict.no_finer_than(&self.tuning.curve, *whole));
        self.tell();
    }

    fn attempt(&mut self, experiment: Experiment) -> Result<Tried, Cut> {
        if self.spent(1.0) {
            return Err(Cut(OUT_OF_TIME));
        }
        self.tuning.trying = Some(experiment.level);
        self.tell();
        match self.lab.run(experiment) {
            Tried::Stopped => Err(Cut("it was stopped")),
            _ if self.lab.stopped() => Err(Cut("it was stopped")),
            tried => Ok(tried),
        }
    }

    /// Looks for the levels at which it begins to work, or ceases to: halves the distance between those known.
    fn find_borders(&mut self) -> Result<(), Cut> {
        let whole = self.question.whole;
        let halfway = |(a, b): (&Level, &Level)| levels::halfway(a.value, b.value, whole);
        loop {
            let Some(middle) = self.tuning.curve.borders().find_map(halfway) else { break };
            if self.spent(1.0 - KEPT) {
                return Ok(());
            }
            self.saturate(middle)?;
            if self.tuning.curve.find(middle).is_none_or(|level| level.repetitions.is_empty() && !self.fails(middle)) {
                return Ok(()); // disturbed: nothing is known of it
            }
        }
        // A lock-up may be a matter of chance: once is not enough to know that a level works.
        let works = |(a, b): (&Level, &Level)| if a.works() { a.value } else { b.value };
        let few = |value: &f64| self.tuning.curve.find(*value).is_some_and(|level| level.repetitions.len() < LEAST);
        let borders: Vec<f64> = self.tuning.curve.borders().map(works).filter(few).collect();
        for _ in 1..LEAST {
            self.round(&borders)?;
        }
        Ok(())
    }

    /// Adds levels where the curve turns; whether there may be more to add.
    fn close_in(&mut self) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let curve = &self.tuning.curve;
        let Some(best) = best(curve, &demands) else { return Ok(false) };
        let (top, good) = (best.value, best.throughput() * (1.0 - demands.epsilon));
        let values: Vec<f64> = curve.working().map(|level| level.value).collect();
        let is_worse = |value: f64| curve.find(value).is_none_or(|level| level.throughput() < good);
        let new = levels::between(&values, is_worse, self.question.whole);
        if new.is_empty() || self.spent(1.0 - KEPT) {
            return Ok(false);
        }
        let with_best: Vec<f64> = new.into_iter().chain([top]).collect();
        for _ in 0..LEAST {
            self.round(&with_best)?;
        }
        Ok(true)
    }

    /// One more repetition of every level that the answer hangs on; whether there are such.
    fn repeat(&mut self) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let (curve, verdict) = (&self.tuning.curve, &self.tuning.verdict);
        let Some(best) = best(curve, &demands) else { return Ok(false) };
        let surely = verdict.as_ref().and_then(|verdict| verdict.answer.surely()).unwrap_or(best.value);
        let hangs = |level: &&Level| {
            let stands = standing(curve, level, &demands);
            let counts = level.value <= surely && stands == Standing::Undecided;
            let few = level.repetitions.len() < ENOUGH && stands != Standing::Refused;
            (counts && level.repetitions.len() < MOST) || (few && (level.value <= surely || level.value >= best.value))
        };
        let mut wanted: Vec<f64> = curve.working().filter(hangs).map(|level| level.value).collect();
        if wanted.is_empty() || self.spent(1.0 - KEPT) {
            return Ok(false);
        }
        if best.repetitions.len() < MOST && !wanted.contains(&best.value) {
            wanted.push(best.value); // what all are compared with must be the best known
        }
        self.round(&wanted)?;
        Ok(true)
    }
}

/// Adds what came of a repetition to those that `among` chooses.
fn enter(
    level: &mut Level,
    tried: Tried,
    even_disturbed: bool,
    among: fn(&mut Level) -> &mut Vec<super::figures::Repetition>,
) {
    match tried {
        Tried::Measured(repetition, model) => {
            let disturbed = !even_disturbed && repetition.others.is_some_and(|others| others > DISTURBED);
            if disturbed { &mut level.disturbed } else { among(level) }.push(*repetition);
            level.model = Some(Arc::from(model));
        }
        Tried::Failed(why, model) => {
            level.failures.push(why);
            level.model = Some(Arc::from(model));
        }
        Tried::Stopped => {}
    }
}
