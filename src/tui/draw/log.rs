//! What the run said on its standard error up to the moment that is shown, newest last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::theme::Theme;
use super::super::watch::{Pane, Watch};
use super::text;
use crate::scenario::clean;

pub(super) struct Log<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Log<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        // In the order of their arrival, which is nearly that of their time.
        let at = self.watch.figures.at;
        let log: Vec<_> =
            self.watch.shown().log().iter().filter(|line| self.watch.ago().is_none() || line.at <= at).collect();
        let height = usize::from(area.height);
        let back = if self.watch.pane == Pane::Log { self.watch.scroll } else { 0 };
        let first = log.len().saturating_sub(height).saturating_sub(back);
        for (i, line) in log.iter().skip(first).take(height).enumerate() {
            let at = text::line(area, i);
            let rest = text::put(buf, at, &format!("{:>8.3} s  ", line.at.secs()), self.theme.faint());
            text::put(buf, rest, &clean(&line.text), Style::new());
        }
    }
}
