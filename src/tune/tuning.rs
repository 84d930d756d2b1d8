//! The state of a tuning: its curve, decision, confirmation and phase.

use std::time::Duration;

use super::answer::TuningAnswer;
use super::curve::{Curve, Level};
use super::decide::{Decision, ratio_to_best};
use super::demands::Demands;
use super::repetition::Repetition;
use super::request::{LoadProfile, Phase};

/// Latency at a share of the highest throughput.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenLoopPoint {
    pub level: f64,
    /// Share of the highest throughput.
    pub load_share: f64,
    pub offered_rate: f64,
    /// None if the repetition failed.
    pub repetition: Option<Repetition>,
}

/// A repetition that lasts much longer than the others, to see whether the work changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct LongRun {
    pub level: f64,
    pub load: LoadProfile,
    pub repetition: Repetition,
}

/// The state of a tuning, under way or done.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    pub curve: Curve,
    pub decision: Option<Decision>,
    /// Fresh repetitions at the recommended level and its neighbours.
    pub confirmation: Curve,
    pub open_loop: Vec<OpenLoopPoint>,
    /// A repetition at the recommended level that lasts much longer than the others.
    pub long_run: Option<LongRun>,
    /// How many seconds a program took at the recommended level without its tracer.
    pub untraced_secs: Vec<f64>,
    pub phase: Option<Phase>,
    /// The level that is being measured.
    pub current_level: Option<f64>,
    pub elapsed: Duration,
    /// Why the tuning ended early: the budget was used up, or the user stopped it.
    pub stop_reason: Option<&'static str>,
}

impl Tuning {
    /// Whether the fresh repetitions confirm the answer. None while there are none.
    pub fn is_confirmed(&self, demands: &Demands) -> Option<bool> {
        let level = self.decision.as_ref()?.answer.recommended_level()?;
        let fresh = self.confirmation.find(level).filter(|fresh| fresh.is_working())?;
        let top = self.confirmation.best()?;
        let found = ratio_to_best(fresh, top)?;
        Some(found.high >= 1.0 - demands.epsilon)
    }

    /// Returns the level that the answer recommends.
    pub fn recommended_level(&self) -> Option<&Level> {
        let level = self.decision.as_ref()?.answer.recommended_level()?;
        self.curve.find(level)
    }

    /// Whether there is an answer that names a level.
    pub fn is_answered(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| !matches!(decision.answer, TuningAnswer::TooNoisy(_)))
    }
}
