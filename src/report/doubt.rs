//! Reasons why a measurement decides nothing.

use std::fmt;

use super::interference::Interference;
use crate::trace::Stamp;
use crate::trace::format::format_stamp;

/// Reason why the measurement does not decide between guesses, the gravest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// The figures are, at least in part, still those of former settings; the text says why.
    FormerSettings(String),
    /// What decides a guess could not be measured; the text says why.
    Unmeasured(String),
    /// The recording begins during the run, at this moment: what happened before is unknown.
    NoBeginning(Stamp),
    /// Other programs used the cores that the run needs.
    Interference(Interference),
    /// This machine cannot show the effect, or may be unable to; the text says why.
    CannotShow(String),
    /// The interval of a figure contains the value that decides; both in words.
    Noise { range: String, bound: String },
}

impl Doubt {
    /// Returns the position in the order of gravity, the gravest first.
    pub(super) const fn severity_rank(&self) -> u8 {
        match self {
            Self::FormerSettings(_) | Self::NoBeginning(_) => 0,
            Self::Interference(_) => 1,
            Self::CannotShow(_) => 2,
            Self::Noise { .. } => 3,
            Self::Unmeasured(_) => 4,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FormerSettings(why) => write!(f, "too early to tell: {why}"),
            Self::NoBeginning(at) => {
                write!(f, "unknown: the recording begins {} after the start of the run", format_stamp(*at))
            }
            Self::Interference(others) => write!(f, "cannot be judged: {others}"),
            Self::Unmeasured(why) => write!(f, "cannot be measured: {why}"),
            Self::CannotShow(why) => write!(f, "cannot be shown here: {why}"),
            Self::Noise { range, bound: due } => write!(f, "too noisy to tell: measured {range}, the bound is {due}"),
        }
    }
}
