//! What became of an expectation.

use super::interference::Interference;
use super::measure::ValueRange;
use crate::scenario::Compare;

/// What became of one expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The expectation as written.
    pub text: String,
    pub judgement: Judgement,
    /// The figures it rests on.
    pub evidence: String,
    /// Where it is about a figure and that could be measured.
    pub bound_check: Option<BoundCheck>,
}

/// Whether a run showed what was expected of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    Seen,
    NotSeen,
    /// It was not seen, but other programs had the cores that it needs.
    NotJudged(Interference),
}

impl Judgement {
    pub(super) const fn from_seen(seen: bool) -> Self {
        if seen { Self::Seen } else { Self::NotSeen }
    }

    /// The word in a text report.
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

    /// Whether the run contradicts the expectation: it was not seen, and nothing from outside can be the reason.
    pub fn is_missed(&self) -> bool {
        self.judgement == Judgement::NotSeen
    }

    /// Why it cannot be judged, if it cannot.
    pub fn not_judged_reason(&self) -> Option<String> {
        match self.judgement {
            Judgement::NotJudged(others) => Some(others.to_string()),
            Judgement::Seen | Judgement::NotSeen => None,
        }
    }

    /// The same of a run that other programs disturbed: what it did not show, it may show on a calm machine.
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

/// A figure and what it was held against, in the same unit: nanoseconds, a part of 1, times as much or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundCheck {
    pub measured: f64,
    pub bound: f64,
    pub(super) compare: Compare,
}

/// Two values are equal when they differ by no more than this part of the expected one: rounding, not leeway.
const EQUALITY_TOLERANCE: f64 = 1e-9;

/// A measured ratio is given no more room than this part of it, however noisy it was: what is far off is not noise.
const MAX_NOISE_SHARE: f64 = 0.15;

impl BoundCheck {
    pub(super) fn is_met(self) -> bool {
        match self.compare {
            Compare::Above => self.measured > self.bound,
            Compare::Below => self.measured < self.bound,
            Compare::Equals => is_approx_equal(self.measured, self.bound),
        }
    }

    /// Whether it holds for some value within what was measured of noise.
    pub(super) fn is_met_within(self, (low, high): ValueRange) -> bool {
        let (least, most) = (self.measured * (1.0 - MAX_NOISE_SHARE), self.measured * (1.0 + MAX_NOISE_SHARE));
        match self.compare {
            Compare::Above => high.min(most) > self.bound,
            Compare::Below => low.max(least) < self.bound,
            Compare::Equals => false,
        }
    }

    /// Whether what was measured of noise leaves open on which side it lies.
    pub(super) fn is_undecided_within(self, (low, high): ValueRange) -> bool {
        self.compare != Compare::Equals && low < self.bound && self.bound < high
    }

    /// How far it was from being judged otherwise, to be compared with that of other runs: the higher, the further.
    pub(super) fn margin(self) -> f64 {
        match self.compare {
            Compare::Above => self.measured - self.bound,
            Compare::Below => self.bound - self.measured,
            Compare::Equals => 0.0,
        }
    }
}

fn is_approx_equal(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= EQUALITY_TOLERANCE * wanted.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_gives_a_ratio_room_but_not_much() {
        let weight = |found, compare| BoundCheck { measured: found, bound: 1.0, compare };
        let near = weight(0.95, Compare::Above);
        assert!(!near.is_met() && near.is_met_within((0.9, 1.02)) && !near.is_met_within((0.93, 0.97)));
        assert!(!weight(0.6, Compare::Above).is_met_within((0.1, 9.0)), "that far off is no noise");
        assert!(weight(1.1, Compare::Below).is_met_within((0.9, 1.3)));
        assert!(!weight(1.5, Compare::Below).is_met_within((0.1, 9.0)));
        assert!(!weight(1.0 + 1e-6, Compare::Equals).is_met_within((0.0, 9.0)), "exactly is exactly");
    }

    #[test]
    fn an_interval_around_the_bound_leaves_it_open() {
        let weight = BoundCheck { measured: 0.9, bound: 1.0, compare: Compare::Below };
        assert!(weight.is_undecided_within((0.8, 1.4)) && !weight.is_undecided_within((0.8, 0.99)));
    }
}
