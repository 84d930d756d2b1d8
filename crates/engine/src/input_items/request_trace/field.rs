//! Single values of a trace: arrival times and durations, exact to the nanosecond.

use super::timestamp::parse_timestamp;
use contend_scenario::sanitize;

/// The longest duration in nanoseconds: one hour, the longest time of a step.
const MAX_DURATION: i128 = 3_600_000_000_000;

const SECOND: i128 = 1_000_000_000;

/// A bare number of seconds above this would be after the year 5138: it is milliseconds or less since 1970.
const MAX_SECONDS: i128 = 100_000_000_000 * SECOND;

/// The form of an arrival time. All rows of a trace must have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrivalKind {
    Number,
    /// A date and time with a time zone, or without one.
    Zoned,
    Local,
}

impl ArrivalKind {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Zoned => "a time with a time zone",
            Self::Local => "a time without a time zone",
        }
    }
}

/// Returns the nanoseconds of a unit.
pub(super) fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" | "nanoseconds" => 1,
        "us" | "µs" | "μs" | "microseconds" => 1_000,
        "ms" | "millis" | "milliseconds" => 1_000_000,
        "s" | "sec" | "secs" | "seconds" => SECOND,
        "min" | "minutes" => 60 * SECOND,
        _ => return None,
    })
}

/// Parses an arrival time: a number in `unit`, by default in seconds, or a date and time.
pub(super) fn parse_arrival(
    text: &str,
    unit: Option<i128>,
    is_decimal_comma: bool,
) -> Result<(i128, ArrivalKind), String> {
    if let Some((nanos, is_zoned)) = parse_timestamp(text)? {
        return Ok((nanos, if is_zoned { ArrivalKind::Zoned } else { ArrivalKind::Local }));
    }
    let Some((nanos, has_unit)) = parse_number(text, unit, is_decimal_comma) else {
        return Err(format!(
            "`{}` is not an arrival time: write seconds, such as 12.5, or a time such as 2026-05-01T12:00:00.5Z",
            shown(text)
        ));
    };
    if nanos < 0 {
        return Err(format!("the arrival time `{}` is negative", shown(text)));
    }
    if !has_unit && nanos > MAX_SECONDS {
        return Err(format!(
            "the arrival time `{}` is too large for seconds: name its unit in a header, such as `arrival_ms`",
            shown(text)
        ));
    }
    Ok((nanos, ArrivalKind::Number))
}

/// Parses a duration in `unit`, by default in seconds.
pub(super) fn parse_duration(text: &str, unit: Option<i128>, is_decimal_comma: bool) -> Result<u64, String> {
    let Some((nanos, has_unit)) = parse_number(text, unit, is_decimal_comma) else {
        return Err(format!("`{}` is not a duration: write seconds, such as 0.25, or 250ms", shown(text)));
    };
    if nanos < 0 {
        return Err(format!("the duration `{}` is negative", shown(text)));
    }
    if nanos > MAX_DURATION {
        let unit = if has_unit { "" } else { "; if it is in milliseconds, name the column `duration_ms` in a header" };
        return Err(format!("the duration `{}` is longer than 1 h{unit}", shown(text)));
    }
    Ok(nanos as u64)
}

/// Parses a number with an optional unit behind it, in nanoseconds, and whether its unit is stated.
fn parse_number(text: &str, unit: Option<i128>, is_decimal_comma: bool) -> Option<(i128, bool)> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let own_unit = &text[digits.len()..];
    let (unit, has_unit) = match own_unit {
        "" => (unit.unwrap_or(SECOND), unit.is_some()),
        own_unit => (unit_nanos(own_unit)?, true),
    };
    let digits = digits.trim_end();
    let nanos =
        if is_decimal_comma { decimal_nanos(&digits.replace(',', "."), unit) } else { decimal_nanos(digits, unit) };
    Some((nanos?, has_unit))
}

/// Returns a decimal number times `unit`, without rounding errors, as long as there is no exponent.
fn decimal_nanos(text: &str, unit: i128) -> Option<i128> {
    if text.contains(['e', 'E']) {
        let value: f64 = text.parse().ok()?;
        let nanos = value * unit as f64;
        return (nanos.abs() < 1e27).then_some(nanos.round() as i128);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || whole.len() > 20 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(15)];
    let value = |part: &str| if part.is_empty() { Some(0_i128) } else { part.parse().ok() };
    let scale = 10_i128.pow(fraction.len() as u32);
    Some(sign * (value(whole)? * unit + value(fraction)? * unit / scale))
}

/// Returns a value of the file for a message: short, and safe to print.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let clean = sanitize(text);
    if clean.chars().count() <= LONGEST {
        return clean;
    }
    clean.chars().take(LONGEST - 1).chain(['…']).collect()
}
