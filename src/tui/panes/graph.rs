//! The wait-for graph: the ring of each deadlock, or without any, a list of the contended locks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{SeparatePane, deadlock_ring, text};
use crate::model::{CycleLink, Deadlock, join_names};
use crate::report::text_width::wrap_text;
use crate::trace::format::{compact_counted, compact_duration};
use crate::trace::{Span, State};

/// Lines kept for each further ring, which is described in words if there is no room for a picture.
const LINES_IN_WORDS: u16 = 2;

/// Most workers of a ring that are described in words.
const WORKERS_IN_WORDS: usize = 3;

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match view.shown_deadlocks().len() {
        0 => "Who waits for whom".into(),
        1 => "Deadlock".into(),
        n => format!("{n} deadlocks").into(),
    },
    lines: |view| match view.shown_model().deadlocks() {
        [] => 3 + view.shown_model().registry().locks().count().min(10),
        all => all.iter().map(|deadlock| 9 + 2 * deadlock.cycle.len()).sum(),
    },
    draw: |view, theme, area, buf| WaitGraphPane { view, theme }.render(area, buf),
};

struct WaitGraphPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl Widget for WaitGraphPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        match self.view.shown_deadlocks() {
            [] => self.draw_waits(area, buf),
            all => self.draw_deadlocks(all, area, buf),
        }
    }
}

/// Lines of a text below a ring, or in place of one.
type TextLines = Vec<String>;

impl WaitGraphPane<'_> {
    /// Draws one ring below the other, in words if there is no room for a picture.
    fn draw_deadlocks(&self, all: &[Deadlock], area: Rect, buf: &mut Buffer) {
        let mut rest = area;
        for (nth, deadlock) in all.iter().enumerate() {
            let others = u16::try_from(all.len() - nth - 1).unwrap_or(u16::MAX);
            let for_others = others.saturating_mul(LINES_IN_WORDS).min(rest.height / 2);
            let room = Rect { height: rest.height - for_others, ..rest };
            if rest.height <= 1 && others > 0 {
                let more = format!("and {}", compact_counted(u64::from(others) + 1, "more deadlock"));
                text::put_line(buf, rest, &more, self.theme.strong_style());
                return;
            }
            let used = self.draw_ring(deadlock, room, buf).unwrap_or_else(|| self.draw_in_words(deadlock, rest, buf));
            let used = used.saturating_add(u16::from(others > 0)).min(rest.height);
            rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
        }
    }

    /// Draws a ring, its age and the workers stuck behind it. Returns the lines it took, or `None` if there is no room.
    /// A single ring may be cut at the end.
    fn draw_ring(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) -> Option<u16> {
        let registry = self.view.shown_model().registry();
        let of = |link: &CycleLink| {
            let names: Vec<&str> = link.waits_for.iter().map(|w| registry.worker_name(*w)).collect();
            join_names(&names)
        };
        let link = |link: &CycleLink| deadlock_ring::RingMember {
            name: registry.worker_name(link.worker),
            held_lock: registry.resource_name(link.holds),
            wanted_lock: registry.resource_name(link.wants),
            waits_for: of(link),
            is_queued: link.is_ahead_in_queue,
        };
        let links: Vec<deadlock_ring::RingMember<'_>> = deadlock.cycle.iter().map(link).collect();
        let drawn =
            deadlock_ring::RingWidget { members: &links, is_simple: deadlock.is_simple_cycle(), theme: self.theme };
        let lines = self.waiters_below(deadlock, area.width);
        let used = drawn.height(area);
        let is_alone = self.view.shown_deadlocks().len() == 1;
        if !is_alone && usize::from(area.height) < usize::from(drawn.full_height(area)) + lines.len() {
            return None;
        }
        drawn.render(area, buf);
        let gap = u16::from(is_alone && usize::from(area.height) > usize::from(used) + lines.len());
        for (i, line) in lines.iter().enumerate() {
            text::put_line(buf, text::nth_line(area, usize::from(used + gap) + i), line, self.theme.faint_style());
        }
        Some(used + gap + u16::try_from(lines.len()).unwrap_or(u16::MAX))
    }

    fn waiters_below(&self, deadlock: &Deadlock, width: u16) -> TextLines {
        let registry = self.view.shown_model().registry();
        let (shown, closed) = (self.view.figures.taken_at, Span(deadlock.closed_at.0));
        let mut lines = vec![format!(
            "Deadlocked {closed} after the start, {} ago",
            compact_duration(shown.span_since(deadlock.closed_at))
        )];
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| registry.worker_name(*w)).collect();
            lines.extend(wrap_text(&format!("Stuck behind them: {}", victims.join(", ")), width));
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

    /// Draws a line for each lock with waiters: the waiters, the lock, its holder.
    fn draw_waits(&self, area: Rect, buf: &mut Buffer) {
        let registry = self.view.shown_model().registry();
        let edges = &self.view.figures.waits.edges;
        let mut locks: Vec<_> = edges.iter().map(|e| (e.lock, e.holder)).collect();
        locks.sort_unstable();
        locks.dedup();
        if locks.is_empty() {
            let words = if self.view.figures.is_exact() {
                "No worker waits for another"
            } else {
                "Waits of so long ago are not kept"
            };
            text::put_line(buf, area, words, self.theme.faint_style());
        }
        let arrow = if self.theme.has_unicode { "──▶" } else { "-->" };
        for (i, (lock, holder)) in locks.iter().enumerate() {
            let waiters: Vec<_> = edges.iter().filter(|e| (e.lock, e.holder) == (*lock, *holder)).collect();
            let first = waiters.first().map_or("", |e| registry.worker_name(e.waiter));
            let more = match waiters.len() {
                0 | 1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            let at = text::nth_line(area, i);
            let rest = text::put_line(buf, at, &format!("{first}{more}"), Style::new());
            let rest = text::put_line(buf, rest, &format!(" {arrow} "), self.theme.state_style(State::Lock));
            let rest = text::put_line(buf, rest, registry.resource_name(*lock), self.theme.strong_style());
            let rest = text::put_line(buf, rest, " held by ", self.theme.faint_style());
            text::put_line(buf, rest, registry.worker_name(*holder), Style::new());
        }
    }
}
