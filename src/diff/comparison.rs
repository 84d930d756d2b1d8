//! The comparison of two sides, figure by figure.

use std::collections::HashMap;

use super::figures::{Better, Figure, Subject, Unit, figures_of};
use super::findings::{ComparedFinding, compare_findings};
use super::setup::{SetupDifference, setup_differences};
use super::side::Side;
use crate::tune::stats::{Interval, difference_of_means, mean};

/// Two sides, compared.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub a: Side,
    pub b: Side,
    /// The differences of the setups.
    pub setup: Vec<SetupDifference>,
    /// In the order in which they are shown.
    pub figures: Vec<ComparedFigure>,
    pub findings: Vec<ComparedFinding>,
}

/// A figure on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedFigure {
    pub subject: Subject,
    pub figure: Figure,
    /// The values of the runs that have the figure.
    pub a: Vec<f64>,
    pub b: Vec<f64>,
    /// `None` if one side does not have the figure.
    pub change: Option<Change>,
    pub verdict: Verdict,
}

/// The change from A to B.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub scale: Scale,
    pub estimate: f64,
    /// The 95 % interval; `None` unless both sides have two values.
    pub interval: Option<Interval>,
}

/// How a change is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As a part of A: 0.1 for 10 % more.
    Ratio,
    /// In the unit of the figure: of shares, and where a value is 0.
    Difference,
}

/// What can be said about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Better,
    Worse,
    /// Of a figure that is neither good nor bad.
    Higher,
    Lower,
    /// The interval includes no change.
    NotToldApart,
    /// One run a side: there is no interval.
    NoInterval,
    OnlyA,
    OnlyB,
}

impl Verdict {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::NotToldApart => "cannot be told apart",
            Self::NoInterval => "no interval",
            Self::OnlyA => "only in A",
            Self::OnlyB => "only in B",
        }
    }

    /// Whether the runs show a difference that chance does not explain.
    pub const fn is_told_apart(self) -> bool {
        matches!(self, Self::Better | Self::Worse | Self::Higher | Self::Lower)
    }
}

impl Comparison {
    /// Whether both sides have enough runs for intervals.
    pub const fn has_intervals(&self) -> bool {
        self.a.count() > 1 && self.b.count() > 1
    }
}

/// The words of all verdicts.
#[cfg(test)]
pub(super) const VERDICTS: [&str; 8] =
    ["better", "worse", "higher", "lower", "cannot be told apart", "no interval", "only in A", "only in B"];

/// Compares two sides.
pub fn compare(a: Side, b: Side) -> Comparison {
    let mut order = Vec::new();
    let mut values: HashMap<(Subject, Figure), [Vec<f64>; 2]> = HashMap::new();
    for (at, side) in [&a, &b].into_iter().enumerate() {
        for (subject, figure, value) in side.reports().flat_map(figures_of) {
            let key = (subject, figure);
            let of_key = values.entry(key).or_insert_with_key(|key| {
                order.push(key.clone());
                Default::default()
            });
            of_key[at].push(value);
        }
    }
    // Stable: the order of the report within a section. Figures that only some runs have come last in their subject.
    let mut places: HashMap<Subject, usize> = HashMap::new();
    for (subject, _) in &order {
        let next = places.len();
        places.entry(subject.clone()).or_insert(next);
    }
    order.sort_by_key(|(subject, _)| (subject.section, places[subject]));
    let figures = order.into_iter().map(|key| {
        let [a, b] = values.remove(&key).unwrap_or_default();
        compare_figure(key.0, key.1, a, b)
    });
    let (figures, setup, findings) = (figures.collect(), setup_differences(&a, &b), compare_findings(&a, &b));
    Comparison { a, b, setup, figures, findings }
}

/// Compares the values of a figure on both sides.
pub fn compare_figure(subject: Subject, figure: Figure, a: Vec<f64>, b: Vec<f64>) -> ComparedFigure {
    let change = (!a.is_empty() && !b.is_empty()).then(|| change_between(figure, &a, &b));
    let verdict = match change {
        None if a.is_empty() => Verdict::OnlyB,
        None => Verdict::OnlyA,
        Some(Change { interval: None, .. }) => Verdict::NoInterval,
        Some(Change { interval: Some(interval), .. }) => judge(figure, interval),
    };
    ComparedFigure { subject, figure, a, b, change, verdict }
}

fn change_between(figure: Figure, a: &[f64], b: &[f64]) -> Change {
    let is_positive = a.iter().chain(b).all(|value| *value > 0.0);
    if figure.unit() == Unit::Share || !is_positive {
        let interval = difference_of_means(b, a, 0.0);
        return Change { scale: Scale::Difference, estimate: mean(b) - mean(a), interval };
    }
    // Errors of rates and durations multiply: their logarithms are compared.
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let (a, b) = (logs(a), logs(b));
    let part = |log: f64| log.exp() - 1.0;
    let interval = difference_of_means(&b, &a, figure.resolution())
        .map(|interval| Interval { low: part(interval.low), high: part(interval.high) });
    Change { scale: Scale::Ratio, estimate: part(mean(&b) - mean(&a)), interval }
}

fn judge(figure: Figure, Interval { low, high }: Interval) -> Verdict {
    let is_higher = low > 0.0;
    if !is_higher && high >= 0.0 {
        return Verdict::NotToldApart;
    }
    match (figure.better(), is_higher) {
        (None, true) => Verdict::Higher,
        (None, false) => Verdict::Lower,
        (Some(Better::Higher), true) | (Some(Better::Lower), false) => Verdict::Better,
        (Some(_), _) => Verdict::Worse,
    }
}
