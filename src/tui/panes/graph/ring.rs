//! The ring of a deadlock, in which each worker wants a lock that the next one holds: boxes with the held lock in their
//! lower border and arrows labelled with the wanted lock, or a list where boxes have no room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::super::theme::{Role, Theme};
use super::lines::{draw_arrow, draw_frame};
use super::ring_shape::{LabelSide, RingShape, RingSizes};
use super::{text, worker_name};
use crate::report::text_width::truncate_name;
use crate::trace::{State, WorkerId};

/// Most columns of names and of labels; where these have no room, the next ones are tried.
const TEXT_WIDTHS: [(usize, usize); 4] = [(32, 16), (20, 12), (14, 10), (10, 8)];

/// Columns of short boxes and labels where there is room.
const ROOMY_BOX: u16 = 15;
const ROOMY_LABEL: u16 = 12;

/// Least lines of a list: the first two members, a line for the others, the last member.
const MIN_LIST_LINES: usize = 4;

pub(super) struct RingMember<'a> {
    pub(super) worker: WorkerId,
    pub(super) name: &'a str,
    pub(super) held_lock: &'a str,
    pub(super) wanted_lock: &'a str,
    /// The workers it waits for, if not the next member alone.
    pub(super) waits_for: String,
    /// Whether it is queued for the lock that it does not have yet.
    pub(super) is_queued: bool,
}

pub(super) struct Ring<'a> {
    pub(super) members: Vec<RingMember<'a>>,
    /// Whether each waits for the next one alone.
    pub(super) is_simple: bool,
    pub(super) theme: Theme,
}

