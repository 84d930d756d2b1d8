//! Grades an answer against the calculated optimum, for scenarios where that is known.

use super::answer::TuningAnswer;
use super::bottleneck::{Bottleneck, LimitingResource};
use super::tuning::Tuning;
use crate::scenario::{Optimum, OptimumLimit, Scenario};

/// How an answer compares with the calculated optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// The level is optimal.
    Right,
    /// A range that contains the optimum and other levels.
    Contains,
    /// Another level.
    Wrong,
    /// No level was named.
    NoAnswer,
}

impl Grade {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Contains => "contains it",
            Self::Wrong => "WRONG",
            Self::NoAnswer => "no answer",
        }
    }
}

/// Grades an answer.
pub fn grade_answer(tuning: &Tuning, truth: &Optimum) -> Grade {
    let within = |level: f64| truth.from <= level && level <= truth.to;
    match tuning.decision.as_ref().map(|decision| &decision.answer) {
        Some(
            TuningAnswer::Exact(level)
            | TuningAnswer::Rising(level)
            | TuningAnswer::Flat(level)
            | TuningAnswer::LimitedElsewhere(level),
        ) if within(*level) => Grade::Right,
        Some(TuningAnswer::Range { from, to, .. }) if within(*to) && within(*from) => Grade::Right,
        Some(TuningAnswer::Range { from, to, .. }) if *from <= truth.to && truth.from <= *to => Grade::Contains,
        Some(TuningAnswer::TooNoisy(_)) if truth.accepts_noise => Grade::Right,
        Some(TuningAnswer::TooNoisy(_) | TuningAnswer::NeverWorks(_) | TuningAnswer::DemandsNotMet(_)) | None => {
            Grade::NoAnswer
        }
        Some(_) => Grade::Wrong,
    }
}

/// Whether the bottleneck that was found is the expected one. None if none is expected.
pub fn is_bottleneck_right(tuning: &Tuning, scenario: &Scenario, truth: &Optimum) -> Option<bool> {
    let found = match tuning.decision.as_ref().map(|decision| &decision.bottleneck) {
        Some(Bottleneck::UsedUp(limit)) => Some(&limit.resource),
        _ => None,
    };
    Some(match truth.limit? {
        OptimumLimit::Cpu => found == Some(&LimitingResource::Cpu),
        OptimumLimit::Resource(at) => {
            let name = &scenario.resources[at].name;
            matches!(found, Some(LimitingResource::Lock(found) | LimitingResource::Permits(found)) if found == name)
        }
    })
}
