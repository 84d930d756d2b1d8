//! A framed text over the picture, which scrolls.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};

use super::super::keys::with_keys;
use super::super::theme::Theme;
use super::text;
use crate::trace::format::compact_counted;

pub(super) struct Overlay<'a> {
    pub(super) title: &'a str,
    pub(super) lines: Vec<(String, Style)>,
    pub(super) scroll: usize,
    pub(super) theme: Theme,
}

/// Columns of an overlay on a screen wide enough.
pub(super) const OVERLAY_WIDTH: u16 = 100;

/// Draws the frame of an overlay; returns the space inside.
pub(super) fn draw_frame(title: &str, theme: Theme, area: Rect, buf: &mut Buffer) -> Rect {
    Clear.render(area, buf);
    let mut block = Block::bordered()
        .title(format!(" {title} "))
        .border_style(theme.faint_style())
        .title_style(theme.strong_style());
    if !theme.has_unicode {
        block = block.border_set(ASCII);
    }
    let inner = block.inner(area);
    block.render(area, buf);
    Rect { x: inner.x + inner.width.min(1), width: inner.width.saturating_sub(2), ..inner }
}

const ASCII: ratatui::symbols::border::Set<'_> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Returns an area in the middle of the screen, or all of a small screen.
pub(super) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

impl Widget for Overlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let lines = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        let at = centered(area, OVERLAY_WIDTH, lines.saturating_add(3));
        let inner = draw_frame(self.title, self.theme, at, buf);
        draw_scrolled(&self.lines, self.scroll, inner, self.theme, buf);
    }
}

/// Draws as many lines as fit from `scroll` on; the last line tells how to see the rest.
pub(super) fn draw_scrolled(lines: &[(String, Style)], scroll: usize, area: Rect, theme: Theme, buf: &mut Buffer) {
    let height = usize::from(area.height.saturating_sub(1));
    let first = scroll.min(lines.len().saturating_sub(height));
    for (i, (line, style)) in lines.iter().skip(first).take(height).enumerate() {
        text::put_line(buf, text::nth_line(area, i), line, *style);
    }
    let below = lines.len().saturating_sub(first + height);
    let more =
        if below > 0 { format!("{{down}}: {}    ", compact_counted(below as u64, "more line")) } else { String::new() };
    let keys = with_keys(&format!("{more}{{back}}: close"));
    text::put_right(buf, text::nth_line(area, height), &keys, theme.faint_style());
}

pub(super) fn plain_lines(text: &str) -> Vec<(String, Style)> {
    text.lines().map(|line| (line.replace('\t', "    "), Style::new())).collect()
}
