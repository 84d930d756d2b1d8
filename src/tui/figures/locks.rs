//! The figures of a lock.

use crate::model::{CellWindow, Lock, LockCapacity, Model};
use crate::trace::{ResourceId, Span, Stamp, WorkerId};

#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct LockFigures {
    pub(in crate::tui) owner: Option<WorkerId>,
    /// All holders, each with its start: one entry for each permit.
    pub(in crate::tui) holders: Vec<(WorkerId, Stamp)>,
    /// All waiters, each with its start, the longest first.
    pub(in crate::tui) waiters: Vec<(WorkerId, Stamp)>,
    /// Share of the requests that had to wait, if known.
    pub(in crate::tui) contended_share: Option<f64>,
    /// Of an rwlock: the number of readers, and of waiting writers as far as known.
    pub(in crate::tui) readers: usize,
    pub(in crate::tui) waiting_writers: usize,
    pub(in crate::tui) wait_p99: Option<Span>,
    /// The longest wait.
    pub(in crate::tui) wait_max: Option<Span>,
    pub(in crate::tui) mean_hold: Option<Span>,
    /// Share of the window in which the lock was held.
    pub(in crate::tui) held_share: f64,
    /// Whether the lock is held.
    pub(in crate::tui) is_held: bool,
    /// Acquisitions, and those that had to wait.
    pub(in crate::tui) acquisitions: u64,
    pub(in crate::tui) waited_acquisitions: u64,
    /// Permits released that were not held.
    pub(in crate::tui) extra_permits: u64,
    /// Whether the hooks of a tracer change how contended it is.
    pub(in crate::tui) is_distorted: bool,
}

impl LockFigures {
    /// Adds the holders at `at`, and how long the lock was held since `from`. Waiters are known for the newest moment
    /// only.
    pub(super) fn at_cursor(self, model: &Model, id: ResourceId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(lock) = model.lock(id) else { return self };
        let holders = lock.holders_at(at, now);
        let is_held = !holders.is_empty() || at < now && lock.held_share(at, at + Span(1), now) > 0.0;
        Self {
            owner: lock.owner_at(at, now),
            waiters: if at >= now { lock.waiters() } else { Vec::new() },
            readers: reader_count(lock, at, now),
            waiting_writers: if at >= now { model.writers_waiting(id) } else { 0 },
            held_share: lock.held_share(from, at, now),
            holders,
            is_held,
            ..self
        }
    }
}

/// Returns the number of readers of an rwlock at `at`.
fn reader_count(lock: &Lock, at: Stamp, now: Stamp) -> usize {
    if lock.capacity() != LockCapacity::ReadersWriter || lock.owner_at(at, now).is_some() {
        return 0;
    }
    if at >= now {
        return lock.holders().len();
    }
    let mut cells = Vec::with_capacity(1);
    lock.cells(&CellWindow { from: at, to: at + Span(1), cells: 1 }, now, &mut cells);
    cells.first().map_or(0, |cell| cell.mean_holders.round() as usize)
}
