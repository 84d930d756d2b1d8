//! Who waits for whom: the ring of each deadlock and how it closed; without any, who waits for what now.

mod closing;
mod lines;
mod ring;
mod ring_shape;
mod stall_ring;
mod waits;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use self::closing::Closing;
use self::ring::{Ring, RingMember};
use self::waits::WaitsWidget;
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{SeparatePane, text, worker_name};
use crate::model::{CycleLink, Deadlock, join_names};
use crate::report::text_width::wrap_text;
use crate::trace::format::{compact_counted, compact_duration};
use crate::trace::{Span, Stamp};

/// Lines kept for each further ring, which is described in words if there is no room for a picture.
const LINES_IN_WORDS: u16 = 2;

/// Most workers of a ring that are described in words.
const WORKERS_IN_WORDS: usize = 3;

/// Columns between two rings, or between a ring and how it closed.
const GAP: u16 = 4;

/// Most lines that the waits of a run without a deadlock want.
const MAX_WAIT_LINES: usize = 24;

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.shown_deadlocks().len() {
        0 if stall_ring::stall_ring(view, Theme::plain(true)).is_some() => {
            "THE RING  of a stall: what each waits for".into()
        }
        0 if view.time_before_end().is_some() => {
            format!("WHO WAITS  at {}, longest first", view.format_moment(view.figures.taken_at)).into()
        }
        0 => "WHO WAITS  now, longest first".into(),
        1 => "THE RING  in the order in which it closed".into(),
        n => format!("{n} RINGS  {n} deadlocks, the first to close first").into(),
    },
    lines: |view| match view.shown_deadlocks() {
        [] => {
            let ring = stall_ring::stall_ring(view, Theme::plain(true)).map_or(0, |ring| 2 + 4 * ring.members.len());
            1 + ring + WaitsWidget { view, theme: Theme::plain(true) }.lines().min(MAX_WAIT_LINES)
        }
        all => all.iter().map(|deadlock| 14 + 4 * deadlock.cycle.len()).sum(),
    },
    draw: |view, theme, area, buf| match view.shown_deadlocks() {
        [] => draw_waits(view, theme, area, buf),
        all => RingsWidget { view, theme, all }.draw(area, buf),
    },
};

/// Draws the ring of a stall, if there is one that fits, and who waits for what.
fn draw_waits(view: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut rest = area;
    if let Some(ring) = stall_ring::stall_ring(view, theme).filter(|ring| ring.has_boxes(area.as_size())) {
        let size = ring.size(area.as_size());
        ring.draw(Rect { width: size.width, height: size.height, ..area }, buf);
        let used = (size.height + 1).min(area.height);
        rest = Rect { y: area.y + used, height: area.height - used, ..area };
    }
    WaitsWidget { view, theme }.draw(rest, buf);
}

struct RingsWidget<'a> {
    view: &'a RunView,
    theme: Theme,
    all: &'a [Deadlock],
}

