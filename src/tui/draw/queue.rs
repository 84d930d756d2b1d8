//! The row of a queue: its depth as an area, with its scale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::Selection;
use super::{RunScene, text};
use crate::trace::ResourceId;
use crate::trace::format::{compact_count, compact_rate, compact_rate_value};
use crate::tui::axis::round_up_125;

pub(super) const HEADS: [&str; 4] = ["grows", "top", "max", "room"];

/// One line of the area; `line_index` counts from its top.
pub(super) struct QueueRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl Widget for QueueRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, line_index: part, line_count: of } = self;
        let view = scene.view;
        let parts = scene.split_row(line);
        let (Some(queue), Some(figures)) = (view.shown_model().queue(id), view.figures.queue(id)) else { return };
        let mut cells = Vec::new();
        queue.depth_cells(&scene.axis.window(), view.now, &mut cells);
        let scale = area_scale(&cells, figures.capacity);
        self.draw_area(parts.timeline, &cells, scale, figures.capacity, buf);
        let last = part + 1 == of;
        if last {
            let name = view.shown_model().registry().resource_name(id);
            let beside = scene.draw_name(parts.label, name, scene.is_chosen(Selection::Queue(id)), buf);
            let full = figures.depth >= figures.capacity && figures.capacity > 0;
            let style = if full { scene.theme.full_queue_style() } else { Style::new() };
            text::put_right(buf, beside, &compact_count(figures.depth.into()), style);
        }
        let sign = if figures.growth_rate > 0.0 { "+" } else { "" };
        let shown = if last {
            vec![
                (format!("{sign}{}", growth_text(figures.growth_rate)), Style::new()),
                (
                    format!("{}{}", if scene.theme.has_unicode { "≤" } else { "<" }, compact_count(scale)),
                    scene.theme.faint_style(),
                ),
                (compact_count(figures.max_depth.into()), Style::new()),
                (compact_count(figures.capacity.into()), Style::new()),
            ]
        } else {
            Vec::new()
        };
        scene.draw_figures(parts.figures, &shown, buf);
    }
}

impl QueueRow<'_> {
    fn draw_area(&self, at: Rect, cells: &[f32], scale: u64, capacity: u32, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let floor = f64::from(self.line_count - self.line_index - 1);
        for (depth, column) in cells.iter().zip(self.scene.axis.blank_columns()..at.width) {
            let full = capacity > 0 && *depth >= capacity as f32;
            let height = f64::from(*depth) / scale as f64 * f64::from(self.line_count);
            let style = if full { theme.full_queue_style() } else { theme.area_style() };
            text::put_line(buf, Rect { x: at.x + column, width: 1, ..at }, theme.level_glyph(height - floor), style);
        }
    }
}

/// Returns the growth per second, without its unit where that would not fit.
fn growth_text(per_second: f64) -> String {
    if per_second.abs() < 999.5 { compact_rate(per_second) } else { compact_rate_value(per_second) }
}

/// Returns the scale of the area: the capacity if the queue comes near it, otherwise the next round number, so that it
/// rarely changes.
fn area_scale(cells: &[f32], capacity: u32) -> u64 {
    let deepest = cells.iter().copied().fold(0.0_f32, f32::max) as u64;
    let round = round_up_125(deepest.max(4));
    if capacity > 0 && round.saturating_mul(2) >= u64::from(capacity) { capacity.into() } else { round }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_is_round_or_the_capacity() {
        assert_eq!(area_scale(&[], 0), 5);
        assert_eq!(area_scale(&[3.0, 37.0], 1_000), 50);
        assert_eq!(area_scale(&[450.0], 1_000), 1_000);
        assert_eq!(area_scale(&[2.0], 8), 8);
        assert_eq!(area_scale(&[f32::NAN, f32::INFINITY], 0), u64::MAX);
    }
}
