//! The row of a counter: its value, its expected value, and lost updates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::{RunScene, text};
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
}
