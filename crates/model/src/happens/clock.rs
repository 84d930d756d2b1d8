//! What is known to have happened before a moment in a worker's stream.

use std::sync::Arc;

use contend_trace::WorkerId;

/// Of each worker how many of its nested acquisitions have certainly happened before: a vector clock that counts only
/// what is asked for. Copies share their memory until one of them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Clock(Arc<Vec<(WorkerId, u32)>>);

impl Clock {
    /// Another nested acquisition of the worker itself; returns its number.
    pub(super) fn tick(&mut self, worker: WorkerId) -> u32 {
        let counts = Arc::make_mut(&mut self.0);
        let at = counts.binary_search_by_key(&worker, |(w, _)| *w).unwrap_or_else(|at| {
            counts.insert(at, (worker, 0));
            at
        });
        counts[at].1 = counts[at].1.saturating_add(1);
        counts[at].1
    }

    /// Whether the worker's acquisition with this number has happened before.
    pub(super) fn has_seen(&self, worker: WorkerId, nth: u32) -> bool {
        self.of(worker) >= nth
    }

    /// All that has happened before `other` has happened before this as well.
    pub(super) fn join(&mut self, other: &Self) {
        if other.0.is_empty() || Arc::ptr_eq(&self.0, &other.0) {
            return;
        }
        if self.0.is_empty() {
            *self = other.clone();
        } else if other.0.iter().any(|(w, n)| self.of(*w) < *n) {
            let counts = Arc::make_mut(&mut self.0);
            for (worker, n) in other.0.iter() {
                match counts.binary_search_by_key(worker, |(w, _)| *w) {
                    Ok(at) => counts[at].1 = counts[at].1.max(*n),
                    Err(at) => counts.insert(at, (*worker, *n)),
                }
            }
        }
    }

    fn of(&self, worker: WorkerId) -> u32 {
        self.0.binary_search_by_key(&worker, |(w, _)| *w).map_or(0, |at| self.0[at].1)
    }

    /// Heap bytes in use, were they not shared.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<(WorkerId, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_clock_knows_what_both_knew() {
        let (mut a, mut b) = (Clock::default(), Clock::default());
        assert_eq!((a.tick(WorkerId(3)), a.tick(WorkerId(3)), b.tick(WorkerId(1))), (1, 2, 1));
        let before = a.clone();
        a.join(&b);
        assert!(a.has_seen(WorkerId(1), 1) && a.has_seen(WorkerId(3), 2) && !a.has_seen(WorkerId(3), 3));
        assert!(!before.has_seen(WorkerId(1), 1), "a copy stays as it was");
        b.join(&before);
        assert_eq!(a, b);
    }
}
