//! Short texts at fixed places of a buffer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::report::text_width::truncate;

/// Writes one line into the first line of `at`, cut at its end, with this style alone. Returns the rest of that line.
pub(super) fn put_line(buf: &mut Buffer, at: Rect, text: &str, style: Style) -> Rect {
    let at = at.intersection(buf.area);
    if at.is_empty() {
        return Rect { width: 0, ..at };
    }
    #[cfg(test)]
    cuts::note(text, at.width);
    let style = Style::reset().patch(style); // nothing of the old style remains
    let (x, _) = buf.set_stringn(at.x, at.y, text, usize::from(at.width), style);
    Rect { x, width: at.right().saturating_sub(x), height: 1, ..at }
}

/// Writes the first text that fits into the first line of `at`; if none does, the last one, cut with an ellipsis.
pub(super) fn put_first_fitting(buf: &mut Buffer, at: Rect, texts: &[&str], ellipsis: &str, style: Style) {
    let width = usize::from(at.width);
    let fitting = texts.iter().find(|text| text.width() <= width);
    let text = fitting.map_or_else(
        || truncate(texts.last().copied().unwrap_or_default(), width, ellipsis),
        |text| (*text).to_owned(),
    );
    put_line(buf, at, &text, style);
}

/// Writes one right-aligned line; what does not fit is cut at its end.
pub(super) fn put_right(buf: &mut Buffer, at: Rect, text: &str, style: Style) {
    let pad = at.width.saturating_sub(u16::try_from(text.width()).unwrap_or(u16::MAX));
    put_line(buf, Rect { x: at.x + pad, width: at.width - pad, ..at }, text, style);
}

/// Writes a pane's title; returns the space below it, indented by one column.
pub(super) fn put_title(buf: &mut Buffer, at: Rect, title: &str, style: Style) -> Rect {
    let inner = Rect { x: at.x + at.width.min(1), width: at.width.saturating_sub(1), ..at };
    put_line(buf, inner, title, style);
    below_title(at)
}

/// Returns the space below a pane's title, indented by one column.
pub(super) fn below_title(at: Rect) -> Rect {
    let (x, width) = (at.x + at.width.min(1), at.width.saturating_sub(1));
    Rect { x, y: at.y + at.height.min(1), width, height: at.height.saturating_sub(1) }
}

/// Returns the `n`th line of `at`.
pub(super) fn nth_line(at: Rect, n: usize) -> Rect {
    let n = u16::try_from(n).unwrap_or(u16::MAX).min(at.height);
    Rect { y: at.y + n, height: (at.height - n).min(1), ..at }
}

/// The texts that did not fit, for the tests of whole screens.
#[cfg(test)]
pub(super) mod cuts {
    use std::cell::RefCell;

    use unicode_width::UnicodeWidthStr;

    thread_local! {
        static CUTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(text: &str, width: u16) {
        if text.trim_end().width() > usize::from(width) {
            CUTS.with_borrow_mut(|cuts| cuts.push(format!("{text:?} in {width} columns")));
        }
    }

    /// Returns the texts that were cut since the last call, each once.
    pub(in crate::tui) fn take() -> Vec<String> {
        let mut cuts = CUTS.take();
        cuts.sort();
        cuts.dedup();
        cuts
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Modifier};

    use super::*;

    #[test]
    fn text_keeps_no_style_of_what_was_there() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        buf.set_style(buf.area, Style::new().fg(Color::Red).bg(Color::Blue).add_modifier(Modifier::REVERSED));
        put_line(&mut buf, Rect::new(0, 0, 2, 1), "a", Style::new().fg(Color::Green));
        let (written, other) = (buf[(0, 0)].style(), buf[(1, 0)].style());
        assert_eq!((written.fg, written.bg), (Some(Color::Green), Some(Color::Reset)));
        assert!(written.add_modifier.is_empty() && other.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn text_outside_the_buffer_is_clipped() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        put_line(&mut buf, Rect::new(2, 0, 100, 1), "abcdef", Style::new());
        put_right(&mut buf, Rect::new(0, 9, 4, 1), "abcdef", Style::new());
        assert_eq!(buf, Buffer::with_lines(["  ab"]));
    }
}
