//! Points in time ([`Stamp`]) and lengths of time ([`Span`]).

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A point on the run's clock: nanoseconds since the run began, the same for every process of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Stamp(pub u64);

/// A length of time in nanoseconds. Arithmetic saturates: no stamp can make it wrap or panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Span(pub u64);

impl Stamp {
    /// Returns the time from `earlier` to `self`; zero if `earlier` is later.
    #[inline]
    pub const fn span_since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Returns the point `span` before this one, or the beginning of the run.
    #[inline]
    pub const fn earlier_by(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Returns the seconds since the run began.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Span {
    /// Zero length.
    pub const ZERO: Self = Self(0);

    /// Returns a span of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// Returns a span of `us` microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// Returns a span of `s` seconds; zero for negative numbers and NaN.
    pub fn from_secs(s: f64) -> Self {
        Self((s * 1e9) as u64) // a float to integer cast saturates and maps NaN to 0
    }

    /// Returns the length in seconds.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Returns the length in milliseconds.
    #[inline]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Returns this length as a share of `whole`; 0 if `whole` is zero.
    #[inline]
    pub fn share_of(self, whole: Self) -> f64 {
        if whole.0 == 0 { 0.0 } else { self.0 as f64 / whole.0 as f64 }
    }
}

impl Add<Span> for Stamp {
    type Output = Self;
    #[inline]
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Duration> for Span {
    fn from(d: Duration) -> Self {
        Self(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Span> for Duration {
    fn from(s: Span) -> Self {
        Self::from_nanos(s.0)
    }
}

impl fmt::Display for Span {
    /// Writes at most three digits and a unit: `250 ns`, `1.5 ms`, `12.4 s`, `2 min 05 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0 as f64;
        let (value, unit) = match self.0 {
            0..=999 => return f.pad(&format!("{} ns", self.0)),
            1_000..=999_499 => (ns / 1e3, "µs"),
            999_500..=999_499_999 => (ns / 1e6, "ms"),
            999_500_000..=119_999_999_999 => (ns / 1e9, "s"),
            _ => {
                let s = self.0 / 1_000_000_000;
                return match s {
                    0..=7_199 => f.pad(&format!("{} min {:02} s", s / 60, s % 60)),
                    _ => f.pad(&format!("{} h {:02} min", s / 3_600, s / 60 % 60)),
                };
            }
        };
        let digits = usize::from(value < 9.95) + usize::from((9.95..99.95).contains(&value) && unit == "s");
        f.pad(&format!("{value:.digits$} {unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_with_at_most_three_digits() {
        let shown: Vec<String> = [
            0,
            999,
            1_500,
            99_400,
            999_600,
            11_000_000,
            2_040_000_000,
            12_400_000_000,
            125_000_000_000,
            7_260_000_000_000,
        ]
        .map(|ns| Span(ns).to_string())
        .to_vec();
        assert_eq!(
            shown,
            ["0 ns", "999 ns", "1.5 µs", "99 µs", "1.0 ms", "11 ms", "2.0 s", "12.4 s", "2 min 05 s", "2 h 01 min"]
        );
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Stamp(5).span_since(Stamp(9)), Span::ZERO);
        assert_eq!(Stamp(u64::MAX) + Span(1), Stamp(u64::MAX));
        assert_eq!(Span::from_secs(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_secs(-1.0), Span::ZERO);
        assert_eq!(Span::from_secs(1e300), Span(u64::MAX));
    }
}
