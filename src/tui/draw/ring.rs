//! A ring of workers, each of which wants what the next one holds: boxes and arrows where they fit, else a list.
//!
//! ```text
//! ┌──────┐  wants b  ┌───────┐        boxes go around: the upper row to the right, the lower row back to the left;
//! │ left │ ────────▶ │ right │        two stand side by side with an arrow each way
//! │ has a│ ◀──────── │ has b │
//! └──────┘  wants a  └───────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::theme::Theme;
use super::text;
use crate::trace::State;

/// Most members that are drawn as boxes.
const MOST: usize = 8;

/// Lines of a box, and between the two rows of boxes.
const BOX: u16 = 4;
const BETWEEN: u16 = 3;

pub(super) struct Link<'a> {
    pub(super) name: &'a str,
    pub(super) holds: &'a str,
    pub(super) wants: &'a str,
}

pub(super) struct Ring<'a> {
    pub(super) links: &'a [Link<'a>],
    pub(super) theme: Theme,
}

/// The glyphs of boxes and arrows.
struct Lines {
    corners: [&'static str; 4],
    across: &'static str,
    down: &'static str,
    right: &'static str,
    left: &'static str,
    up: &'static str,
    below: &'static str,
    turn: &'static str,
}

const UNICODE: Lines = Lines {
    corners: ["┌", "┐", "└", "┘"],
    across: "─",
    down: "│",
    right: "▶",
    left: "◀",
    up: "▲",
    below: "▼",
    turn: "└",
};

const ASCII: Lines = Lines {
    corners: ["+", "+", "+", "+"],
    across: "-",
    down: "|",
    right: ">",
    left: "<",
    up: "^",
    below: "v",
    turn: "+",
};

impl Widget for Ring<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let lines = if self.theme.unicode { &UNICODE } else { &ASCII };
        match self.shape(area) {
            Shape::Pair => self.pair(lines, area, buf),
            Shape::Round => self.round(lines, area, buf),
            Shape::List => self.list(lines, area, buf),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Pair,
    Round,
    List,
}

impl Ring<'_> {
    /// Lines it takes in this area.
    pub(super) fn height(&self, area: Rect) -> u16 {
        let height = match self.shape(area) {
            Shape::Pair => BOX,
            Shape::Round => 2 * BOX + BETWEEN,
            Shape::List => u16::try_from(2 * self.links.len() + 1).unwrap_or(u16::MAX),
        };
        height.min(area.height)
    }

    fn shape(&self, area: Rect) -> Shape {
        let (upper, n) = (self.upper(), self.links.len());
        let width = self.box_width() * upper + self.gap() * (upper.saturating_sub(1));
        if width > usize::from(area.width) || !(2..=MOST).contains(&n) {
            return Shape::List;
        }
        match n {
            2 if area.height >= BOX => Shape::Pair,
            3.. if area.height >= 2 * BOX + BETWEEN => Shape::Round,
            _ => Shape::List,
        }
    }

    /// Boxes in the upper row.
    fn upper(&self) -> usize {
        if self.links.len() == 2 { 2 } else { self.links.len().div_ceil(2) }
    }

    /// All boxes are as wide as the widest.
    fn box_width(&self) -> usize {
        let inner = self.links.iter().map(|l| l.name.width().max(l.holds.width() + 4)).max().unwrap_or(0);
        inner + 4
    }

    /// Columns between two boxes: an arrow and the longest `wants ...`.
    fn gap(&self) -> usize {
        self.links.iter().map(|l| l.wants.width() + 6).max().unwrap_or(0) + 4
    }

    /// Left edge of the `i`th column of boxes.
    fn x(&self, area: Rect, i: usize) -> u16 {
        area.x.saturating_add((i * (self.box_width() + self.gap())) as u16)
    }

    fn style(&self) -> Style {
        self.theme.state(State::Lock)
    }

    fn one_box(&self, link: &Link<'_>, x: u16, y: u16, lines: &Lines, buf: &mut Buffer) {
        let inner = self.box_width() - 2;
        let edge = lines.across.repeat(inner);
        let [a, b, c, d] = lines.corners;
        let rows = [
            format!("{a}{edge}{b}"),
            format!("{v} {name:<w$} {v}", v = lines.down, name = link.name, w = inner - 2),
            format!("{v} has {holds:<w$} {v}", v = lines.down, holds = link.holds, w = inner - 6),
            format!("{c}{edge}{d}"),
        ];
        for (i, row) in rows.iter().enumerate() {
            let at = Rect::new(x, y.saturating_add(i as u16), self.box_width() as u16, 1);
            text::put(buf, at, row, Style::new());
        }
        let name = Rect::new(x.saturating_add(2), y.saturating_add(1), (inner - 2) as u16, 1);
        text::put(buf, name, link.name, self.theme.strong());
    }

