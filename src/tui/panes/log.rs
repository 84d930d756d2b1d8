//! The lines that the run wrote to its standard error up to the shown moment, the newest last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::{Pane, RunView};
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::scenario::sanitize;
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
        // In the order of their arrival, which is nearly that of their time.
        let at = self.view.figures.taken_at;
        let log: Vec<_> = self
            .view
            .shown_model()
            .log()
            .iter()
            .filter(|line| self.view.time_before_end().is_none() || line.at <= at)
            .collect();
        let height = usize::from(area.height);
        let back = if self.view.pane == Pane::Log { self.view.scroll } else { 0 };
        let first = log.len().saturating_sub(height).saturating_sub(back);
        for (i, line) in log.iter().skip(first).take(height).enumerate() {
            let at = text::nth_line(area, i);
            let rest = text::put_line(buf, at, &format!("{:>10}  ", format_stamp(line.at)), self.theme.faint_style());
            text::put_line(buf, rest, &sanitize(&line.text), Style::new());
        }
    }
}
