//! The time axis, which maps columns to moments of the run.
//!
//! Cells begin at multiples of their own length in run time, so that a moving picture moves by whole cells and a span
//! keeps its shape.

use crate::model::CellWindow;
use crate::trace::format::format_stamp;
use crate::trace::{Span, Stamp};

/// Shortest and longest cell, in nanoseconds.
const MIN_CELL: u64 = 1_000;
const MAX_CELL: u64 = 60_000_000_000;

/// Least number of columns between two labels.
const LABEL_SPACING: u64 = 11;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeAxis {
    pub(super) cell: Span,
    /// End of the last cell: a multiple of the cell's length.
    pub(super) end: Stamp,
    pub(super) columns: u16,
}

/// A label and the column it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AxisLabel {
    pub(super) column: u16,
    pub(super) text: String,
}

impl TimeAxis {
    /// Returns the axis whose last cell contains `until`.
    pub(super) fn new(cell: Span, until: Stamp, columns: u16) -> Self {
        let cell = Span(cell.0.clamp(MIN_CELL, MAX_CELL));
        let end = Stamp(until.0.div_ceil(cell.0).max(1).saturating_mul(cell.0));
        Self { cell, end, columns }
    }

    /// Returns the number of columns at the left that lie before the start of the run.
    pub(super) fn blank_columns(&self) -> u16 {
        let since_start = self.end.0 / self.cell.0;
        u16::try_from(u64::from(self.columns).saturating_sub(since_start)).unwrap_or(self.columns)
    }

    pub(super) fn width(&self) -> Span {
        Span(self.cell.0.saturating_mul(u64::from(self.columns)))
    }

    pub(super) fn start(&self) -> Stamp {
        self.end.earlier_by(self.width())
    }

    /// Returns the part of the axis that lies within the run.
    pub(super) fn window(&self) -> CellWindow {
        CellWindow { from: self.start(), to: self.end, cells: usize::from(self.columns - self.blank_columns()) }
    }

    /// Returns the column that contains `t`, if it is visible.
    pub(super) fn column_at(&self, t: Stamp) -> Option<u16> {
        if t.0 > self.end.0 || self.columns == 0 {
            return None;
        }
        let back = self.end.0.saturating_sub(t.0 / self.cell.0 * self.cell.0).div_ceil(self.cell.0).max(1);
        let column = u64::from(self.columns).checked_sub(back)?;
        u16::try_from(column).ok()
    }

    /// Returns the moment at which a column begins.
    pub(super) fn time_at(&self, column: u16) -> Stamp {
        let back = u64::from(self.columns.saturating_sub(column));
        self.end.earlier_by(Span(self.cell.0.saturating_mul(back)))
    }

    /// Returns by how many columns this axis has moved to the left since `before`, if it still shows a part of that.
    pub(super) fn columns_since(self, before: Self) -> Option<u16> {
        let moved = self.end.span_since(before.end).0 / self.cell.0.max(1);
        let is_same_scale = (self.cell, self.columns) == (before.cell, before.columns) && self.end >= before.end;
        u16::try_from(moved).ok().filter(|moved| is_same_scale && *moved < self.columns)
    }

    /// Formats a moment with the digits that tell neighbouring cells apart.
    pub(super) fn format_moment(&self, at: Stamp) -> String {
        if self.is_fine() { exact_moment(at) } else { format_stamp(at) }
    }

    /// Whether cells are shorter than a millisecond.
    pub(super) fn is_fine(&self) -> bool {
        self.cell < Span::from_millis(1)
    }

    /// Returns labels at round distances: before now while the axis follows the newest, in run time otherwise.
    pub(super) fn labels(&self, follows: bool) -> Vec<AxisLabel> {
        let step = round_up_125(self.cell.0.saturating_mul(LABEL_SPACING));
        let mut ticks = Vec::new();
        if follows {
            let mut back = step;
            while back <= self.width().0 {
                let column = u64::from(self.columns) - back / self.cell.0;
                ticks.push(AxisLabel { column: column as u16, text: format!("-{}", format_label(back, step)) });
                back = back.saturating_add(step);
            }
        } else {
            let mut at = self.start().0.div_ceil(step).saturating_mul(step);
            while at < self.end.0 {
                if let Some(column) = self.column_at(Stamp(at)) {
                    ticks.push(AxisLabel { column, text: format_label(at, step) });
                }
                at = at.saturating_add(step);
            }
        }
        ticks
    }
}

/// Returns the next longer or shorter cell, by a factor of two or two and a half.
pub(super) fn zoom_cell(cell: Span, wider: bool) -> Span {
    let next = if wider {
        round_up_125(cell.0.saturating_add(1))
    } else {
        let mut shorter = 1;
        while round_up_125(shorter + 1) < cell.0 {
            shorter = round_up_125(shorter + 1);
        }
        shorter
    };
    Span(next.clamp(MIN_CELL, MAX_CELL))
}

