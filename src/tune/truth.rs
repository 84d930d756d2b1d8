//! An answer beside the truth, where that can be calculated.

use super::decide::Answer;
use super::limits::{Bottleneck, Resource};
use super::tuning::Tuning;
use crate::scenario::{Optimum, Scarce, Scenario};

/// How an answer compares with the calculated optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// The level lies where it should.
    Right,
    /// A range that holds what is right, but not only that.
    Holds,
    /// Another level.
    Wrong,
    /// No level was named.
    None,
}

impl Grade {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Holds => "holds it",
            Self::Wrong => "WRONG",
            Self::None => "no answer",
        }
    }
}

/// Compares an answer with the truth.
pub fn grade(tuning: &Tuning, truth: &Optimum) -> Grade {
    let within = |level: f64| truth.from <= level && level <= truth.to;
    match tuning.verdict.as_ref().map(|verdict| &verdict.answer) {
        Some(Answer::Number(level) | Answer::Rising(level) | Answer::Flat(level) | Answer::Elsewhere(level))
            if within(*level) =>
        {
            Grade::Right
        }
        Some(Answer::Range { from, to, .. }) if within(*to) && within(*from) => Grade::Right,
        Some(Answer::Range { from, to, .. }) if *from <= truth.to && truth.from <= *to => Grade::Holds,
        Some(Answer::TooNoisy(_)) if truth.noisy => Grade::Right,
        Some(Answer::TooNoisy(_) | Answer::Broken(_) | Answer::Refused(_)) | None => Grade::None,
        Some(_) => Grade::Wrong,
    }
}

/// Whether what was found to be used up is what should be. None when nothing should.
pub fn names_the_limit(tuning: &Tuning, scenario: &Scenario, truth: &Optimum) -> Option<bool> {
    let found = match tuning.verdict.as_ref().map(|verdict| &verdict.bottleneck) {
        Some(Bottleneck::Of(limit)) => Some(&limit.resource),
        _ => None,
    };
    Some(match truth.limit? {
        Scarce::Cpu => found == Some(&Resource::Cpu),
        Scarce::Resource(at) => {
            let name = &scenario.resources[at].name;
            matches!(found, Some(Resource::Lock(found) | Resource::Permits(found)) if found == name)
        }
    })
}
