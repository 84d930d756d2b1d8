//! The help: the table of keys, as it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::keys::{self, KeyContext};
use super::super::theme::Theme;
use super::overlay;
use crate::report::text_width::wrap_text;

pub(super) struct HelpOverlay {
    pub(super) context: KeyContext,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

/// Columns of the keys' names.
const KEYS_WIDTH: usize = 14;

/// What the heads over the figures at the right mean.
const FIGURE_MEANINGS: [(&str, &str); 6] = [
    ("run, lock ...", "share of the time in sight that the worker spent in this state; hand: handing over, rdy: ready"),
    ("cont", "how many of those who came for the lock so far had to wait"),
    ("w.p99", "99 of 100 waits for the lock were no longer than this"),
    ("held  hold", "share of the time in sight that somebody held the lock; how long on average"),
    ("grows  top", "items a second by which the queue grows; the top of its scale"),
    ("load", "how busy the whole machine keeps the core, other programs too"),
];

impl Widget for HelpOverlay {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let at = overlay::centered(area, 92, area.height);
        let width = at.width.saturating_sub(4 + KEYS_WIDTH as u16);
        let mut lines = Vec::new();
        for binding in keys::bindings_in(self.context) {
            let mut names = binding.key_names();
            for line in wrap_text(binding.help, width) {
                lines.push((format!("{:<KEYS_WIDTH$}{line}", std::mem::take(&mut names)), Style::new()));
            }
        }
        lines.push((String::new(), Style::new()));
        let mouse = match self.context {
            KeyContext::Tune => {
                "mouse: click chooses a level, in its line or in the curve; again in its line: its timeline"
            }
            _ => "mouse: click chooses a row and sets the cursor, drag moves the window, wheel zooms or scrolls",
        };
        lines.extend(wrap_text(mouse, at.width.saturating_sub(4)).into_iter().map(|l| (l, self.theme.faint_style())));
        if matches!(self.context, KeyContext::LiveRun | KeyContext::RecordedRun) {
            lines.push((String::new(), Style::new()));
            for (head, means) in FIGURE_MEANINGS {
                let mut head = head;
                for line in wrap_text(means, width) {
                    lines.push((format!("{:<KEYS_WIDTH$}{line}", std::mem::take(&mut head)), Style::new()));
                }
            }
        }
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3);
        let inner = overlay::draw_frame("Keys", self.theme, overlay::centered(area, at.width, height), buf);
        overlay::draw_scrolled(&lines, self.scroll, inner, self.theme, buf);
    }
}