impl RingsWidget<'_> {
    fn ring(&self, deadlock: &Deadlock) -> Ring<'_> {
        let registry = self.view.shown_model().registry();
        let or_join = |id, join| registry.life_owner(id).map_or_else(|| registry.resource_name(id), |_| join);
        let link = |link: &CycleLink| RingMember {
            worker: link.worker,
            name: registry.worker_name(link.worker),
            held_lock: or_join(link.holds, "joined"),
            wanted_lock: or_join(link.wants, "join"),
            waits_for: join_names(&link.waits_for.iter().map(|w| registry.worker_name(*w)).collect::<Vec<_>>()),
            is_queued: link.is_ahead_in_queue,
        };
        Ring {
            members: deadlock.cycle.iter().map(link).collect(),
            is_simple: deadlock.is_simple_cycle(),
            theme: self.theme,
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer) {
        match self.all {
            [only] => self.draw_only(only, area, buf),
            _ => self.draw_several(area, buf),
        }
    }

    /// Draws a ring, with how it closed beside it or below it, its age, and the workers stuck behind it.
    fn draw_only(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) {
        let ring = self.ring(deadlock);
        let closing = Closing { view: self.view, deadlock, theme: self.theme };
        let notes = self.notes(deadlock, area.width);
        let below = u16::try_from(notes.len()).unwrap_or(u16::MAX);
        let room = Size::new(area.width, area.height.saturating_sub(below));
        let beside = |closing_width: u16| Size::new(area.width.saturating_sub(closing_width + GAP), room.height);
        let has_room_below = closing.width() <= area.width
            && ring.size(room).height.saturating_add(closing.lines()).saturating_add(1) <= room.height;
        let brief = closing.brief_width();
        let widths = [closing.width(), if has_room_below { area.width } else { brief }];
        let closing_width = widths.into_iter().find(|width| ring.has_boxes(beside(*width)));
        let ring_room = closing_width.map_or(room, beside);
        let size = ring.size(ring_room);
        let width = size.width.min(ring_room.width);
        let ring_area = Rect { width, height: size.height, ..area };
        ring.draw(ring_area, buf);
        let mut used = size.height;
        if let Some(closing_width) = closing_width {
            let x = area.x + (width + GAP).max(area.width.saturating_sub(closing_width));
            let at = Rect { x, width: area.right().saturating_sub(x), height: room.height, ..area };
            closing.draw(at, buf);
            used = used.max(closing.lines().min(room.height));
        } else if room.height > used + 3 {
            let at = Rect { y: area.y + used + 1, height: room.height - used - 1, ..area };
            closing.draw(at, buf);
            used += 1 + closing.lines().min(at.height);
        }
        let gap = u16::from(area.height > used + below);
        for (i, line) in notes.iter().enumerate() {
            text::put_line(buf, text::nth_line(area, usize::from(used + gap) + i), line, self.theme.faint_style());
        }
    }

    /// Draws rings from left to right and from top to bottom, in words where there is no room for a picture.
    fn draw_several(&self, area: Rect, buf: &mut Buffer) {
        let mut rest = area;
        let (mut nth, mut is_in_words) = (0, false);
        while nth < self.all.len() {
            let others = u16::try_from(self.all.len() - nth - 1).unwrap_or(u16::MAX);
            let for_others = others.saturating_mul(LINES_IN_WORDS).min(rest.height / 2);
            // The last line is kept for how many there are besides.
            let last = rest.height - u16::from(others > 0).min(rest.height);
            let room = Rect { height: (rest.height - for_others).min(last), ..rest };
            if rest.height <= 1 && others > 0 {
                let more = format!("and {}", compact_counted(u64::from(others) + 1, "more deadlock"));
                text::put_line(buf, rest, &more, self.theme.strong_style());
                return;
            }
            let row = if is_in_words { (0, 0) } else { self.draw_row(nth, room, buf) };
            is_in_words = row.0 == 0;
            let (drawn, used) = match row {
                (0, _) => (1, self.draw_in_words(&self.all[nth], Rect { height: last, ..rest }, buf).min(last)),
                row => row,
            };
            nth += drawn;
            let gap = u16::from(nth < self.all.len() && !is_in_words);
            let used = used.saturating_add(gap).min(last);
            rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
        }
    }

    /// Draws as many rings as fit side by side. Returns their number and their lines.
    fn draw_row(&self, first: usize, area: Rect, buf: &mut Buffer) -> (usize, u16) {
        let (mut drawn, mut used, mut x) = (0, 0, area.x);
        for deadlock in &self.all[first..] {
            let ring = self.ring(deadlock);
            let room = Size::new(area.right().saturating_sub(x), area.height);
            let size = ring.size(room);
            let notes = self.notes(deadlock, size.width.max(24).min(room.width));
            let lines = size.height + u16::try_from(notes.len()).unwrap_or(u16::MAX);
            if !ring.fits(room) || lines > area.height || drawn > 0 && !ring.has_boxes(room) {
                break;
            }
            let at = Rect { x, width: size.width, ..area };
            ring.draw(Rect { height: size.height, ..at }, buf);
            let width = notes.iter().map(|line| line.chars().count() as u16).max().unwrap_or(0).max(size.width);
            for (i, line) in notes.iter().enumerate() {
                let y = area.y + size.height + i as u16;
                let at = Rect { y, height: 1, width: width.min(area.right() - x), ..at };
                text::put_line(buf, at, line, self.theme.faint_style());
            }
            (drawn, used) = (drawn + 1, used.max(lines));
            x += width + GAP;
            if !ring.has_boxes(room) || x >= area.right() {
                break;
            }
        }
        (drawn, used)
    }

    /// Says when a ring closed, and which workers are stuck behind it.
    fn notes(&self, deadlock: &Deadlock, width: u16) -> Vec<String> {
        let registry = self.view.shown_model().registry();
        let age = compact_duration(self.view.figures.taken_at.span_since(deadlock.closed_at));
        let closed = Span(deadlock.closed_at.span_since(Stamp(0)).0);
        let mut lines = wrap_text(&format!("Deadlocked {closed} after the start, {age} ago"), width);
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| registry.worker_name(*w)).collect();
            lines.extend(wrap_text(&format!("Stuck behind them: {}", join_names(&victims)), width));
        }
        lines
    }

    fn draw_in_words(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) -> u16 {
        let registry = self.view.shown_model().registry();
        let link = |link: &CycleLink| {
            let (who, wants) = (registry.worker_name(link.worker), registry.resource_name(link.wants));
            format!("{who} has {}, wants {wants}", registry.resource_name(link.holds))
        };
        let mut parts: Vec<String> = deadlock.cycle.iter().take(WORKERS_IN_WORDS).map(link).collect();
        if deadlock.cycle.len() > WORKERS_IN_WORDS {
            parts.push(format!("{} more", deadlock.cycle.len() - WORKERS_IN_WORDS));
        }
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| registry.worker_name(*w)).collect();
            parts.push(format!("stuck behind them: {}", join_names(&victims)));
        }
        let lines = wrap_text(&parts.join("; "), area.width);
        for (i, line) in lines.iter().enumerate() {
            text::put_line(buf, text::nth_line(area, i), line, Style::new());
        }
        u16::try_from(lines.len()).unwrap_or(u16::MAX)
    }
}
