//! A ring of workers, each of which wants what the next one holds: boxes and arrows where they fit, else a list.
//!
//! ```text
//! ┌───────┐  wants b  ┌───────┐        two stand side by side, with an arrow each way; more go around: across at the
//! │ left  │ ────────▶ │ right │        top, down the right column, back up the left one
//! │ has a │ ◀──────── │ has b │
//! └───────┘  wants a  └───────┘
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

/// Lines of a box, and between two boxes of a column.
const BOX: u16 = 4;
const BETWEEN: u16 = 2;

pub(super) struct Link<'a> {
    pub(super) name: &'a str,
    pub(super) holds: &'a str,
    pub(super) wants: &'a str,
    /// Whom it waits for, where that is not the next one alone.
    pub(super) of: String,
    /// It stands in line for what it does not have yet.
    pub(super) in_line: bool,
}

pub(super) struct Ring<'a> {
    pub(super) links: &'a [Link<'a>],
    /// Whether each waits for the next one alone.
    pub(super) is_simple: bool,
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
    turn: "┘",
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
        match self.shape(area) {
            Shape::Pair => self.pair(area, buf),
            Shape::Round => self.round(area, buf),
            Shape::List => self.list(area, buf),
            Shape::Net => self.net(area, buf),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Pair,
    Round,
    List,
    /// Some wait for several others: a list without a way around.
    Net,
}

