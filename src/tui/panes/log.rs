//! The lines that the run wrote to its standard error, and the marks, up to the shown moment; the newest last.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::{Pane, RunView};
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::scenario::sanitize;
use crate::trace::Stamp;
use crate::trace::format::format_stamp;

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |_| "Log".into(),
    lines: |_| 12,
    draw: |view, theme, area, buf| LogPane { view, theme }.render(area, buf),
};

struct LogPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl Widget for LogPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let log = self.lines();
        let height = usize::from(area.height);
        let back = if self.view.pane == Pane::Log { self.view.scroll } else { 0 };
        let first = log.len().saturating_sub(height).saturating_sub(back);
        for (i, line) in log.iter().skip(first).take(height).enumerate() {
            let at = text::nth_line(area, i);
            let rest = text::put_line(buf, at, &format!("{:>10}  ", format_stamp(line.at)), self.theme.faint_style());
            text::put_line(buf, rest, &sanitize(&line.text), line.style);
        }
    }
}

/// A line of the pane.
struct LogPaneLine<'a> {
    at: Stamp,
    text: Cow<'a, str>,
    style: Style,
}

impl LogPane<'_> {
    /// Returns all lines up to the shown moment, in order of time.
    fn lines(&self) -> Vec<LogPaneLine<'_>> {
        let model = self.view.shown_model();
        let log = model.log().iter();
        let log = log.map(|line| LogPaneLine { at: line.at, text: Cow::Borrowed(&line.text), style: Style::new() });
        let marks = model.named_marks().into_iter().map(|mark| {
            let by = mark.worker.map_or("you", |worker| model.registry().worker_name(worker));
            let text = format!("{}{}  by {by}", self.theme.choice_mark(), mark.text);
            LogPaneLine { at: mark.at, text: Cow::Owned(text), style: self.theme.strong_style() }
        });
        let until = self.view.time_before_end().map(|_| self.view.figures.taken_at);
        let mut lines: Vec<_> = log.chain(marks).filter(|line| until.is_none_or(|until| line.at <= until)).collect();
        lines.retain(|line| self.view.matches_filter(&line.text));
        lines.sort_by_key(|line| line.at);
        lines
    }
}
