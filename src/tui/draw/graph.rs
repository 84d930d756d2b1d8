//! Who waits for whom: a ring once there is a deadlock, else a list of the locks that are waited for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::age;
use super::super::theme::Theme;
use super::super::watch::Watch;
use super::{ring, text};
use crate::model::Deadlock;
use crate::trace::{Span, State};

pub(super) struct Graph<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
}

impl Widget for Graph<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        match self.watch.deadlock_then() {
            Some(deadlock) => self.deadlock(deadlock, area, buf),
            None => self.waits(area, buf),
        }
    }
}

impl Graph<'_> {
    fn deadlock(&self, deadlock: &Deadlock, area: Rect, buf: &mut Buffer) {
        let cast = self.watch.shown().cast();
        let links: Vec<ring::Link<'_>> = deadlock
            .ring
            .iter()
            .map(|link| ring::Link {
                name: cast.worker_name(link.worker),
                holds: cast.resource_name(link.holds),
                wants: cast.resource_name(link.wants),
            })
            .collect();
        let drawn = ring::Ring { links: &links, theme: self.theme };
        let used = drawn.height(area);
        drawn.render(area, buf);
        let (shown, closed) = (self.watch.figures.at, Span(deadlock.at.0));
        let mut lines = vec![format!("closed {closed} after the start, {} ago", age(shown.since(deadlock.at)))];
        if !deadlock.victims.is_empty() {
            let victims: Vec<_> = deadlock.victims.iter().map(|w| cast.worker_name(*w)).collect();
            lines.extend(text::wrap(&format!("waits for them in vain: {}", victims.join(", ")), area.width));
        }
        let used = usize::from(used);
        let gap = usize::from(usize::from(area.height) > used + lines.len());
        for (i, line) in lines.iter().enumerate() {
            text::put(buf, text::line(area, used + gap + i), line, self.theme.faint());
        }
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
                "nobody waits for anybody"
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
