//! The ring of a deadlock, in which each worker wants a lock that the next one holds: boxes and arrows, or a list.
//!
//! ```text
//! ┌───────┐  wants b  ┌───────┐        two are side by side, with an arrow each way; more go around: across at the
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
const MAX_BOXES: usize = 8;

/// Lines of a box, and between two boxes of a column.
const BOX_HEIGHT: u16 = 4;
const BOX_GAP: u16 = 2;

pub(super) struct RingMember<'a> {
    pub(super) name: &'a str,
    pub(super) held_lock: &'a str,
    pub(super) wanted_lock: &'a str,
    /// The workers it waits for, if not the next member alone.
    pub(super) waits_for: String,
    /// Whether it is queued for the lock that it does not have yet.
    pub(super) is_queued: bool,
}

pub(super) struct RingWidget<'a> {
    pub(super) members: &'a [RingMember<'a>],
    /// Whether each waits for the next one alone.
    pub(super) is_simple: bool,
    pub(super) theme: Theme,
}

/// The glyphs of boxes and arrows.
struct RingGlyphs {
    corners: [&'static str; 4],
    across: &'static str,
    down: &'static str,
    right: &'static str,
    left: &'static str,
    up: &'static str,
    below: &'static str,
    turn: &'static str,
}

const UNICODE: RingGlyphs = RingGlyphs {
    corners: ["┌", "┐", "└", "┘"],
    across: "─",
    down: "│",
    right: "▶",
    left: "◀",
    up: "▲",
    below: "▼",
    turn: "┘",
};

const ASCII: RingGlyphs = RingGlyphs {
    corners: ["+", "+", "+", "+"],
    across: "-",
    down: "|",
    right: ">",
    left: "<",
    up: "^",
    below: "v",
    turn: "+",
};

impl Widget for RingWidget<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        match self.shape(area) {
            RingShape::Pair => self.draw_pair(area, buf),
            RingShape::Circle => self.draw_circle(area, buf),
            RingShape::List => self.draw_list(area, buf),
            RingShape::Mesh => self.draw_mesh(area, buf),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RingShape {
    Pair,
    Circle,
    List,
    /// A list without an order, because some wait for several others.
    Mesh,
}

impl RingWidget<'_> {
    /// Returns the lines it takes in this area.
    pub(super) fn height(&self, area: Rect) -> u16 {
        self.full_height(area).min(area.height)
    }

    /// Returns the lines it would take without being cut.
    pub(super) fn full_height(&self, area: Rect) -> u16 {
        match self.shape(area) {
            RingShape::Pair => BOX_HEIGHT,
            RingShape::Circle => self.circle_height(),
            RingShape::List => u16::try_from(2 * self.members.len() + 1).unwrap_or(u16::MAX),
            RingShape::Mesh => u16::try_from(2 * self.members.len()).unwrap_or(u16::MAX),
        }
    }

    fn shape(&self, area: Rect) -> RingShape {
        let n = self.members.len();
        if !self.is_simple {
            return RingShape::Mesh;
        }
        let width = 2 * self.box_width() + self.arrow_width();
        if width > usize::from(area.width) || !(2..=MAX_BOXES).contains(&n) {
            return RingShape::List;
        }
        match n {
            2 if area.height >= BOX_HEIGHT => RingShape::Pair,
            3.. if area.height >= self.circle_height() => RingShape::Circle,
            _ => RingShape::List,
        }
    }

    const fn glyphs(&self) -> &'static RingGlyphs {
        if self.theme.has_unicode { &UNICODE } else { &ASCII }
    }

    /// Returns the number of boxes in the right column; the left one has as many, or one more.
    fn right_column_len(&self) -> usize {
        self.members.len() / 2
    }

    fn circle_height(&self) -> u16 {
        let rows = (self.members.len() - self.right_column_len()) as u16; // at most `MAX_BOXES`
        rows * (BOX_HEIGHT + BOX_GAP) - BOX_GAP
    }

    /// Returns the width of every box, which is that of the widest.
    fn box_width(&self) -> usize {
        let inner = self.members.iter().map(|l| l.name.width().max(l.held_lock.width() + 4)).max().unwrap_or(0);
        inner + 4
    }