    /// An arrow between two boxes of a row with what is wanted over it, or under it.
    fn across(&self, wants: &str, x: u16, y: u16, rightwards: bool, lines: &Lines, over: bool, buf: &mut Buffer) {
        let length = self.gap().saturating_sub(3);
        let shaft = lines.across.repeat(length);
        let arrow = if rightwards { format!("{shaft}{}", lines.right) } else { format!("{}{shaft}", lines.left) };
        let width = self.gap() as u16;
        text::put(buf, Rect::new(x.saturating_add(1), y, width, 1), &arrow, self.style());
        let label_y = if over { y.saturating_sub(1) } else { y.saturating_add(1) };
        text::put(buf, Rect::new(x.saturating_add(2), label_y, width, 1), &format!("wants {wants}"), Style::new());
    }

    fn pair(&self, lines: &Lines, area: Rect, buf: &mut Buffer) {
        for (i, link) in self.links.iter().enumerate() {
            self.one_box(link, self.x(area, i), area.y, lines, buf);
        }
        let x = area.x.saturating_add(self.box_width() as u16);
        self.across(self.links[0].wants, x, area.y + 1, true, lines, true, buf);
        self.across(self.links[1].wants, x, area.y + 2, false, lines, false, buf);
    }

    fn round(&self, lines: &Lines, area: Rect, buf: &mut Buffer) {
        let (upper, n) = (self.upper(), self.links.len());
        let lower_y = area.y + BOX + BETWEEN;
        let width = self.box_width() as u16;
        for (i, link) in self.links.iter().enumerate() {
            let (column, y) = if i < upper { (i, area.y) } else { (2 * upper - 1 - i, lower_y) };
            self.one_box(link, self.x(area, column), y, lines, buf);
            let to_right = i + 1 < upper;
            let to_left = i >= upper && i + 1 < n;
            if to_right {
                self.across(link.wants, self.x(area, column).saturating_add(width), y + 2, true, lines, true, buf);
            } else if to_left {
                self.across(link.wants, self.x(area, column - 1).saturating_add(width), y + 2, false, lines, true, buf);
            }
        }
        let right_x = self.x(area, upper - 1);
        self.upright(self.links[upper - 1].wants, right_x, area.y + BOX, lines.below, lines, buf);
        let last = &self.links[n - 1];
        if n.is_multiple_of(2) {
            self.upright(last.wants, area.x, area.y + BOX, lines.up, lines, buf);
        } else {
            self.around_the_corner(last.wants, area, lower_y, lines, buf);
        }
    }

    /// An arrow between the rows, with what is wanted beside it.
    fn upright(&self, wants: &str, x: u16, y: u16, head: &str, lines: &Lines, buf: &mut Buffer) {
        let x = x.saturating_add(3);
        let upwards = head == lines.up;
        for i in 0..BETWEEN {
            let tip = if upwards { i == 0 } else { i + 1 == BETWEEN };
            let glyph = if tip { head } else { lines.down };
            text::put(buf, Rect::new(x, y + i, 1, 1), glyph, self.style());
        }
        let room = self.box_width() as u16 + self.gap() as u16;
        text::put(buf, Rect::new(x.saturating_add(2), y + 1, room, 1), &format!("wants {wants}"), Style::new());
    }

    /// From the last box of a shorter lower row back to the first box of the upper one.
    fn around_the_corner(&self, wants: &str, area: Rect, lower_y: u16, lines: &Lines, buf: &mut Buffer) {
        let x = area.x.saturating_add(3);
        let y = lower_y + 2;
        for row in area.y + BOX..y {
            let glyph = if row == area.y + BOX { lines.up } else { lines.down };
            text::put(buf, Rect::new(x, row, 1, 1), glyph, self.style());
        }
        let until = self.x(area, 1).saturating_sub(1);
        let shaft = format!("{}{}", lines.turn, lines.across.repeat(usize::from(until.saturating_sub(x + 1))));
        text::put(buf, Rect::new(x, y, until.saturating_sub(x), 1), &shaft, self.style());
        let room = until.saturating_sub(x + 2);
        text::put(buf, Rect::new(x + 2, y - 1, room, 1), &format!("wants {wants}"), Style::new());
    }

    /// One under the other; the rule at the left leads from the last back to the first.
    fn list(&self, lines: &Lines, area: Rect, buf: &mut Buffer) {
        let last = self.links.len().saturating_sub(1);
        for (i, link) in self.links.iter().enumerate() {
            let [a, _, c, _] = lines.corners;
            let rule = match i {
                0 => format!("{a}{} ", lines.right),
                _ if i == last => format!("{c}{} ", lines.across),
                _ => format!("{}  ", lines.down),
            };
            let rest = text::put(buf, text::line(area, 2 * i), &rule, self.style());
            let rest = text::put(buf, rest, link.name, self.theme.strong());
            text::put(buf, rest, &format!(" has {}", link.holds), Style::new());
            if i < last {
                let arrow = format!("{}    {} ", lines.down, lines.below);
                let rest = text::put(buf, text::line(area, 2 * i + 1), &arrow, self.style());
                text::put(buf, rest, &format!("wants {}", link.wants), Style::new());
            } else {
                let wants = text::line(area, 2 * i + 1);
                text::put(
                    buf,
                    wants,
                    &format!("     wants {}, which {} has", link.wants, self.links[0].name),
                    Style::new(),
                );
            }
        }
    }
}
