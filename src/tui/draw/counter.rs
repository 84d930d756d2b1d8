//! The rows of a counter: its value, its expected value and lost updates; below them its value as an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::area::AreaLine;
use super::{RunScene, text};
use crate::model::Severity;
use crate::trace::format::{compact_percent, format_signed};
use crate::trace::{ResourceId, Span};
use crate::tui::axis::round_up_125;
use crate::tui::run_view::CounterCell;
use crate::tui::theme::Role;

pub(super) const HEADS: [&str; 1] = ["lost"];

/// One line of a counter; `line_index` counts from its top.
pub(super) struct CounterRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for CounterRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        if self.line_index == 0 { self.draw_figures(line, buf) } else { self.draw_curve(line, buf) }
    }
}

impl CounterRow<'_> {
    fn draw_figures(&self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, .. } = *self;
        let theme = scene.theme;
        let parts = scene.split_row(line);
        scene.draw_name(parts.label, scene.view.shown_model().registry().resource_name(id), false, buf);
        let Some(figures) = scene.view.figures.counter(id) else { return };
        let faint = theme.faint_style();
        let lost = figures.lost.unwrap_or(0);
        let loud = if lost == 0 { faint } else { theme.severity_style(Severity::Error) };
        let expected = figures.expected().map(|expected| format!(" of {} expected", format_signed(expected)));
        let words = [
            (Some(format_signed(figures.value)), theme.strong_style()),
            (expected, faint),
            (figures.lost.map(|lost| format!(", {} lost", format_signed(lost))), loud),
            (figures.failed_swaps.map(|failed| format!(", {} retries", format_signed(failed))), faint),
        ];
        let mut rest = parts.timeline;
        for (words, style) in words {
            let Some(words) = words.filter(|words| words.len() <= usize::from(rest.width)) else { continue };
            rest = text::put_line(buf, rest, &words, style);
        }
        let share = figures.expected().map(|due| Span(lost.unsigned_abs()).share_of(Span(due.unsigned_abs())));
        let style = if lost == 0 { Style::new() } else { loud };
        scene.draw_figures(parts.figures, &[(share.map_or_else(String::new, compact_percent), style)], buf);
    }

    /// Draws a line of the value's area. Lost updates are above it, up to the expected value.
    fn draw_curve(&self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, line_index, line_count } = *self;
        let parts = scene.split_row(line);
        let area = AreaLine { at: parts.timeline, line_index: line_index - 1, line_count: line_count - 1 };
        let loses = scene.view.figures.counter(id).is_some_and(|figures| figures.lost.is_some_and(|lost| lost != 0));
        let scale = scene.view.with_counter_cells(id, &scene.axis.window(), |cells| {
            let scale = Scale::of(cells, loses);
            for (cell, column) in cells.iter().zip(scene.axis.blank_columns()..area.at.width) {
                let expected = if loses { cell.expected } else { cell.value };
                let levels = [cell.value, expected].map(|value| area.fill(scale.share_of(value)));
                let at = Rect { x: area.at.x + column, width: 1, ..area.at };
                draw_cell(scene, at, levels, area.brightness(), buf);
            }
            scale
        });
        let Some(scale) = scale else { return };
        if loses {
            self.draw_legend(parts.figures, buf);
        }
        let faint = scene.theme.faint_style();
        let beside = Rect { width: parts.label.width.saturating_sub(1), ..parts.label };
        if area.is_top() {
            text::put_right(buf, beside, &format_signed(scale.high), faint);
        } else if area.is_bottom() {
            text::put_right(buf, beside, &format_signed(scale.low), faint);
        }
    }

    /// Draws what the two parts of the area are, beside its first lines.
    fn draw_legend(&self, figures: Rect, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let (glyph, style, words) = match self.line_index {
            1 => (lost_glyph(scene, 1.0), theme.severity_style(Severity::Error), " lost"),
            2 => (theme.level_glyph(1.0), theme.fg(Role::Throughput), " value"),
            _ => return,
        };
        let rest = text::put_line(buf, scene.figures_area(figures), glyph, style);
        text::put_line(buf, rest, words, theme.faint_style());
    }
}

/// The values at both ends of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale {
    low: i64,
    high: i64,
}

impl Scale {
    /// Returns round numbers around all values, those that are expected included if updates were lost.
    fn of(cells: &[CounterCell], loses: bool) -> Self {
        let values = cells.iter().flat_map(|cell| [cell.value, if loses { cell.expected } else { cell.value }]);
        let (low, high) = values.fold((0, 0), |(low, high): (i64, i64), value| (low.min(value), high.max(value)));
        let rounded = |value: i64| i64::try_from(round_up_125(value.unsigned_abs())).unwrap_or(i64::MAX);
        Self {
            low: if low < 0 { -rounded(low) } else { 0 },
            high: if high > 0 { rounded(high) } else { i64::from(low == 0) },
        }
    }

    fn share_of(self, value: i64) -> f64 {
        (value as f64 - self.low as f64) / (self.high as f64 - self.low as f64)
    }
}

/// Draws a cell that is filled up to the first level with the value and up to the second one with what was lost.
fn draw_cell(scene: RunScene<'_>, at: Rect, levels: [f64; 2], brightness: f64, buf: &mut Buffer) {
    let theme = scene.theme;
    let Some(cell) = buf.cell_mut((at.x, at.y)) else { return };
    let lost = theme.shaded(theme.severity_style(Severity::Error), brightness);
    match levels {
        [value, _] if value >= 1.0 => {
            cell.set_symbol(theme.level_glyph(value)).set_style(theme.shaded(theme.fg(Role::Throughput), brightness));
        }
        [value, expected] if value <= 0.0 && expected > 0.0 => {
            cell.set_symbol(lost_glyph(scene, expected)).set_style(lost);
        }
        [value, expected] if value > 0.0 => {
            let style = theme.shaded(theme.fg(Role::Throughput), brightness);
            let behind = if expected >= 1.0 && theme.has_colour() { lost.fg } else { None };
            cell.set_symbol(theme.level_glyph(value)).set_style(Style { bg: behind, ..style });
        }
        _ => {}
    }
}

/// Returns the glyph of lost updates that fill this share of a line. Without colour it is another one than the value's.
fn lost_glyph(scene: RunScene<'_>, fill: f64) -> &'static str {
    if scene.theme.has_colour() { scene.theme.level_glyph(fill) } else { scene.theme.glyph("░", "x") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_of_a_counter_has_room_for_what_was_lost_and_for_negative_values() {
        let scale = |value, expected, loses| {
            let Scale { low, high } = Scale::of(&[CounterCell { value, expected }], loses);
            (low, high)
        };
        assert_eq!(scale(10, 100, true), (0, 100));
        assert_eq!(scale(10, 11, false), (0, 10), "events that are under way are not lost");
        assert_eq!(scale(-3, -3, false), (-5, 0));
        assert_eq!(scale(0, 0, false), (0, 1));
        assert!((Scale { low: -5, high: 5 }.share_of(0) - 0.5).abs() < 1e-9);
    }
}
