//! The answer of a tuning, and how each level compares.

/// Comparison of a level with the best one, or with the rate of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelStatus {
    /// Certainly within the tolerance, or keeps up.
    Sufficient,
    /// Certainly outside of the tolerance, or falls behind.
    Worse,
    /// The measurements do not decide yet.
    Undecided,
    /// Fails at its work, or misses a demand.
    Unacceptable,
}

/// Answer of a tuning: how many are enough, or why that is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum TuningAnswer {
    /// This many; the level below has certainly less throughput, or does not work.
    Exact(f64),
    /// The smallest sufficient level lies between `from` and `to`; only `to` is certain. By the means, it is `knee`.
    Range { from: f64, knee: f64, to: f64 },
    /// The highest measured level has the highest throughput and no resource is used up: higher levels may do more.
    Rising(f64),
    /// All levels have the same throughput and no bottleneck is known: choose by latency or memory.
    Flat(f64),
    /// The smallest level is as good as any, because another resource is used up.
    LimitedElsewhere(f64),
    /// The smallest level that certainly keeps up with the arrivals is `level`; `from` may keep up too.
    KeepsUp { from: f64, level: f64 },
    /// Levels from this one on may keep up; none does so certainly.
    Unsettled(f64),
    /// No level keeps up; this one has the highest throughput.
    FallsBehind(f64),
    /// The machine is too noisy now for an answer.
    TooNoisy(String),
    /// The scenario fails at every level.
    NeverWorks(String),
    /// No level meets the demands.
    DemandsNotMet(String),
}

impl TuningAnswer {
    /// Returns the level to choose.
    pub const fn recommended_level(&self) -> Option<f64> {
        match self {
            Self::Exact(level)
            | Self::Range { knee: level, .. }
            | Self::Rising(level)
            | Self::Flat(level)
            | Self::LimitedElsewhere(level)
            | Self::KeepsUp { level, .. }
            | Self::Unsettled(level) => Some(*level),
            Self::FallsBehind(_) | Self::TooNoisy(_) | Self::NeverWorks(_) | Self::DemandsNotMet(_) => None,
        }
    }

    /// Returns the level that is certainly sufficient.
    pub const fn certain_level(&self) -> Option<f64> {
        match self {
            Self::Range { to, .. } => Some(*to),
            Self::Unsettled(_) => None,
            answer => answer.recommended_level(),
        }
    }
}

/// Levels with their statuses, in the order of the levels.
pub(super) type LevelStatuses = [(f64, LevelStatus)];

/// Returns the levels that have one of the wanted statuses.
pub(super) fn levels_with_status(statuses: &LevelStatuses, wanted: &[LevelStatus]) -> Vec<f64> {
    statuses.iter().filter(|(_, status)| wanted.contains(status)).map(|(value, _)| *value).collect()
}
