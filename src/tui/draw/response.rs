//! The rows of a pool's response times: a dot for each that occurred.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::theme::Role;
use super::area::AreaLine;
use super::{RunScene, text};
use crate::model::{CellWindow, DurationSet};
use crate::trace::format::compact_duration;
use crate::trace::{PoolId, Span};
use crate::tui::axis::round_up_125;

pub(super) const HEADS: [&str; 3] = ["p50", "p90", "p99"];

pub(super) const SHORT_HEADS: [&str; 2] = ["p50", "p99"];

pub(super) const CAPTIONS: [&str; 3] = [
    "a dot for each task that ended, by its time from submit to result",
    "a dot for each task: submit to result",
    "a dot for each task",
];

/// Rows and columns of dots in a cell.
const DOT_ROWS: u16 = 4;
const DOT_COLUMNS: usize = 2;

/// Bits of a braille glyph, by column and by row from the bottom.
const BRAILLE_BITS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// One line of the dots; `line_index` counts from the top.
pub(super) struct ResponseRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) pool: PoolId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for ResponseRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, pool, line_index, line_count } = self;
        let (view, theme) = (scene.view, scene.theme);
        let parts = scene.split_row(line);
        let area = AreaLine { at: parts.timeline, line_index, line_count };
        let window = scene.axis.window();
        let window = CellWindow { cells: window.cells * DOT_COLUMNS, ..window };
        let top = view.with_response_cells(pool, &window, |cells| {
            let top = scale_top(cells);
            draw_dots(scene, area, cells, top, buf);
            top
        });
        let beside = Rect { width: parts.label.width.saturating_sub(1), ..parts.label };
        if area.is_top() {
            let pools = &view.shown_model().registry().pools;
            let several = pools.len() > 1;
            let name = pools.get(pool.index()).filter(|_| several).map_or("", |pool| pool.name.as_str());
            scene.draw_name(parts.label, name, false, buf);
            text::put_right(buf, beside, &compact_duration(top.unwrap_or_default()), theme.faint_style());
            self.draw_percentiles(parts.figures, buf);
        } else if area.is_bottom() {
            text::put_right(buf, beside, "0 s", theme.faint_style());
        }
    }
}

impl ResponseRow<'_> {
    fn draw_percentiles(&self, at: Rect, buf: &mut Buffer) {
        let figures = self.scene.view.figures.pools.iter().find(|(id, _)| *id == self.pool).map(|(_, pool)| pool);
        let Some(figures) = figures else { return };
        let [p50, p90, p99] = figures.window_responses.map_or([None; 3], |spans| spans.map(Some));
        let spans = if self.scene.has_wide_figures() { vec![p50, p90, p99] } else { vec![p50, p99] };
        let shown: Vec<_> = spans
            .into_iter()
            .map(|span| (span.map_or_else(|| "- ".to_owned(), compact_duration), Style::new()))
            .collect();
        self.scene.draw_figures(at, &shown, buf);
    }
}

/// Returns the upper end of the scale, a round duration.
fn scale_top(cells: &[DurationSet]) -> Span {
    let longest = cells.iter().filter_map(DurationSet::longest).max().unwrap_or_default();
    Span(round_up_125(longest.0.max(1_000)))
}

fn draw_dots(scene: RunScene<'_>, area: AreaLine, cells: &[DurationSet], top: Span, buf: &mut Buffer) {
    let (theme, style) = (scene.theme, scene.theme.fg(Role::Response));
    let pairs = cells.chunks(DOT_COLUMNS).zip(scene.axis.blank_columns()..area.at.width);
    for (pair, column) in pairs {
        let mut bits = 0;
        for (set, of_column) in pair.iter().zip(BRAILLE_BITS) {
            for span in set.durations() {
                if let Some(row) = dot_row(area, span, top) {
                    bits |= of_column[usize::from(row)];
                }
            }
        }
        if bits == 0 {
            continue;
        }
        if let Some(cell) = buf.cell_mut((area.at.x + column, area.at.y)) {
            cell.set_char(dot_glyph(bits, theme.has_unicode)).set_style(style);
        }
    }
}

/// Returns the row of a duration's dot in this line, from its bottom, if it is in this line.
fn dot_row(area: AreaLine, span: Span, top: Span) -> Option<u16> {
    let rows = area.line_count * DOT_ROWS;
    let row = (span.0 as f64 / top.0.max(1) as f64 * f64::from(rows)) as u16;
    row.min(rows.saturating_sub(1))
        .checked_sub((area.line_count - area.line_index - 1) * DOT_ROWS)
        .filter(|row| *row < DOT_ROWS)
}

fn dot_glyph(bits: u32, has_unicode: bool) -> char {
    const LOWER: u32 = 0x40 | 0x04 | 0x80 | 0x20;
    match (has_unicode, bits & LOWER != 0, bits & !LOWER != 0) {
        (true, ..) => char::from_u32(0x2800 + bits).unwrap_or(' '),
        (false, true, true) => ':',
        (false, true, false) => '.',
        (false, ..) => '\'',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_of_all_lines_cover_the_scale_once() {
        let top = Span(1_200);
        for ns in 0..=1_300 {
            let lines = (0..3).filter(|line_index| {
                let area = AreaLine { at: Rect::default(), line_index: *line_index, line_count: 3 };
                dot_row(area, Span(ns), top).is_some()
            });
            assert_eq!(lines.count(), 1, "{ns}");
        }
        let bottom = AreaLine { at: Rect::default(), line_index: 2, line_count: 3 };
        assert_eq!(dot_row(bottom, Span(0), top), Some(0));
        assert_eq!(dot_row(bottom, Span(399), top), Some(3));
    }

    #[test]
    fn dots_have_a_glyph_without_unicode() {
        assert_eq!([0x40, 0x01, 0x41].map(|bits| dot_glyph(bits, false)), ['.', '\'', ':']);
        assert_eq!(dot_glyph(0xff, true), '⣿');
    }
}
