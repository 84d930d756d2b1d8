//! Who waits for whom: the ring of each deadlock once there is one, else a list of the locks that are waited for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::age;
use super::super::theme::Theme;
use super::super::watch::Watch;
use super::{ring, text};
use crate::model::{Deadlock, Link, listed};
use crate::trace::{Span, State};

/// Lines kept for each further ring, which is told in words where there is no room for a picture.
const WORDS: u16 = 2;

/// Workers of a ring that are told in words.
const TOLD: usize = 3;

pub(super) struct Graph<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Graph<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        match self.watch.deadlocks_then() {
            [] => self.waits(area, buf),
            all => self.deadlocks(all, area, buf),
        }
    }
}

/// Lines of a text below a ring, or in place of one.
type Lines = Vec<String>;

impl Graph<'_> {
    /// One ring below the other. What has no room as a picture is told in words.
    fn deadlocks(&self, all: &[Deadlock], area: Rect, buf: &mut Buffer) {
        let mut rest = area;
        for (nth, deadlock) in all.iter().enumerate() {
            let others = u16::try_from(all.len() - nth - 1).unwrap_or(u16::MAX);
            let for_others = others.saturating_mul(WORDS).min(rest.height / 2);
            let room = Rect { height: rest.height - for_others, ..rest };
            if rest.height <= 1 && others > 0 {
                let more = format!("and {} more deadlocks", others + 1);
                text::put(buf, rest, &more, self.theme.strong());
                return;
            }
            let used = self.picture(deadlock, room, buf).unwrap_or_else(|| self.in_words(deadlock, rest, buf));
            let used = used.saturating_add(u16::from(others > 0)).min(rest.height);
            rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
        }
    }

    /// The ring, since when, and who waits for it. The lines it took, if there was room; the last ones may be cut where
    /// there is only one ring.
    fn picture(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) -> Option<u16> {
        let cast = self.watch.shown().cast();
        let of = |link: &Link| {
            let names: Vec<&str> = link.waits_for.iter().map(|w| cast.worker_name(*w)).collect();
            listed(&names)
        };
        let link = |link: &Link| ring::Link {
            name: cast.worker_name(link.worker),
            holds: cast.resource_name(link.holds),
            wants: cast.resource_name(link.wants),
            of: of(link),
            in_line: link.in_line,
        };
        let links: Vec<ring::Link<'_>> = deadlock.ring.iter().map(link).collect();
        let drawn = ring::Ring { links: &links, is_simple: deadlock.is_simple(), theme: self.theme };
        let lines = self.below(deadlock, area.width);
        let used = drawn.height(area);
        let is_alone = self.watch.deadlocks_then().len() == 1;
        if !is_alone && usize::from(area.height) < usize::from(drawn.full_height(area)) + lines.len() {
            return None;
        }
        drawn.render(area, buf);
        let gap = u16::from(is_alone && usize::from(area.height) > usize::from(used) + lines.len());
        for (i, line) in lines.iter().enumerate() {
            text::put(buf, text::line(area, usize::from(used + gap) + i), line, self.theme.faint());
        }
        Some(used + gap + u16::try_from(lines.len()).unwrap_or(u16::MAX))
    }

    fn below(&self, deadlock: &Deadlock, width: u16) -> Lines {
        let cast = self.watch.shown().cast();
        let (shown, closed) = (self.watch.figures.at, Span(deadlock.at.0));
        let mut lines = vec![format!("closed {closed} after the start, {} ago", age(shown.since(deadlock.at)))];
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| cast.worker_name(*w)).collect();
            lines.extend(text::wrap(&format!("stuck behind them: {}", victims.join(", ")), width));
        }
        lines
    }

    fn in_words(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) -> u16 {
        let cast = self.watch.shown().cast();
        let link = |link: &Link| {
            let (who, wants) = (cast.worker_name(link.worker), cast.resource_name(link.wants));
            format!("{who} has {}, wants {wants}", cast.resource_name(link.holds))
        };
        let mut told: Vec<String> = deadlock.ring.iter().take(TOLD).map(link).collect();
        if deadlock.ring.len() > TOLD {
            told.push(format!("{} more", deadlock.ring.len() - TOLD));
        }
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| cast.worker_name(*w)).collect();
            told.push(format!("stuck behind them: {}", listed(&victims)));
        }
        let lines = text::wrap(&told.join("; "), area.width);
        for (i, line) in lines.iter().enumerate() {
            text::put(buf, text::line(area, i), line, Style::new());
        }
        u16::try_from(lines.len()).unwrap_or(u16::MAX)
    }

    /// A line for each lock somebody waits for: the waiters, the lock, its holder.
    fn waits(&self, area: Rect, buf: &mut Buffer) {
        let cast = self.watch.shown().cast();
        let edges = &self.watch.figures.waits.edges;
        let mut locks: Vec<_> = edges.iter().map(|e| (e.lock, e.holder)).collect();
        locks.sort_unstable();
        locks.dedup();
        if locks.is_empty() {
            let words = if self.watch.figures.is_exact() {
                "no worker waits for another"
            } else {
                "who waited for whom so long ago is not kept"
            };
            text::put(buf, area, words, self.theme.faint());
        }
        let arrow = if self.theme.unicode { "──▶" } else { "-->" };
        for (i, (lock, holder)) in locks.iter().enumerate() {
            let waiters: Vec<_> = edges.iter().filter(|e| (e.lock, e.holder) == (*lock, *holder)).collect();
            let first = waiters.first().map_or("", |e| cast.worker_name(e.waiter));
            let more = match waiters.len() {
                0 | 1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            let at = text::line(area, i);
            let rest = text::put(buf, at, &format!("{first}{more}"), Style::new());
            let rest = text::put(buf, rest, &format!(" {arrow} "), self.theme.state(State::Lock));
            let rest = text::put(buf, rest, cast.resource_name(*lock), self.theme.strong());
            let rest = text::put(buf, rest, " held by ", self.theme.faint());
            text::put(buf, rest, cast.worker_name(*holder), Style::new());
        }
    }
}
