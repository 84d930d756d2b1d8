//! Boxes and arrows of lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::super::theme::Theme;
use super::text;
use crate::report::text_width::truncate_name;

/// Draws a frame with rounded corners, with a title in its lower border.
pub(super) fn draw_frame(theme: Theme, at: Rect, title: &str, style: Style, buf: &mut Buffer) {
    if at.width < 2 || at.height < 2 {
        return;
    }
    let (across, inner) = (theme.glyph("─", "-"), usize::from(at.width) - 2);
    let edge = |y: u16| Rect { y, height: 1, ..at };
    let top = format!("{}{}{}", theme.glyph("╭", "+"), across.repeat(inner), theme.glyph("╮", "+"));
    let bottom = format!("{}{}{}", theme.glyph("╰", "+"), across.repeat(inner), theme.glyph("╯", "+"));
    text::put_line(buf, edge(at.y), &top, style);
    text::put_line(buf, edge(at.bottom() - 1), &bottom, style);
    for y in at.y + 1..at.bottom() - 1 {
        for x in [at.x, at.right() - 1] {
            text::put_line(buf, Rect::new(x, y, 1, 1), theme.vertical_line(), style);
        }
    }
    if !title.is_empty() && inner > 4 {
        let title = format!(" {} ", truncate_name(title, inner - 4, theme.ellipsis()));
        let place = Rect { x: at.x + 2, width: at.width - 4, ..edge(at.bottom() - 1) };
        text::put_line(buf, place, &title, style);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
    Left,
    Right,
}

fn direction((ax, ay): (u16, u16), (bx, by): (u16, u16)) -> Direction {
    match (ax.cmp(&bx), ay.cmp(&by)) {
        (std::cmp::Ordering::Less, _) => Direction::Right,
        (std::cmp::Ordering::Greater, _) => Direction::Left,
        (_, std::cmp::Ordering::Greater) => Direction::Up,
        _ => Direction::Down,
    }
}

/// Draws an arrow along these points; its head is at the last one.
pub(super) fn draw_arrow(theme: Theme, points: &[(u16, u16)], style: Style, buf: &mut Buffer) {
    let mut put = |(x, y): (u16, u16), glyph: &str| {
        text::put_line(buf, Rect::new(x, y, 1, 1), glyph, style);
    };
    let mut before: Option<Direction> = None;
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let this = direction(from, to);
        let shaft = match this {
            Direction::Left | Direction::Right => theme.glyph("─", "-"),
            Direction::Up | Direction::Down => theme.glyph("│", "|"),
        };
        put(from, before.map_or(shaft, |before| corner(theme, before, this)));
        for x in from.0.min(to.0)..=from.0.max(to.0) {
            for y in from.1.min(to.1)..=from.1.max(to.1) {
                if (x, y) != from {
                    put((x, y), shaft);
                }
            }
        }
        before = Some(this);
    }
    if let (Some(last), Some(at)) = (before, points.last()) {
        put(*at, head(theme, last));
    }
}

fn head(theme: Theme, to: Direction) -> &'static str {
    match to {
        Direction::Up => theme.glyph("▲", "^"),
        Direction::Down => theme.glyph("▼", "v"),
        Direction::Left => theme.glyph("◀", "<"),
        Direction::Right => theme.glyph("▶", ">"),
    }
}

fn corner(theme: Theme, from: Direction, to: Direction) -> &'static str {
    let rounded = match (from, to) {
        (Direction::Right, Direction::Down) | (Direction::Up, Direction::Left) => "╮",
        (Direction::Right, Direction::Up) | (Direction::Down, Direction::Left) => "╯",
        (Direction::Left, Direction::Down) | (Direction::Up, Direction::Right) => "╭",
        _ => "╰",
    };
    theme.glyph(rounded, "+")
}