    /// Returns the columns between two boxes: an arrow and the longest `wants ...`.
    fn arrow_width(&self) -> usize {
        self.members.iter().map(|l| l.wanted_lock.width() + 6).max().unwrap_or(0) + 3
    }

    /// Returns the left edges of the two columns.
    fn column_edges(&self, area: Rect) -> [u16; 2] {
        [area.x, area.x.saturating_add((self.box_width() + self.arrow_width()) as u16)]
    }

    fn style(&self) -> Style {
        self.theme.state_style(State::Lock)
    }

    fn draw_box(&self, link: &RingMember<'_>, x: u16, y: u16, buf: &mut Buffer) {
        let inner = self.box_width() - 2;
        let edge = self.glyphs().across.repeat(inner);
        let [left_top, right_top, left_bottom, right_bottom] = self.glyphs().corners;
        let rows = [
            format!("{left_top}{edge}{right_top}"),
            format!("{v} {name:<w$} {v}", v = self.glyphs().down, name = link.name, w = inner - 2),
            format!("{v} has {holds:<w$} {v}", v = self.glyphs().down, holds = link.held_lock, w = inner - 6),
            format!("{left_bottom}{edge}{right_bottom}"),
        ];
        for (i, row) in rows.iter().enumerate() {
            let at = Rect::new(x, y.saturating_add(i as u16), self.box_width() as u16, 1);
            text::put_line(buf, at, row, Style::new());
        }
        let name = Rect::new(x.saturating_add(2), y.saturating_add(1), (inner - 2) as u16, 1);
        text::put_line(buf, name, link.name, self.theme.strong_style());
    }

    /// Draws an arrow between two boxes of a row, with the wanted lock over or under it.
    fn draw_horizontal_arrow(&self, wants: &str, x: u16, y: u16, rightwards: bool, over: bool, buf: &mut Buffer) {
        let length = self.arrow_width().saturating_sub(3);
        let shaft = self.glyphs().across.repeat(length);
        let arrow = if rightwards {
            format!("{shaft}{}", self.glyphs().right)
        } else {
            format!("{}{shaft}", self.glyphs().left)
        };
        let width = self.arrow_width() as u16;
        text::put_line(buf, Rect::new(x.saturating_add(1), y, width, 1), &arrow, self.style());
        let label_y = if over { y.saturating_sub(1) } else { y.saturating_add(1) };
        text::put_line(buf, Rect::new(x.saturating_add(2), label_y, width, 1), &format!("wants {wants}"), Style::new());
    }

    fn draw_pair(&self, area: Rect, buf: &mut Buffer) {
        for (link, x) in self.members.iter().zip(self.column_edges(area)) {
            self.draw_box(link, x, area.y, buf);
        }
        let x = area.x.saturating_add(self.box_width() as u16);
        self.draw_horizontal_arrow(self.members[0].wanted_lock, x, area.y + 1, true, true, buf);
        self.draw_horizontal_arrow(self.members[1].wanted_lock, x, area.y + 2, false, false, buf);
    }

    fn draw_circle(&self, area: Rect, buf: &mut Buffer) {
        let (right, n) = (self.right_column_len(), self.members.len());
        let [left_x, right_x] = self.column_edges(area);
        let between_x = left_x.saturating_add(self.box_width() as u16);
        let y = |row: usize| area.y + row as u16 * (BOX_HEIGHT + BOX_GAP);
        for (i, link) in self.members.iter().enumerate() {
            let (x, row) = match i {
                0 => (left_x, 0),
                i if i <= right => (right_x, i - 1),
                i => (left_x, n - i),
            };
            self.draw_box(link, x, y(row), buf);
            match i {
                0 => self.draw_horizontal_arrow(link.wanted_lock, between_x, y(0) + 1, true, true, buf),
                i if i < right => {
                    self.draw_vertical_arrow(link.wanted_lock, right_x, y(row) + BOX_HEIGHT, self.glyphs().below, buf);
                }
                i if i == right && n.is_multiple_of(2) => {
                    self.draw_horizontal_arrow(link.wanted_lock, between_x, y(row) + 2, false, false, buf);
                }
                i if i == right => {
                    self.draw_corner_arrow(link.wanted_lock, between_x, right_x, y(row) + BOX_HEIGHT, buf);
                }
                _ => self.draw_vertical_arrow(link.wanted_lock, left_x, y(row) - BOX_GAP, self.glyphs().up, buf),
            }
        }
    }

