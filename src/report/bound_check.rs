//! A measured figure with its interval, and the bound it is compared with.

use super::doubt::Doubt;
use super::measure::{ValueRange, format_value};
use crate::scenario::{Compare, FigureUnit, Metric};
use crate::trace::Span;
use crate::trace::format::{format_number, format_percent, format_rate};

/// The end of the evidence of a ratio that misses its bound by no more than its noise.
pub(super) const WITHIN_NOISE: &str = ", within its noise";

/// Largest relative difference of two equal values: it covers rounding only.
const EQUALITY_TOLERANCE: f64 = 1e-9;

/// Largest share of a measured ratio that counts as noise, however noisy the run was.
const MAX_NOISE_SHARE: f64 = 0.15;

/// A figure and its bound, in the same unit: nanoseconds, a share from 0 to 1, a factor or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundCheck {
    pub measured: f64,
    /// The 95 % confidence interval of the figure. `None` if it is a count of this run, or its uncertainty is unknown.
    pub interval: Option<ValueRange>,
    pub bound: f64,
    pub(super) compare: Compare,
    pub(super) form: FigureForm,
}

/// How the value of a figure is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FigureForm {
    /// A ratio of two figures.
    Ratio,
    Metric(Metric),
    Unit(FigureUnit),
}

impl FigureForm {
    /// Formats a value with its unit.
    pub(super) fn format(self, value: f64) -> String {
        match self {
            Self::Ratio => format_number(value),
            Self::Metric(metric) => format_value(metric, value),
            Self::Unit(unit) if unit.is_compatible_with(FigureUnit::TIME) => format_figure(unit, value * 1e-9),
            Self::Unit(unit) => format_figure(unit, value),
        }
    }

    /// Returns what stands behind a value.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Ratio => " times",
            Self::Metric(_) | Self::Unit(_) => "",
        }
    }
}

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
    fn is_undecided(self) -> bool {
        self.compare != Compare::Equals
            && self.interval.is_some_and(|(low, high)| low < self.bound && self.bound < high)
    }

    /// The doubt that the figure is too close to its bound for the noise.
    pub(super) fn noise_doubt(&self) -> Option<Doubt> {
        let (low, high) = self.interval.filter(|_| self.is_undecided())?;
        let (form, times) = (self.form, self.form.suffix());
        Some(Doubt::Noise {
            range: format!("{} to {}{times}", form.format(low), form.format(high)),
            bound: format!("{}{times}", form.format(self.bound)),
        })
    }

    /// Returns `, 1.4 to 1.8 at 95 % confidence`, or nothing if no interval is known.
    pub(super) fn interval_text(&self) -> String {
        self.interval
            .map(|(low, high)| interval_text(&self.form.format(low), &self.form.format(high)))
            .unwrap_or_default()
    }

    /// Returns the measured figure with its unit.
    pub(super) fn measured_text(&self) -> String {
        format!("{}{}", self.form.format(self.measured), self.form.suffix())
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

/// Returns `, 1.4 to 1.8 at 95 % confidence` for the two ends of a confidence interval.
pub(super) fn interval_text(low: &str, high: &str) -> String {
    let range = if low == high { low.to_owned() } else { format!("{low} to {high}") };
    format!(", {range} at 95 % confidence")
}

pub(super) fn is_approx_equal(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= EQUALITY_TOLERANCE * wanted.abs().max(1.0)
}

/// Formats a figure in base units with its unit.
pub(super) fn format_figure(unit: FigureUnit, value: f64) -> String {
    match (unit.seconds, unit.bytes) {
        (0, 0) if unit.is_share => format_percent(value),
        (0, 0) => format_number(value),
        (1, 0) if value < 0.0 => format!("-{}", Span((-value * 1e9) as u64)),
        (1, 0) => Span((value * 1e9).round() as u64).to_string(),
        (-1, 0) => format_rate(value),
        (0, 1) => format!("{} bytes", format_number(value)),
        (seconds, bytes) => {
            let power = |name: &str, power: i16| match power {
                0 => String::new(),
                1 => format!(" {name}"),
                _ => format!(" {name}^{power}"),
            };
            format!("{}{}{}", format_number(value), power("s", seconds), power("bytes", bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(measured: f64, compare: Compare, interval: Option<ValueRange>) -> BoundCheck {
        BoundCheck { measured, bound: 1.0, compare, interval, form: FigureForm::Ratio }
    }

    #[test]
    fn ratio_is_met_within_noise_up_to_a_limit() {
        let weight = |found, compare| ratio(found, compare, None);
        let near = weight(0.95, Compare::Above);
        assert!(!near.is_met() && near.is_met_within((0.9, 1.02)) && !near.is_met_within((0.93, 0.97)));
        assert!(!weight(0.6, Compare::Above).is_met_within((0.1, 9.0)), "too far off to be noise");
        assert!(weight(1.1, Compare::Below).is_met_within((0.9, 1.3)));
        assert!(!weight(1.5, Compare::Below).is_met_within((0.1, 9.0)));
        assert!(!weight(1.0 + 1e-6, Compare::Equals).is_met_within((0.0, 9.0)), "an exact bound has no tolerance");
    }

    #[test]
    fn bound_inside_the_interval_is_undecided() {
        let weight = |high| ratio(0.9, Compare::Below, Some((0.8, high)));
        assert!(weight(1.4).noise_doubt().is_some() && weight(0.99).noise_doubt().is_none());
        let words = weight(1.4).noise_doubt().map(|doubt| doubt.to_string());
        assert_eq!(words.as_deref(), Some("too noisy to tell: measured 0.8 to 1.4 times, the bound is 1 times"));
    }

    #[test]
    fn interval_is_written_in_the_unit_of_the_figure() {
        let share = BoundCheck {
            measured: 0.5,
            interval: Some((0.48, 0.52)),
            bound: 0.6,
            compare: Compare::Above,
            form: FigureForm::Metric(Metric::Held),
        };
        assert_eq!(share.interval_text(), ", 48 % to 52 % at 95 % confidence");
        assert_eq!(BoundCheck { interval: Some((0.0, 0.0)), ..share }.interval_text(), ", 0 % at 95 % confidence");
        assert_eq!(BoundCheck { interval: None, ..share }.interval_text(), "", "a count has no interval");
    }
}
