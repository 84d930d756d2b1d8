//! The help overlay, made from the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::keys::{self, KeyContext};
use super::super::panes::PANES;
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

/// Meaning of the headings over the figures at the right.
const FIGURE_MEANINGS: [(&str, &str); 6] = [
    ("run, lock ...", "share of the visible time that the worker spent in this state; hand: handing over, rdy: ready"),
    ("cont", "share of the requests for the lock that had to wait"),
    ("w.p99", "99th percentile of the waits for the lock"),
    ("held  hold", "share of the visible time in which the lock was held; mean time of a hold"),
    ("grows  top", "items per second by which the queue grows; the top of its scale"),
    ("load", "how busy the core is, with other programs included"),
];

impl Widget for HelpOverlay {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let at = overlay::centered(area, 92, area.height);
        let lines = self.lines(at.width.saturating_sub(4));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3);
        let inner = overlay::draw_frame("Keys", self.theme, overlay::centered(area, at.width, height), buf);
        overlay::draw_scrolled(&lines, self.scroll, inner, self.theme, buf);
    }
}

impl HelpOverlay {
    fn lines(&self, width: u16) -> Vec<(String, Style)> {
        let mut lines = Vec::new();
        for binding in keys::bindings_in(self.context) {
            push_entry(&mut lines, &binding.key_names(), binding.help, width);
        }
        let is_run = self.context.is_run();
        let mouse = match self.context {
            KeyContext::Tune => "Mouse: click a level to choose it; click it again in the table to open its timeline",
            KeyContext::Replay => {
                "Mouse: click the axis to jump there, drag along it to play by hand; click chooses a row and sets the cursor, \
                 drag moves the window, wheel zooms or scrolls"
            }
            _ => "Mouse: click chooses a row and sets the cursor, drag moves the window, wheel zooms or scrolls",
        };
        let panes: Vec<&str> = PANES.iter().map(|spec| spec.name).collect();
        let panes = is_run.then(|| format!("Panes: {}", panes.join(", ")));
        lines.push((String::new(), Style::new()));
        for text in panes.as_deref().into_iter().chain([mouse]) {
            lines.extend(wrap_text(text, width).into_iter().map(|line| (line, self.theme.faint_style())));
        }
        if is_run {
            lines.push((String::new(), Style::new()));
            for (head, meaning) in FIGURE_MEANINGS {
                push_entry(&mut lines, head, meaning, width);
            }
        }
        lines
    }
}

/// Adds a label and its text, wrapped beside it.
fn push_entry(lines: &mut Vec<(String, Style)>, label: &str, text: &str, width: u16) {
    let mut label = label;
    for line in wrap_text(text, width.saturating_sub(KEYS_WIDTH as u16)) {
        lines.push((format!("{:<KEYS_WIDTH$}{line}", std::mem::take(&mut label)), Style::new()));
    }
}
