//! The active filter of a run, at the left of its legend.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::keys::with_keys;
use super::super::theme::{Role, Theme};
use super::text;
use crate::report::text_width::truncate;

/// Most columns of a filter.
const MAX_WIDTH: usize = 24;

/// Draws the filter, if there is one, and the key that clears it. Returns the rest of the line.
pub(super) fn draw_filter(theme: Theme, filter: &str, line: Rect, buf: &mut Buffer) -> Rect {
    if filter.is_empty() {
        return line;
    }
    let words = format!(" / {} ", truncate(filter, MAX_WIDTH, theme.ellipsis()));
    let rest = text::put_line(buf, line, &words, theme.pill_style(Role::Tab));
    let rest = text::put_line(buf, rest, &with_keys(" {back}"), theme.strong_style());
    let rest = text::put_line(buf, rest, " shows all", theme.faint_style());
    text::put_line(buf, rest, "   ", Style::new())
}