impl Ring<'_> {
    /// Lines it takes in this area.
    pub(super) fn height(&self, area: Rect) -> u16 {
        self.full_height(area).min(area.height)
    }

    /// Lines it would take without being cut.
    pub(super) fn full_height(&self, area: Rect) -> u16 {
        match self.shape(area) {
            Shape::Pair => BOX,
            Shape::Round => self.round_height(),
            Shape::List => u16::try_from(2 * self.links.len() + 1).unwrap_or(u16::MAX),
            Shape::Net => u16::try_from(2 * self.links.len()).unwrap_or(u16::MAX),
        }
    }

    fn shape(&self, area: Rect) -> Shape {
        let n = self.links.len();
        if !self.is_simple {
            return Shape::Net;
        }
        let width = 2 * self.box_width() + self.gap();
        if width > usize::from(area.width) || !(2..=MOST).contains(&n) {
            return Shape::List;
        }
        match n {
            2 if area.height >= BOX => Shape::Pair,
            3.. if area.height >= self.round_height() => Shape::Round,
            _ => Shape::List,
        }
    }

    const fn glyphs(&self) -> &'static Lines {
        if self.theme.unicode { &UNICODE } else { &ASCII }
    }

    /// Boxes in the right column; the left one has as many, or one more.
    fn in_right(&self) -> usize {
        self.links.len() / 2
    }

    fn round_height(&self) -> u16 {
        let rows = (self.links.len() - self.in_right()) as u16; // at most MOST
        rows * (BOX + BETWEEN) - BETWEEN
    }

    /// All boxes are as wide as the widest.
    fn box_width(&self) -> usize {
        let inner = self.links.iter().map(|l| l.name.width().max(l.holds.width() + 4)).max().unwrap_or(0);
        inner + 4
    }

    /// Columns between two boxes: an arrow and the longest `wants ...`.
    fn gap(&self) -> usize {
        self.links.iter().map(|l| l.wants.width() + 6).max().unwrap_or(0) + 3
    }

    /// Left edges of the two columns.
    fn columns(&self, area: Rect) -> [u16; 2] {
        [area.x, area.x.saturating_add((self.box_width() + self.gap()) as u16)]
    }

    fn style(&self) -> Style {
        self.theme.state(State::Lock)
    }

    fn one_box(&self, link: &Link<'_>, x: u16, y: u16, buf: &mut Buffer) {
        let inner = self.box_width() - 2;
        let edge = self.glyphs().across.repeat(inner);
        let [left_top, right_top, left_bottom, right_bottom] = self.glyphs().corners;
        let rows = [
            format!("{left_top}{edge}{right_top}"),
            format!("{v} {name:<w$} {v}", v = self.glyphs().down, name = link.name, w = inner - 2),
            format!("{v} has {holds:<w$} {v}", v = self.glyphs().down, holds = link.holds, w = inner - 6),
            format!("{left_bottom}{edge}{right_bottom}"),
        ];
        for (i, row) in rows.iter().enumerate() {
            let at = Rect::new(x, y.saturating_add(i as u16), self.box_width() as u16, 1);
            text::put(buf, at, row, Style::new());
        }
        let name = Rect::new(x.saturating_add(2), y.saturating_add(1), (inner - 2) as u16, 1);
        text::put(buf, name, link.name, self.theme.strong());
    }

    /// An arrow between two boxes of a row with what is wanted over it, or under it.
    fn across(&self, wants: &str, x: u16, y: u16, rightwards: bool, over: bool, buf: &mut Buffer) {
        let length = self.gap().saturating_sub(3);
        let shaft = self.glyphs().across.repeat(length);
        let arrow = if rightwards {
            format!("{shaft}{}", self.glyphs().right)
        } else {
            format!("{}{shaft}", self.glyphs().left)
        };
        let width = self.gap() as u16;
        text::put(buf, Rect::new(x.saturating_add(1), y, width, 1), &arrow, self.style());
        let label_y = if over { y.saturating_sub(1) } else { y.saturating_add(1) };
        text::put(buf, Rect::new(x.saturating_add(2), label_y, width, 1), &format!("wants {wants}"), Style::new());
    }

    fn pair(&self, area: Rect, buf: &mut Buffer) {
        for (link, x) in self.links.iter().zip(self.columns(area)) {
            self.one_box(link, x, area.y, buf);
        }
        let x = area.x.saturating_add(self.box_width() as u16);
        self.across(self.links[0].wants, x, area.y + 1, true, true, buf);
        self.across(self.links[1].wants, x, area.y + 2, false, false, buf);
    }

    fn round(&self, area: Rect, buf: &mut Buffer) {
        let (right, n) = (self.in_right(), self.links.len());
        let [left_x, right_x] = self.columns(area);
        let between_x = left_x.saturating_add(self.box_width() as u16);
        let y = |row: usize| area.y + row as u16 * (BOX + BETWEEN);
        for (i, link) in self.links.iter().enumerate() {
            let (x, row) = match i {
                0 => (left_x, 0),
                i if i <= right => (right_x, i - 1),
                i => (left_x, n - i),
            };
            self.one_box(link, x, y(row), buf);
            match i {
                0 => self.across(link.wants, between_x, y(0) + 1, true, true, buf),
                i if i < right => self.upright(link.wants, right_x, y(row) + BOX, self.glyphs().below, buf),
                i if i == right && n.is_multiple_of(2) => {
                    self.across(link.wants, between_x, y(row) + 2, false, false, buf);
                }
                i if i == right => self.corner(link.wants, between_x, right_x, y(row) + BOX, buf),
                _ => self.upright(link.wants, left_x, y(row) - BETWEEN, self.glyphs().up, buf),
            }
        }
    }

    /// An arrow between two boxes of a column, with what is wanted beside it.
    fn upright(&self, wants: &str, x: u16, y: u16, head: &str, buf: &mut Buffer) {
        let x = x.saturating_add(3);
        let glyphs = if head == self.glyphs().up { [head, self.glyphs().down] } else { [self.glyphs().down, head] };
        for (glyph, y) in glyphs.into_iter().zip(y..) {
            text::put(buf, Rect::new(x, y, 1, 1), glyph, self.style());
        }
        let room = (self.box_width() + self.gap()) as u16;
        text::put(buf, Rect::new(x.saturating_add(2), y, room, 1), &format!("wants {wants}"), Style::new());
    }

    /// From the last box of a shorter right column down and to the left.
    fn corner(&self, wants: &str, from_x: u16, right_x: u16, y: u16, buf: &mut Buffer) {
        let x = right_x.saturating_add(3);
        let turn_y = y + BETWEEN + 1;
        for y in y..turn_y {
            text::put(buf, Rect::new(x, y, 1, 1), self.glyphs().down, self.style());
        }
        let start = from_x.saturating_add(1);
        let shaft = self.glyphs().across.repeat(usize::from(x.saturating_sub(start + 1)));
        let arrow = format!("{}{shaft}{}", self.glyphs().left, self.glyphs().turn);
        text::put(buf, Rect::new(start, turn_y, x.saturating_sub(start) + 1, 1), &arrow, self.style());
        let label = Rect::new(start + 1, turn_y + 1, (self.gap() + self.box_width()) as u16, 1);
        text::put(buf, label, &format!("wants {wants}"), Style::new());
    }

    /// One under the other, each with whom it waits for.
    fn net(&self, area: Rect, buf: &mut Buffer) {
        for (i, link) in self.links.iter().enumerate() {
            let rest = text::put(buf, text::line(area, 2 * i), link.name, self.theme.strong());
            let has = if link.in_line { "in line for" } else { "has" };
            text::put(buf, rest, &format!(" {has} {}", link.holds), Style::new());
            let [_, _, bottom, _] = self.glyphs().corners;
            let arrow = format!("  {bottom}{}{} ", self.glyphs().across, self.glyphs().right);
            let rest = text::put(buf, text::line(area, 2 * i + 1), &arrow, self.style());
            text::put(buf, rest, &format!("wants {} of {}", link.wants, link.of), Style::new());
        }
    }

    /// One under the other; the rule at the left leads from the last back to the first.
    fn list(&self, area: Rect, buf: &mut Buffer) {
        let last = self.links.len().saturating_sub(1);
        for (i, link) in self.links.iter().enumerate() {
            let [top, _, bottom, _] = self.glyphs().corners;
            let rule = match i {
                0 => format!("{top}{} ", self.glyphs().right),
                _ if i == last => format!("{bottom}{} ", self.glyphs().across),
                _ => format!("{}  ", self.glyphs().down),
            };
            let rest = text::put(buf, text::line(area, 2 * i), &rule, self.style());
            let rest = text::put(buf, rest, link.name, self.theme.strong());
            text::put(buf, rest, &format!(" has {}", link.holds), Style::new());
            if i < last {
                let arrow = format!("{}    {} ", self.glyphs().down, self.glyphs().below);
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
