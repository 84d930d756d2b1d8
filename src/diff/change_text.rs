//! A changed figure as text.

use super::comparison::{ComparedFigure, Scale};
use super::figures::Unit;
use crate::trace::Span;
use crate::trace::format::{format_percent, format_rate, format_tenths};

/// Returns a figure in its unit.
pub(super) fn format_value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => Span((value * 1e9) as u64).to_string(),
        Unit::PerSecond => format_rate(value),
        Unit::Milliseconds => Span((value * 1e6) as u64).to_string(),
        Unit::Share => format_percent(value),
    }
}

/// Returns the change as text, such as `+12 %` or `-3 points`; `None` if one side does not have the figure.
pub fn format_change(one: &ComparedFigure) -> Option<String> {
    let change = one.change?;
    let text = signed(one, change.scale, change.estimate);
    let is_points = change.scale == Scale::Difference && one.figure.unit() == Unit::Share;
    Some(if is_points { text + " points" } else { text })
}

/// Returns the interval of the change as text; `None` if there is none.
pub(super) fn format_interval(one: &ComparedFigure) -> Option<String> {
    let change = one.change?;
    let interval = change.interval?;
    let [low, high] = [interval.low, interval.high].map(|bound| signed(one, change.scale, bound));
    Some(format!("{} to {high}", low.strip_suffix(" %").unwrap_or(&low)))
}

fn signed(one: &ComparedFigure, scale: Scale, value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    let size = value.abs();
    let text = match (scale, one.figure.unit()) {
        (Scale::Ratio, _) => format!("{} %", format_tenths(size * 100.0)),
        (Scale::Difference, Unit::Share) => format_tenths(size * 100.0),
        (Scale::Difference, unit) => format_value(unit, size),
    };
    if matches!(text.as_str(), "0" | "0 %") { text } else { format!("{sign}{text}") }
}
