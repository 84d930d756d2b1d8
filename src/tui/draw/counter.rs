//! The row of a counter: its value, its expected value, and lost updates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::{LabelledNumber, RunScene};
use crate::model::Severity;
use crate::trace::format::{compact_percent, format_signed};
use crate::trace::{ResourceId, Span};

pub(super) const HEADS: [&str; 1] = ["lost"];

pub(super) struct CounterRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for CounterRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let parts = scene.split_row(line);
        scene.draw_name(parts.label, scene.view.shown_model().registry().resource_name(id), false, buf);
        let Some(figures) = scene.view.figures.counter(id) else { return };
        let lost = figures.lost.unwrap_or(0);
        let loud = if lost == 0 { Style::new() } else { scene.theme.severity_style(Severity::Error) };
        let columns = [
            ("value ", Some(figures.value), scene.theme.strong_style()),
            ("expected ", figures.expected(), Style::new()),
            ("lost ", figures.lost, loud),
            ("retries ", figures.failed_swaps, Style::new()),
        ];
        let shown = columns
            .into_iter()
            .filter_map(|(label, number, style)| Some(LabelledNumber { label, number: format_signed(number?), style }));
        scene.draw_numbers(parts.timeline, number_width(parts.timeline.width), shown, buf);
        let share = figures.expected().map(|due| Span(lost.unsigned_abs()).share_of(Span(due.unsigned_abs())));
        scene.draw_figures(parts.figures, &[(share.map_or_else(String::new, compact_percent), loud)], buf);
    }
}

/// Returns the columns for a number, so that all three fit if possible.
const fn number_width(line: u16) -> u16 {
    match line {
        ..40 => 7,
        40..60 => 9,
        _ => 14,
    }
}
