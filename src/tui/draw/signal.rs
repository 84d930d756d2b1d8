//! The row of a condition, an event, a barrier, a wait group or a latch: who waits there, and what its signals did.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::{LabelledNumber, RunScene};
use crate::trace::ResourceId;
use crate::trace::format::compact_count;

pub(super) const HEADS: [&str; 1] = ["unused"];

/// Columns of a number.
const NUMBER_WIDTH: u16 = 6;

pub(super) struct SignalRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for SignalRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let parts = scene.split_row(line);
        scene.draw_name(parts.label, scene.view.shown_model().registry().resource_name(id), false, buf);
        let Some(figures) = scene.view.figures.signal(id) else { return };
        let waiting = if figures.waiters > 0 { scene.theme.strong_style() } else { Style::new() };
        let columns = [
            ("waiting ", Some(figures.waiters), waiting),
            ("count ", figures.count.map(u64::from), Style::new()),
            ("sent ", Some(figures.sent), Style::new()),
            ("woken ", Some(figures.woken), Style::new()),
            ("gave up ", Some(figures.gave_up), Style::new()),
        ];
        let shown = columns
            .into_iter()
            .filter_map(|(label, number, style)| Some(LabelledNumber { label, number: compact_count(number?), style }));
        scene.draw_numbers(parts.timeline, NUMBER_WIDTH, shown, buf);
        scene.draw_figures(parts.figures, &[(compact_count(figures.unused), Style::new())], buf);
    }
}
