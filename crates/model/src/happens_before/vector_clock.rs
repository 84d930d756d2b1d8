//! Vector clocks: what certainly happened before a moment in a worker's stream.

use std::sync::Arc;

use contend_trace::WorkerId;

/// The number of each worker's nested acquisitions that certainly happened before: a vector clock that counts only
/// these events. Copies share memory until one of them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct VectorClock(Arc<Vec<(WorkerId, u32)>>);

impl VectorClock {
    /// Counts another nested acquisition of the worker, and returns its number.
    pub(super) fn tick(&mut self, worker: WorkerId) -> u32 {
        let counts = Arc::make_mut(&mut self.0);
        let at = counts.binary_search_by_key(&worker, |(w, _)| *w).unwrap_or_else(|at| {
            counts.insert(at, (worker, 0));
            at
        });
        counts[at].1 = counts[at].1.saturating_add(1);
        counts[at].1
    }

    /// Whether the worker's acquisition with this number happened before.
    pub(super) fn includes(&self, worker: WorkerId, nth: u32) -> bool {
        self.count_of(worker) >= nth
    }

    /// Adds everything that happened before `other`.
    pub(super) fn join(&mut self, other: &Self) {
        if other.0.is_empty() || Arc::ptr_eq(&self.0, &other.0) {
            return;
        }
        if self.0.is_empty() {
            *self = other.clone();
        } else if other.0.iter().any(|(w, n)| self.count_of(*w) < *n) {
            let counts = Arc::make_mut(&mut self.0);
            for (worker, n) in other.0.iter() {
                match counts.binary_search_by_key(worker, |(w, _)| *w) {
                    Ok(at) => counts[at].1 = counts[at].1.max(*n),
                    Err(at) => counts.insert(at, (*worker, *n)),
                }
            }
        }
    }

    fn count_of(&self, worker: WorkerId) -> u32 {
        self.0.binary_search_by_key(&worker, |(w, _)| *w).map_or(0, |at| self.0[at].1)
    }

    /// Returns the heap bytes in use if they were not shared.
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.len() * size_of::<(WorkerId, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_clock_includes_both_clocks() {
        let (mut a, mut b) = (VectorClock::default(), VectorClock::default());
        assert_eq!((a.tick(WorkerId(3)), a.tick(WorkerId(3)), b.tick(WorkerId(1))), (1, 2, 1));
        let before = a.clone();
        a.join(&b);
        assert!(a.includes(WorkerId(1), 1) && a.includes(WorkerId(3), 2) && !a.includes(WorkerId(3), 3));
        assert!(!before.includes(WorkerId(1), 1), "a copy does not change");
        b.join(&before);
        assert_eq!(a, b);
    }
}
