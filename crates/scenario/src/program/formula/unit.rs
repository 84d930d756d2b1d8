//! Units of figures: powers of seconds and bytes.

use serde::{Deserialize, Serialize};

use crate::knob::Unit;
use crate::quantity;

/// A nanosecond, in seconds.
pub(super) const NANOSECOND: f64 = 1e-9;

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureUnit {
    /// Power of the second: 1 for a duration, -1 for a rate.
    pub seconds: i16,
    pub bytes: i16,
    /// Whether it is shown in per cent.
    pub is_share: bool,
}

/// A number in a formula.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FigureLiteral {
    /// As it is written: nanoseconds for a time, 50 for `50%`.
    pub value: f64,
    pub unit: LiteralUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiteralUnit {
    Percent,
    Quantity(Unit),
}

impl FigureUnit {
    pub const NUMBER: Self = Self { seconds: 0, bytes: 0, is_share: false };
    pub const SHARE: Self = Self { is_share: true, ..Self::NUMBER };
    pub const TIME: Self = Self { seconds: 1, ..Self::NUMBER };
    pub const RATE: Self = Self { seconds: -1, ..Self::NUMBER };
    pub const BYTES: Self = Self { bytes: 1, ..Self::NUMBER };

    /// Whether figures of both units can be added and compared.
    pub fn is_compatible_with(self, other: Self) -> bool {
        (self.seconds, self.bytes) == (other.seconds, other.bytes)
    }

    /// Returns the unit of a product.
    pub(crate) fn times(self, other: Self) -> Self {
        let (seconds, bytes) = (self.seconds.saturating_add(other.seconds), self.bytes.saturating_add(other.bytes));
        Self { seconds, bytes, is_share: self.is_share && other.is_share }
    }

    /// Returns the unit of a quotient.
    pub(crate) fn over(self, other: Self) -> Self {
        let (seconds, bytes) = (self.seconds.saturating_sub(other.seconds), self.bytes.saturating_sub(other.bytes));
        let is_share = self.is_share && !other.is_share && other.is_compatible_with(Self::NUMBER);
        Self { seconds, bytes, is_share }
    }

    /// Returns the unit of a sum.
    pub(crate) fn joined_with(self, other: Self) -> Self {
        Self { is_share: self.is_share || other.is_share, ..self }
    }

    /// Returns the factor from the unit in which a knob is stored.
    pub(super) fn knob_scale(self) -> f64 {
        if self.is_compatible_with(Self::TIME) { NANOSECOND } else { 1.0 }
    }

    /// Names the unit, for messages.
    pub(crate) fn noun(self) -> &'static str {
        match (self.seconds, self.bytes) {
            (0, 0) => "a bare number",
            (1, 0) => "a time",
            (-1, 0) => "a rate",
            (0, 1) => "a size",
            _ => "a product of units",
        }
    }

    /// Returns an example of a number in this unit, for messages.
    pub(crate) fn example(self) -> &'static str {
        match (self.seconds, self.bytes) {
            (1, 0) => "5ms",
            (-1, 0) => "400/s",
            (0, 1) => "64KiB",
            _ if self.is_share => "50%",
            _ => "8",
        }
    }
}

impl From<Unit> for FigureUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Time => Self::TIME,
            Unit::Count => Self::NUMBER,
            Unit::Rate => Self::RATE,
            Unit::Bytes => Self::BYTES,
        }
    }
}

impl FigureLiteral {
    /// Returns the number in base units.
    pub fn base_value(self) -> f64 {
        match self.unit {
            LiteralUnit::Percent => self.value / 100.0,
            LiteralUnit::Quantity(Unit::Time) => self.value * NANOSECOND,
            LiteralUnit::Quantity(_) => self.value,
        }
    }

    pub(super) fn figure_unit(self) -> FigureUnit {
        match self.unit {
            LiteralUnit::Percent => FigureUnit::NUMBER,
            LiteralUnit::Quantity(unit) => unit.into(),
        }
    }

    /// Writes the number so that it is read back as the same.
    pub(super) fn to_text(self) -> String {
        match self.unit {
            LiteralUnit::Percent => format!("{}%", self.value),
            LiteralUnit::Quantity(unit) => quantity::format_quantity(self.value, unit),
        }
    }
}
