//! Names of workers in panes, with the mark of their identity before them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::super::theme::Theme;
use super::text;
use crate::report::text_width::truncate_name;
use crate::trace::WorkerId;

/// Columns of the mark.
pub(super) const MARK_WIDTH: u16 = 1;

/// Draws the mark of a worker's identity. Returns the rest of the line.
pub(super) fn put_mark(buf: &mut Buffer, at: Rect, theme: Theme, worker: WorkerId) -> Rect {
    text::put_line(buf, at, theme.identity_mark(), theme.identity_style(worker.index()))
}

/// Draws a worker's mark and its name in this many columns. Returns the rest of the line.
pub(super) fn put_worker(
    buf: &mut Buffer,
    at: Rect,
    theme: Theme,
    (worker, name): (WorkerId, &str),
    name_width: usize,
) -> Rect {
    let rest = put_mark(buf, at, theme, worker);
    let name = truncate_name(name, name_width, theme.ellipsis());
    let pad = " ".repeat(name_width.saturating_sub(name.width()));
    text::put_line(buf, rest, &format!("{name}{pad}"), theme.strong_style())
}
