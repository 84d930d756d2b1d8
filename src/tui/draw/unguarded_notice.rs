//! The notice that no guardian would restore the terminal if this process were killed, at the right of the first line
//! of every screen but a run's, which shows it in its header.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::theme::Theme;
use super::text;
use crate::model::Severity;

/// The text of the notice.
pub(super) const UNGUARDED_WORD: &str = "unguarded";

/// Draws the notice if needed and if there is room; returns the rest of the line.
pub(super) fn draw_notice(unguarded: bool, theme: Theme, line: Rect, buf: &mut Buffer) -> Rect {
    let width = UNGUARDED_WORD.len() as u16 + 2;
    if !unguarded || line.width < width {
        return line;
    }
    let rest = Rect { width: line.width - width, ..line };
    text::put_line(
        buf,
        Rect { x: rest.right(), width, ..line },
        UNGUARDED_WORD,
        theme.severity_style(Severity::Warning),
    );
    rest
}
