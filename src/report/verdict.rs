//! The verdict on an expectation: seen, not seen, or not judged.

use super::interference::Interference;
use super::measure::ValueRange;
use crate::scenario::Compare;

/// The verdict on one expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The expectation as written.
    pub text: String,
    pub judgement: Judgement,
    /// The measured figures.
    pub evidence: String,
    /// The measured figure and its bound, if the expectation is about a figure that could be measured.
    pub bound_check: Option<BoundCheck>,
}

/// Whether a run showed an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    Seen,
    NotSeen,
    /// Not seen, but other programs used the cores that it needs.
    NotJudged(Interference),
}

impl Judgement {
    pub(super) const fn from_seen(seen: bool) -> Self {
        if seen { Self::Seen } else { Self::NotSeen }
    }

    /// Returns the word in a text report.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::NotSeen => "not seen",
            Self::NotJudged(_) => "not judged",
        }
    }
}

impl Verdict {
    pub fn is_seen(&self) -> bool {
        self.judgement == Judgement::Seen
    }

    /// Whether the run contradicts the expectation: not seen, and no other program can be the reason.
    pub fn is_missed(&self) -> bool {
        self.judgement == Judgement::NotSeen
    }

    /// Returns why it cannot be judged.
    pub fn not_judged_reason(&self) -> Option<String> {
        match self.judgement {
            Judgement::NotJudged(others) => Some(others.to_string()),
            Judgement::Seen | Judgement::NotSeen => None,
        }
    }

    /// Returns the verdict on a run that other programs disturbed: an expectation that is not seen is not judged,
    /// because a quiet machine may show it.
    pub(super) fn with_interference(self, others: Option<Interference>) -> Self {
        match (&self.judgement, others) {
            (Judgement::NotSeen, Some(others)) => {
                let evidence = format!("cannot be judged: {others}; {}", self.evidence);
                Self { judgement: Judgement::NotJudged(others), evidence, ..self }
            }
            _ => self,
        }
    }
}

/// A figure and its bound, in the same unit: nanoseconds, a share from 0 to 1, a factor or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundCheck {
    pub measured: f64,
    pub bound: f64,
    pub(super) compare: Compare,
}

/// Largest relative difference of two equal values: it covers rounding only.
const EQUALITY_TOLERANCE: f64 = 1e-9;

/// Largest share of a measured ratio that counts as noise, however noisy the run was.
const MAX_NOISE_SHARE: f64 = 0.15;

impl BoundCheck {
    pub(super) fn is_met(self) -> bool {
        match self.compare {
            Compare::Above => self.measured > self.bound,
            Compare::Below => self.measured < self.bound,
            Compare::Equals => is_approx_equal(self.measured, self.bound),
        }
    }

    /// Whether the bound is met by some value within the measured noise.
    pub(super) fn is_met_within(self, (low, high): ValueRange) -> bool {
        let (least, most) = (self.measured * (1.0 - MAX_NOISE_SHARE), self.measured * (1.0 + MAX_NOISE_SHARE));
        match self.compare {
            Compare::Above => high.min(most) > self.bound,
            Compare::Below => low.max(least) < self.bound,
            Compare::Equals => false,
        }
    }

    /// Whether the measured noise leaves open on which side of the bound the figure lies.
    pub(super) fn is_undecided_within(self, (low, high): ValueRange) -> bool {
        self.compare != Compare::Equals && low < self.bound && self.bound < high
    }

    /// Returns the distance to the opposite verdict, for comparing runs: the higher, the further away.
    pub(super) fn margin(self) -> f64 {
        match self.compare {
            Compare::Above => self.measured - self.bound,
            Compare::Below => self.bound - self.measured,
            Compare::Equals => 0.0,
        }
    }
}

pub(super) fn is_approx_equal(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= EQUALITY_TOLERANCE * wanted.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_met_within_noise_up_to_a_limit() {
        let weight = |found, compare| BoundCheck { measured: found, bound: 1.0, compare };
        let near = weight(0.95, Compare::Above);
        assert!(!near.is_met() && near.is_met_within((0.9, 1.02)) && !near.is_met_within((0.93, 0.97)));
        assert!(!weight(0.6, Compare::Above).is_met_within((0.1, 9.0)), "too far off to be noise");
        assert!(weight(1.1, Compare::Below).is_met_within((0.9, 1.3)));
        assert!(!weight(1.5, Compare::Below).is_met_within((0.1, 9.0)));
        assert!(!weight(1.0 + 1e-6, Compare::Equals).is_met_within((0.0, 9.0)), "an exact bound has no tolerance");
    }

    #[test]
    fn bound_inside_the_interval_is_undecided() {
        let weight = BoundCheck { measured: 0.9, bound: 1.0, compare: Compare::Below };
        assert!(weight.is_undecided_within((0.8, 1.4)) && !weight.is_undecided_within((0.8, 0.99)));
    }
}
