//! An answer beside the truth, where that can be calculated.

use super::answer::TuningAnswer;
use super::bottleneck::{Bottleneck, LimitingResource};
use super::tuning::Tuning;
use crate::scenario::{Optimum, OptimumLimit, Scenario};

/// How an answer compares with the calculated optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// The level lies where it should.
    Right,
    /// A range that holds what is right, but not only that.
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
            Self::Contains => "holds it",
            Self::Wrong => "WRONG",
            Self::NoAnswer => "no answer",
        }
    }
}

/// Compares an answer with the truth.
pub fn grade_answer(tuning: &Tuning, truth: &Optimum) -> Grade {
    let within = |level: f64| truth.from <= level && level <= truth.to;
    match tuning.decision.as_ref().map(|verdict| &verdict.answer) {
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

/// Whether what was found to be used up is what should be. None when nothing should.
pub fn is_bottleneck_right(tuning: &Tuning, scenario: &Scenario, truth: &Optimum) -> Option<bool> {
    let found = match tuning.decision.as_ref().map(|verdict| &verdict.bottleneck) {
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
