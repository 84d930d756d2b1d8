//! The overlay that says in sentences what the chosen worker or lock does at the shown moment, and why, or what the
//! chosen finding means.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::explain::explain_selection;
use super::super::keys::with_keys;
use super::super::run_view::{PlayState, RunView};
use super::super::theme::Theme;
use super::overlay::{OVERLAY_WIDTH, Overlay, centered};
use crate::report::text_width::wrap_text;

pub(super) struct ExplainOverlay<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

impl Widget for ExplainOverlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some((title, sentences)) = explain_selection(self.view) else { return };
        let width = centered(area, OVERLAY_WIDTH, 0).width.saturating_sub(4);
        let mut lines: Vec<(String, Style)> = Vec::new();
        for sentence in &sentences {
            lines.extend(wrap_text(sentence, width).into_iter().map(|line| (line, Style::new())));
        }
        lines.push((String::new(), Style::new()));
        let keys = match self.view.play_state() {
            PlayState::SlowMotion => {
                "{previous-step} and {next-step} go a step back and on; {play-pause} pauses and plays; {help} lists the keys"
            }
            PlayState::Played => {
                "{cursor-earlier} and {cursor-later} move the cursor; {previous-event} and {next-event} go to events of this \
                 row; {help} lists the keys"
            }
            _ => {
                "{cursor-earlier} and {cursor-later} move the cursor; {event-earlier} and {event-later} go to events of this row; \
                 {help} lists the keys"
            }
        };
        lines.extend(wrap_text(&with_keys(keys), width).into_iter().map(|line| (line, self.theme.faint_style())));
        Overlay { title: &title, lines, scroll: self.scroll, theme: self.theme }.render(area, buf);
    }
}
