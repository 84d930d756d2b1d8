//! That nobody would give the terminal back if we were killed: at the right of the first line of screens other than a run's,
//! which says it among its figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::theme::Theme;
use super::text;
use crate::model::Severity;

/// The word for it.
pub(super) const UNGUARDED_WORD: &str = "unguarded";

/// Says it in a line, if it is so and there is room; what is left of the line.
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
