//! All that a tuning knows so far.

use std::time::Duration;

use super::curve::{Curve, Level};
use super::decide::{Answer, Demands, Verdict, against};
use super::figures::Repetition;
use super::question::{Load, Phase};

/// Latency at a part of the highest rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub level: f64,
    /// Part of the highest throughput.
    pub load: f64,
    pub per_second: f64,
    /// None if it could not do its work at this rate.
    pub repetition: Option<Repetition>,
}

/// A repetition that lasts much longer than the others, to see whether the work changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Long {
    pub level: f64,
    pub load: Load,
    pub repetition: Repetition,
}

/// All that is known so far.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    pub curve: Curve,
    pub verdict: Option<Verdict>,
    /// Fresh repetitions at the recommended level and its neighbours.
    pub confirmed: Curve,
    pub loaded: Vec<Loaded>,
    /// A repetition at the recommended level that lasts much longer than the others.
    pub long: Option<Long>,
    pub phase: Option<Phase>,
    /// The level that is being measured.
    pub trying: Option<f64>,
    pub elapsed: Duration,
    /// It ended before it was done: the budget was used up, or someone stopped it.
    pub cut: Option<&'static str>,
}

impl Tuning {
    /// Whether the fresh repetitions bear the answer out. None while there are none.
    pub fn holds(&self, demands: &Demands) -> Option<bool> {
        let level = self.verdict.as_ref()?.answer.level()?;
        let fresh = self.confirmed.find(level).filter(|fresh| fresh.works())?;
        let top = self.confirmed.best()?;
        let found = against(fresh, top)?;
        Some(found.high >= 1.0 - demands.epsilon)
    }

    /// The recommended level is the answer's; none when there is none.
    pub fn recommended(&self) -> Option<&Level> {
        let level = self.verdict.as_ref()?.answer.level()?;
        self.curve.find(level)
    }

    /// Whether there is an answer that names a level.
    pub fn is_answered(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| !matches!(verdict.answer, Answer::TooNoisy(_)))
    }
}