    /// Draws an arrow between two boxes of a column, with the wanted lock beside it.
    fn draw_vertical_arrow(&self, wants: &str, x: u16, y: u16, head: &str, buf: &mut Buffer) {
        let x = x.saturating_add(3);
        let glyphs = if head == self.glyphs().up { [head, self.glyphs().down] } else { [self.glyphs().down, head] };
        for (glyph, y) in glyphs.into_iter().zip(y..) {
            text::put_line(buf, Rect::new(x, y, 1, 1), glyph, self.style());
        }
        let room = (self.box_width() + self.arrow_width()) as u16;
        text::put_line(buf, Rect::new(x.saturating_add(2), y, room, 1), &format!("wants {wants}"), Style::new());
    }

    /// Draws the arrow from the last box of a shorter right column down and to the left.
    fn draw_corner_arrow(&self, wants: &str, from_x: u16, right_x: u16, y: u16, buf: &mut Buffer) {
        let x = right_x.saturating_add(3);
        let turn_y = y + BOX_GAP + 1;
        for y in y..turn_y {
            text::put_line(buf, Rect::new(x, y, 1, 1), self.glyphs().down, self.style());
        }
        let start = from_x.saturating_add(1);
        let shaft = self.glyphs().across.repeat(usize::from(x.saturating_sub(start + 1)));
        let arrow = format!("{}{shaft}{}", self.glyphs().left, self.glyphs().turn);
        text::put_line(buf, Rect::new(start, turn_y, x.saturating_sub(start) + 1, 1), &arrow, self.style());
        let label = Rect::new(start + 1, turn_y + 1, (self.arrow_width() + self.box_width()) as u16, 1);
        text::put_line(buf, label, &format!("wants {wants}"), Style::new());
    }

    /// Draws the members one below the other, each with the workers it waits for.
    fn draw_mesh(&self, area: Rect, buf: &mut Buffer) {
        for (i, link) in self.members.iter().enumerate() {
            let rest = text::put_line(buf, text::nth_line(area, 2 * i), link.name, self.theme.strong_style());
            let has = if link.is_queued { "in line for" } else { "has" };
            text::put_line(buf, rest, &format!(" {has} {}", link.held_lock), Style::new());
            let [_, _, bottom, _] = self.glyphs().corners;
            let arrow = format!("  {bottom}{}{} ", self.glyphs().across, self.glyphs().right);
            let rest = text::put_line(buf, text::nth_line(area, 2 * i + 1), &arrow, self.style());
            text::put_line(buf, rest, &format!("wants {} of {}", link.wanted_lock, link.waits_for), Style::new());
        }
    }

    /// Draws the members one below the other; the rule at the left leads from the last back to the first.
    fn draw_list(&self, area: Rect, buf: &mut Buffer) {
        let last = self.members.len().saturating_sub(1);
        for (i, link) in self.members.iter().enumerate() {
            let [top, _, bottom, _] = self.glyphs().corners;
            let rule = match i {
                0 => format!("{top}{} ", self.glyphs().right),
                _ if i == last => format!("{bottom}{} ", self.glyphs().across),
                _ => format!("{}  ", self.glyphs().down),
            };
            let rest = text::put_line(buf, text::nth_line(area, 2 * i), &rule, self.style());
            let rest = text::put_line(buf, rest, link.name, self.theme.strong_style());
            text::put_line(buf, rest, &format!(" has {}", link.held_lock), Style::new());
            if i < last {
                let arrow = format!("{}    {} ", self.glyphs().down, self.glyphs().below);
                let rest = text::put_line(buf, text::nth_line(area, 2 * i + 1), &arrow, self.style());
                text::put_line(buf, rest, &format!("wants {}", link.wanted_lock), Style::new());
            } else {
                let wants = text::nth_line(area, 2 * i + 1);
                text::put_line(
                    buf,
                    wants,
                    &format!("     wants {}, which {} has", link.wanted_lock, self.members[0].name),
                    Style::new(),
                );
            }
        }
    }
}