/// Returns the smallest of 1, 2, 5, 10, 20 ... that is not below `least`.
pub(super) fn round_up_125(least: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let value = power.saturating_mul(step);
            if value >= least {
                return value;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Returns the one of 1, 2, 5, 10, 20 ... that is nearest by ratio.
pub(super) fn round_to_125(value: u64) -> u64 {
    let above = round_up_125(value);
    let below = match above.to_string().as_bytes().first() {
        Some(b'5') => above / 5 * 2,
        _ => above / 2,
    };
    let is_nearer_below = u128::from(value) * u128::from(value) < u128::from(above) * u128::from(below);
    if is_nearer_below { below.max(1) } else { above }
}

/// Returns a moment with all its digits down to microseconds.
pub(super) fn exact_moment(at: Stamp) -> String {
    let micros = at.span_since(Stamp(0)).0 / 1_000;
    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
}

/// Formats a multiple of `step` with as many digits as it needs.
fn format_label(ns: u64, step: u64) -> String {
    let (unit, name) = match ns.max(step) {
        ..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    let digits = if step as f64 >= unit { 0 } else { (unit / step as f64).log10().ceil() as usize };
    format!("{:.digits$} {name}", ns as f64 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn last_cell_ends_at_a_multiple_of_its_length_and_contains_now() {
        let axis = TimeAxis::new(Span::from_millis(50), Stamp(1_234 * MS), 40);
        assert_eq!(axis.end, Stamp(1_250 * MS));
        assert_eq!(axis.column_at(Stamp(1_234 * MS)), Some(39));
        assert_eq!(axis.column_at(Stamp(1_250 * MS - 1)), Some(39));
        assert_eq!(axis.column_at(Stamp(1_199 * MS)), Some(38));
        assert_eq!(axis.column_at(Stamp(1_251 * MS)), None);
    }

    #[test]
    fn columns_before_the_run_are_blank() {
        let axis = TimeAxis::new(Span::from_millis(50), Stamp(120 * MS), 40);
        assert_eq!(axis.blank_columns(), 37);
        assert_eq!(axis.window(), CellWindow { from: Stamp(0), to: Stamp(150 * MS), cells: 3 });
        assert_eq!(axis.column_at(Stamp(0)), Some(37));
    }

    #[test]
    fn column_and_time_are_inverse() {
        let axis = TimeAxis::new(Span::from_millis(20), Stamp(9_999 * MS), 60);
        for column in 0..60 {
            assert_eq!(axis.column_at(axis.time_at(column)), Some(column));
        }
    }

    #[test]
    fn labels_do_not_move_while_the_axis_follows_now() {
        let early = TimeAxis::new(Span::from_millis(50), Stamp(8_000 * MS), 66).labels(true);
        let late = TimeAxis::new(Span::from_millis(50), Stamp(8_777 * MS), 66).labels(true);
        assert_eq!(early, late);
        assert_eq!(early.iter().map(|t| &*t.text).collect::<Vec<_>>(), ["-1 s", "-2 s", "-3 s"]);
    }

    #[test]
    fn rounding_up_goes_by_one_two_five() {
        assert_eq!([0, 1, 3, 11, 499].map(round_up_125), [1, 1, 5, 20, 500]);
        assert_eq!(round_up_125(u64::MAX), u64::MAX);
    }

    #[test]
    fn rounding_takes_the_nearest_by_ratio() {
        assert_eq!([0, 1, 3, 4, 7, 8, 14, 15, 31, 32].map(round_to_125), [1, 1, 2, 5, 5, 10, 10, 20, 20, 50]);
    }

    #[test]
    fn zooming_out_and_in_restores_the_cell() {
        let mut cell = Span(MIN_CELL);
        let mut seen = vec![cell];
        while cell.0 < MAX_CELL {
            cell = zoom_cell(cell, true);
            seen.push(cell);
        }
        assert_eq!(zoom_cell(cell, true), cell, "it ends somewhere");
        assert!(seen.len() < 30);
        assert_eq!(zoom_cell(zoom_cell(Span::from_millis(50), true), false), Span::from_millis(50));
        assert_eq!(zoom_cell(Span(MIN_CELL), false), Span(MIN_CELL));
    }

    #[test]
    fn extreme_axes_do_not_panic() {
        for columns in [0, 1, u16::MAX] {
            for until in [0, 1, u64::MAX] {
                for cell in [0, 1, u64::MAX] {
                    let axis = TimeAxis::new(Span(cell), Stamp(until), columns);
                    let _ =
                        (axis.labels(true).len(), axis.window(), axis.column_at(Stamp(until)), axis.time_at(columns));
                }
            }
        }
    }
}
