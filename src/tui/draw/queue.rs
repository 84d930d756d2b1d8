//! A queue's row: its depth as an area, with its scale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{count, rate, round_up};
use super::super::watch::Chosen;
use super::{Scene, text};
use crate::trace::ResourceId;

pub(super) const HEADS: [&str; 4] = ["grows", "top", "max", "room"];

/// One line of the area; `part` counts lines from its top.
pub(super) struct QueueRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) id: ResourceId,
    pub(super) part: u16,
    pub(super) of: u16,
}

impl Widget for QueueRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id, part, of } = self;
        let watch = scene.watch;
        let parts = scene.parts(line);
        let (Some(queue), Some(figures)) = (watch.shown().queue(id), watch.figures.queue(id)) else { return };
        let mut cells = Vec::new();
        queue.cells(&scene.axis.window(), watch.now, &mut cells);
        let scale = scale(&cells, figures.capacity);
        self.area(parts.time, &cells, scale, figures.capacity, buf);
        let last = part + 1 == of;
        if last {
            let name = watch.shown().cast().resource_name(id);
            let beside = scene.who(parts.who, name, scene.is_chosen(Chosen::Queue(id)), buf);
            let full = figures.depth >= figures.capacity && figures.capacity > 0;
            let style = if full { scene.theme.full() } else { Style::new() };
            text::right(buf, beside, &count(figures.depth.into()), style);
        }
        let sign = if figures.slope > 0.0 { "+" } else { "" };
        let shown = if last {
            vec![
                (format!("{sign}{}", rate(figures.slope)), Style::new()),
                (format!("{}{}", if scene.theme.unicode { "≤" } else { "<" }, count(scale)), scene.theme.faint()),
                (count(figures.max.into()), Style::new()),
                (count(figures.capacity.into()), Style::new()),
            ]
        } else {
            Vec::new()
        };
        scene.figures(parts.now, &shown, buf);
    }
}

impl QueueRow<'_> {
    fn area(&self, at: Rect, cells: &[f32], scale: u64, capacity: u32, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let floor = f64::from(self.of - self.part - 1);
        for (depth, column) in cells.iter().zip(self.scene.axis.blank()..at.width) {
            let full = capacity > 0 && *depth >= capacity as f32;
            let height = f64::from(*depth) / scale as f64 * f64::from(self.of);
            let style = if full { theme.full() } else { theme.area() };
            text::put(buf, Rect { x: at.x + column, width: 1, ..at }, theme.level(height - floor), style);
        }
    }
}

/// The top of the area: the capacity when the queue comes near it, else the next round number, so that it seldom
/// changes.
fn scale(cells: &[f32], capacity: u32) -> u64 {
    let deepest = cells.iter().copied().fold(0.0_f32, f32::max) as u64;
    let round = round_up(deepest.max(4));
    if capacity > 0 && round.saturating_mul(2) >= u64::from(capacity) { capacity.into() } else { round }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_or_the_capacity() {
        assert_eq!(scale(&[], 0), 5);
        assert_eq!(scale(&[3.0, 37.0], 1_000), 50);
        assert_eq!(scale(&[450.0], 1_000), 1_000);
        assert_eq!(scale(&[2.0], 8), 8);
        assert_eq!(scale(&[f32::NAN, f32::INFINITY], 0), u64::MAX);
    }
}
