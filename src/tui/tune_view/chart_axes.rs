//! The axes of the chart: values of the knob in columns, rates and times in rows.

/// Ratio of its ends from which on an axis of positive values is logarithmic.
const LOG_SCALE_FROM: f64 = 4.0;

/// Maps values of the knob to columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct ColumnAxis {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    /// Number of columns.
    count: u16,
}

impl ColumnAxis {
    pub(in crate::tui) fn new((low, high): (f64, f64), columns: u16) -> Self {
        Self { low, high, is_logarithmic: low > 0.0 && high / low >= LOG_SCALE_FROM, count: columns }
    }

    /// Returns where between the ends a value lies, 0 to 1; the middle if both ends are the same.
    fn fraction(&self, value: f64) -> f64 {
        let (low, high, value) = if self.is_logarithmic {
            (self.low.ln(), self.high.ln(), value.ln())
        } else {
            (self.low, self.high, value)
        };
        if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// Returns the value's position in columns, with fractions.
    pub(in crate::tui) fn position(&self, value: f64) -> f64 {
        self.fraction(value) * f64::from(self.count.saturating_sub(1))
    }

    pub(in crate::tui) fn column_of(&self, value: f64) -> u16 {
        self.position(value).round() as u16
    }

    /// Returns the value at a position in columns.
    pub(in crate::tui) fn value_at(&self, column: f64) -> f64 {
        let part = column / f64::from(self.count.saturating_sub(1).max(1));
        if self.is_logarithmic {
            self.low * (self.high / self.low).powf(part)
        } else {
            self.low + (self.high - self.low) * part
        }
    }
}

/// Maps a figure to rows: 0 at the foot, `top` at the head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct RowAxis {
    pub(in crate::tui) top: f64,
    pub(in crate::tui) rows: u16,
}

impl RowAxis {
    /// Returns the position in rows from the foot, with fractions.
    pub(in crate::tui) fn position(&self, value: f64) -> f64 {
        if self.top > 0.0 { value / self.top * f64::from(self.rows.saturating_sub(1)) } else { 0.0 }
    }

    /// Returns the row counted from the head; `None` above it.
    pub(in crate::tui) fn row_of(&self, value: f64) -> Option<u16> {
        let up = self.position(value.max(0.0)).round();
        (up <= f64::from(self.rows.saturating_sub(1))).then(|| self.rows.saturating_sub(1) - up as u16)
    }
}

/// Returns the smallest of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 ... that is not below `least`: an end for an axis
/// that does not change with every repetition.
pub(in crate::tui) fn nice_ceiling(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0]
        .into_iter()
        .map(|step| step * power)
        .find(|end| *end >= least)
        .unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithmic_axis_spaces_doubles_equally() {
        let columns = ColumnAxis::new((1.0, 32.0), 51);
        assert_eq!([1.0, 2.0, 4.0, 8.0, 16.0, 32.0].map(|v| columns.column_of(v)), [0, 10, 20, 30, 40, 50]);
        assert!((columns.value_at(30.0) - 8.0).abs() < 1e-9);
        let narrow = ColumnAxis::new((0.0, 100.0), 11);
        assert_eq!([0.0, 50.0, 100.0].map(|v| narrow.column_of(v)), [0, 5, 10]);
    }

    #[test]
    fn extreme_axes_do_not_panic() {
        for (low, high) in [(1.0, 1.0), (0.0, 0.0), (5.0, 1.0), (f64::NAN, 1.0)] {
            for columns in [0, 1, u16::MAX] {
                let axis = ColumnAxis::new((low, high), columns);
                assert!(axis.column_of(3.0) <= columns, "{low} {high} {columns}");
                let _ = axis.value_at(1.0);
            }
        }
        for rows in [0, 1, 9] {
            for top in [0.0, 1.0, f64::INFINITY] {
                let _ = RowAxis { top, rows }.row_of(2.0);
            }
        }
        assert_eq!(RowAxis { top: 10.0, rows: 11 }.row_of(10.0), Some(0));
        assert_eq!(RowAxis { top: 10.0, rows: 11 }.row_of(0.0), Some(10));
        assert_eq!(RowAxis { top: 10.0, rows: 11 }.row_of(11.0), None);
    }

    #[test]
    fn nice_ceiling_is_round_and_near() {
        let shown = |least: f64| format!("{:.2}", nice_ceiling(least));
        assert_eq!([1.0, 1.2, 990.0, 1_010.0, 0.03].map(shown), ["1.00", "1.20", "1000.00", "1200.00", "0.03"]);
        assert_eq!([0.0, f64::NAN, f64::INFINITY].map(shown), ["1.00"; 3]);
    }
}