impl Ring<'_> {
    /// Returns the boxes and arrows that fit into this area; `None` if a list must do.
    fn shape(&self, area: Size) -> Option<RingShape> {
        if !self.is_simple {
            return None;
        }
        TEXT_WIDTHS.into_iter().find_map(|(name, label)| {
            let inner = self.members.iter().map(|m| m.name.width().max(Self::border_text(m).width() + 2)).max()?;
            let wanted = self.members.iter().map(|m| m.wanted_lock.width()).max()?;
            let columns = |wide: usize| u16::try_from(wide).unwrap_or(u16::MAX);
            let (box_width, label_width) = (columns(inner.min(name) + 4), columns(wanted.min(label)));
            let sizes = RingSizes { members: self.members.len(), box_width, label_width };
            let close = sizes.shape(area)?;
            let roomy =
                RingSizes { box_width: box_width.max(ROOMY_BOX), label_width: label_width.max(ROOMY_LABEL), ..sizes };
            Some(roomy.shape(area).filter(|shape| shape.size.height <= close.size.height).unwrap_or(close))
        })
    }

    /// Returns the text in the lower border of a member's box.
    fn border_text(member: &RingMember<'_>) -> String {
        if member.is_queued { format!("in line for {}", member.held_lock) } else { member.held_lock.to_owned() }
    }

    /// Returns the room it takes in this area.
    pub(super) fn size(&self, area: Size) -> Size {
        self.shape(area).map_or_else(
            || Size::new(area.width, u16::try_from(self.list_lines()).unwrap_or(u16::MAX).min(area.height)),
            |shape| shape.size,
        )
    }

    /// Whether it is drawn completely in this area.
    pub(super) fn fits(&self, area: Size) -> bool {
        self.shape(area).is_some() || self.list_lines() <= usize::from(area.height)
    }

    /// Whether it is drawn as boxes in this area.
    pub(super) fn has_boxes(&self, area: Size) -> bool {
        self.shape(area).is_some()
    }

    fn list_lines(&self) -> usize {
        if self.is_simple { self.members.len() + 1 } else { 2 * self.members.len() }
    }

    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        match self.shape(area.as_size()) {
            Some(shape) => self.draw_boxes(&shape, area, buf),
            None if self.is_simple => self.draw_list(area, buf),
            None => self.draw_mesh(area, buf),
        }
    }

    fn arrow_style(&self) -> Style {
        self.theme.state_style(State::Lock)
    }

    fn draw_boxes(&self, shape: &RingShape, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let moved = |at: Rect| Rect { x: area.x + at.x, y: area.y + at.y, ..at };
        for (member, at) in self.members.iter().zip(&shape.boxes) {
            let at = moved(*at);
            let border = theme.identity_style(member.worker.index());
            draw_frame(theme, at, &Self::border_text(member), border, buf);
            let inside = Rect { x: at.x + 2, y: at.y + 1, width: at.width - 4, height: 1 };
            let name = truncate_name(member.name, usize::from(inside.width), theme.ellipsis());
            let pad = inside.width.saturating_sub(name.width() as u16) / 2;
            text::put_line(
                buf,
                Rect { x: inside.x + pad, width: inside.width - pad, ..inside },
                &name,
                theme.strong_style(),
            );
        }
        for (member, arrow) in self.members.iter().zip(&shape.arrows) {
            let points: Vec<_> = arrow.points.iter().map(|(x, y)| (area.x + x, area.y + y)).collect();
            draw_arrow(theme, &points, self.arrow_style(), buf);
            let at = moved(arrow.label);
            let label = truncate_name(member.wanted_lock, usize::from(at.width), theme.ellipsis());
            let free = at.width.saturating_sub(label.width() as u16);
            let pad = match arrow.label_side {
                LabelSide::Left => 0,
                LabelSide::Middle => free / 2,
                LabelSide::Right => free,
            };
            text::put_line(buf, Rect { x: at.x + pad, width: at.width - pad, ..at }, &label, theme.fg(Role::Faint));
        }
    }

    /// Draws the members one below the other; the last line leads back to the first. Members without room are counted.
    fn draw_list(&self, area: Rect, buf: &mut Buffer) {
        let (height, count) = (usize::from(area.height), self.members.len());
        let fits = self.list_lines() <= height;
        let shown = if fits { count } else { height.saturating_sub(2).min(count) };
        let name_width = self.members.iter().map(|member| member.name.width()).max().unwrap_or(0);
        let name_width = name_width.min(usize::from(area.width) / 3);
        let arrow = self.theme.glyph("──▶", "-->");
        let line = |member: &RingMember<'_>, at: Rect, buf: &mut Buffer| {
            let rest = worker_name::put_worker(buf, at, self.theme, (member.worker, member.name), name_width);
            let has = if member.is_queued { "in line for" } else { "has" };
            let rest = text::put_line(buf, rest, &format!(" {has} {} ", member.held_lock), Style::new());
            let rest = text::put_line(buf, rest, arrow, self.arrow_style());
            text::put_line(buf, rest, &format!(" wants {}", member.wanted_lock), Style::new())
        };
        if !fits && (height < MIN_LIST_LINES || shown == 0) {
            let words = format!("a ring of {count} workers");
            text::put_line(buf, area, &words, self.theme.strong_style());
            return;
        }
        let (head, tail) = if fits { (count, 0) } else { (shown - 1, 1) };
        for (i, member) in self.members.iter().take(head).enumerate() {
            line(member, text::nth_line(area, i), buf);
        }
        let mut used = head;
        if tail > 0 {
            let more = format!("  {} {} more in between", self.theme.ellipsis(), count - head - tail);
            text::put_line(buf, text::nth_line(area, used), &more, self.theme.faint_style());
            line(&self.members[count - 1], text::nth_line(area, used + 1), buf);
            used += 2;
        }
        let back = format!("  {} back to {}", self.theme.glyph("╰▶", "+>"), self.members[0].name);
        text::put_line(buf, text::nth_line(area, used), &back, self.arrow_style());
    }

    /// Draws the members one below the other, each with the workers it waits for.
    fn draw_mesh(&self, area: Rect, buf: &mut Buffer) {
        let (height, count) = (usize::from(area.height), self.members.len());
        let shown = if 2 * count <= height { count } else { height.saturating_sub(1) / 2 };
        for (i, member) in self.members.iter().take(shown).enumerate() {
            let at = text::nth_line(area, 2 * i);
            let rest = worker_name::put_worker(buf, at, self.theme, (member.worker, member.name), member.name.width());
            let has = if member.is_queued { "in line for" } else { "has" };
            text::put_line(buf, rest, &format!(" {has} {}", member.held_lock), Style::new());
            let arrow = self.theme.glyph("  ╰─▶ ", "  +-> ");
            let rest = text::put_line(buf, text::nth_line(area, 2 * i + 1), arrow, self.arrow_style());
            text::put_line(buf, rest, &format!("wants {} of {}", member.wanted_lock, member.waits_for), Style::new());
        }
        if shown < count {
            let more = format!("{} {} more", self.theme.ellipsis(), count - shown);
            text::put_line(buf, text::nth_line(area, 2 * shown), &more, self.theme.faint_style());
        }
    }
}
