//! A counter's row: what it holds, what it should hold, and what was lost.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{grouped, percent};
use super::{Scene, text};
use crate::model::Severity;
use crate::trace::{ResourceId, Span};

pub(super) const HEADS: [&str; 1] = ["lost"];

pub(super) struct CounterRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) id: ResourceId,
}

impl Widget for CounterRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, id } = self;
        let parts = scene.parts(line);
        scene.who(parts.who, scene.watch.shown().cast().resource_name(id), false, buf);
        let Some(figures) = scene.watch.figures.counter(id) else { return };
        let wrong = figures.lost != 0;
        let loud = if wrong { scene.theme.severity(Severity::Error) } else { Style::new() };
        let columns = [
            ("holds ", grouped(figures.value), scene.theme.strong()),
            ("should hold ", grouped(figures.expected), Style::new()),
            ("lost ", grouped(figures.lost), loud),
        ];
        let mut rest = parts.time;
        for (label, number, style) in columns {
            rest = text::put(buf, rest, label, scene.theme.faint());
            let columns = if parts.time.width < 60 { 9 } else { 14 };
            let number_at = Rect { width: rest.width.min(columns), ..rest };
            text::put(buf, number_at, &number, style);
            rest = Rect { x: number_at.right(), width: rest.width - number_at.width, ..rest };
        }
        let share = Span(figures.lost.unsigned_abs()).share_of(Span(figures.expected.unsigned_abs()));
        scene.figures(parts.now, &[(percent(share), loud)], buf);
    }
}
