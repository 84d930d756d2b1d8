//! The details of a lock.

use ratatui::layout::Rect;

use super::super::super::figures::LockFigures;
use super::super::overlay;
use super::{DetailOverlay, StyledLines, plain_line};
use crate::model::{Lock, LockCapacity, LockSums, RecentLockUse, SHORTEST_FAITHFUL_HOLD};
use crate::report::text_width::wrap_text;
use crate::trace::format::{compact_count, compact_counted, compact_duration, compact_percent};
use crate::trace::{ResourceId, ResourceKind, RwPolicy, Span, Stamp, WorkerId};

impl DetailOverlay<'_> {
    pub(super) fn lock_lines(&self, id: ResourceId, area: Rect) -> StyledLines {
        let model = self.view.shown_model();
        let (Some(lock), registry) = (model.lock(id), model.registry()) else { return StyledLines::new() };
        let kind = match registry.resource(id).map(|r| &r.kind) {
            Some(ResourceKind::Mutex { kind }) => format!("{} mutex", kind.word()),
            Some(ResourceKind::Semaphore { permits, .. }) => format!("semaphore of {permits}"),
            Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }) => "rwlock, in order of arrival".into(),
            Some(ResourceKind::Rwlock { policy }) => format!("rwlock, {} first", policy.word()),
            _ => String::new(),
        };
        let figures = self.view.figures.lock(id).cloned().unwrap_or_default();
        let mut lines = vec![plain_line(kind)];
        self.push_holders(lock.capacity(), &figures, area, &mut lines);
        if figures.is_distorted {
            let why =
                format!("mostly held for less than {SHORTEST_FAITHFUL_HOLD}: tracing adds to its holds and waits");
            lines.push((why, self.theme.strong_style()));
        }
        lines.push(plain_line(String::new()));
        self.push_period_note(true, &mut lines);
        if self.view.shown_interval().is_none() {
            self.push_lock_use(&recent_use(lock), &mut lines);
            self.push_whole_run(lock, &mut lines);
        } else if let Some(sums) = self.view.lock_sums(id) {
            self.push_lock_use(&sums, &mut lines);
        } else {
            self.push_gap("acquisitions, waits and holds", &mut lines);
        }
        lines
    }

    /// Adds the figures that exist for the whole run only.
    fn push_whole_run(&self, lock: &Lock, lines: &mut StyledLines) {
        if let Some(fairness) = lock.recent_fairness() {
            lines.push(plain_line(String::new()));
            lines.push(plain_line(format!("fairness {fairness:.2} (1 is even, Jain's index)")));
        }
        if lock.orphanings() > 0 {
            lines.push((
                format!("its owner died while holding it, {}", compact_counted(lock.orphanings(), "time")),
                self.theme.strong_style(),
            ));
        }
    }

    fn push_lock_use(&self, sums: &LockSums, lines: &mut StyledLines) {
        lines.push(plain_line(format!(
            "acquired {}, {} of them after waiting ({})",
            compact_counted(sums.acquired, "time"),
            compact_count(sums.contended),
            compact_percent(Span(sums.contended).share_of(Span(sums.acquired)))
        )));
        self.push_times("wait", &sums.wait_times, lines);
        self.push_times("hold", &sums.hold_times, lines);
        self.push_lock_by_worker(&sums.acquired_by, lines);
    }

    /// Adds the holders and waiters, the same as in the lock's row.
    fn push_holders(&self, room: LockCapacity, figures: &LockFigures, area: Rect, lines: &mut StyledLines) {
        let (registry, at) = (self.view.shown_model().registry(), self.view.figures.taken_at);
        let named = |who: &[(WorkerId, Stamp)]| {
            let each = |(w, since): &(WorkerId, Stamp)| {
                format!("{} {}", registry.worker_name(*w), compact_duration(at.span_since(*since)))
            };
            who.iter().map(each).collect::<Vec<_>>()
        };
        lines.push(plain_line(match (figures.holders.as_slice(), room) {
            ([], LockCapacity::Permits { scoped: false, .. }) => {
                format!("used as a signal, released {}", compact_counted(figures.extra_permits, "time"))
            }
            ([], _) if figures.is_held => "held, its holder is not kept".into(),
            ([], _) => "free".into(),
            ([(owner, since)], _) => {
                format!("held by {} for {}", registry.worker_name(*owner), compact_duration(at.span_since(*since)))
            }
            (many, _) => format!("held by {}", named(many).join(", ")),
        }));
        let waiters = named(&figures.waiters);
        if !waiters.is_empty() {
            let width = overlay::centered(area, overlay::OVERLAY_WIDTH, 0).width.saturating_sub(4);
            let waiters = format!("waited for by {}", waiters.join(", "));
            lines.extend(wrap_text(&waiters, width).into_iter().map(plain_line));
        }
    }

    fn push_lock_by_worker(&self, users: &[(WorkerId, u64)], lines: &mut StyledLines) {
        let registry = self.view.shown_model().registry();
        lines.push(plain_line(String::new()));
        let most = users.iter().map(|(_, n)| *n).max().unwrap_or(0);
        for (worker, acquired) in users {
            let share = Span(*acquired).share_of(Span(most));
            let line =
                format!("{:<14} {:>6}  {}", registry.worker_name(*worker), compact_count(*acquired), self.bar(share));
            lines.push((line, self.theme.identity_style(worker.index())));
        }
    }
}

/// Returns the use of a lock under the present settings.
fn recent_use(lock: &Lock) -> LockSums {
    LockSums {
        acquired: lock.recent_acquired(),
        contended: lock.recent_contended(),
        wait_times: lock.recent_wait_times().clone(),
        hold_times: lock.recent_hold_times().clone(),
        acquired_by: lock
            .recent_users()
            .iter()
            .map(|RecentLockUse { worker, acquired, .. }| (*worker, *acquired))
            .collect(),
    }
}
