//! A counter's row: what it holds, what it should hold, and what was lost.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{cut, grouped, percent};
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
        let lost = figures.lost.unwrap_or(0);
        let loud = if lost == 0 { Style::new() } else { scene.theme.severity(Severity::Error) };
        let columns = [
            ("holds ", Some(figures.value), scene.theme.strong()),
            ("should hold ", figures.expected(), Style::new()),
            ("lost ", figures.lost, loud),
        ];
        let each = number_width(parts.time.width);
        let mut rest = parts.time;
        for (label, number, style) in columns {
            let Some(number) = number.filter(|_| usize::from(rest.width) >= label.len() + 3) else { break };
            rest = text::put(buf, rest, label, scene.theme.faint());
            let at = Rect { width: rest.width.min(each), ..rest };
            text::put(buf, at, &cut(&grouped(number), usize::from(at.width), scene.theme.dots()), style);
            rest = Rect { x: at.right(), width: rest.width - at.width, ..rest };
        }
        let share = figures.expected().map(|due| Span(lost.unsigned_abs()).share_of(Span(due.unsigned_abs())));
        scene.figures(parts.now, &[(share.map_or_else(String::new, percent), loud)], buf);
    }
}

/// Columns of a number, so that all three fit where they can.
const fn number_width(line: u16) -> u16 {
    match line {
        ..40 => 7,
        40..60 => 9,
        _ => 14,
    }
}
