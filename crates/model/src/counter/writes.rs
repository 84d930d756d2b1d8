//! The newest writes of a counter, and which of them overwrote the update of another worker.

use std::collections::VecDeque;

use super::Counter;
use contend_trace::{Stamp, WorkerId};

/// A write: the value that the worker had read, and the one that it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterWrite {
    pub at: Stamp,
    pub worker: WorkerId,
    pub read: i64,
    pub written: i64,
    /// Whether another value was in the counter than the one that was read, so that an update is lost. False for the
    /// oldest write that is kept.
    pub overwrites: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeptWrite {
    at: Stamp,
    worker: WorkerId,
    value: i32,
    delta: i8,
}

/// The newest writes, in order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct NewestWrites(VecDeque<KeptWrite>);

impl NewestWrites {
    #[inline]
    pub(super) fn add(&mut self, (at, worker): (Stamp, WorkerId), (delta, value): (i8, i32), kept: usize) {
        while self.0.len() >= kept.max(1) {
            self.0.pop_front();
        }
        self.0.push_back(KeptWrite { at, worker, value, delta });
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<KeptWrite>()
    }
}

impl Counter {
    /// Returns the kept writes up to `to` in order of time.
    pub fn writes(&self, to: Stamp) -> Vec<CounterWrite> {
        let mut kept: Vec<KeptWrite> = self.newest_writes.0.iter().filter(|write| write.at <= to).copied().collect();
        kept.sort_by_key(|write| (write.at, write.worker));
        let mut before = None;
        let write = |kept: KeptWrite| {
            let read = i64::from(kept.value) - i64::from(kept.delta);
            let overwrites = before.replace(i64::from(kept.value)).is_some_and(|value| value != read);
            CounterWrite { at: kept.at, worker: kept.worker, read, written: kept.value.into(), overwrites }
        };
        kept.into_iter().map(write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(writes: &[(u64, u32, i8, i32)], kept: usize) -> NewestWrites {
        let mut newest = NewestWrites::default();
        for (at, worker, delta, value) in writes {
            newest.add((Stamp(*at), WorkerId(*worker)), (*delta, *value), kept);
        }
        newest
    }

    #[test]
    fn write_of_a_value_that_was_read_before_another_write_loses_an_update() {
        let shape = crate::history::HistoryShape::new(16, 1);
        let mut counter = Counter::new(0, contend_trace::CounterMemory::Shared, shape, 8);
        // Both read 3 and write 4; the events of the second arrive first.
        counter.newest_writes = written(&[(30, 1, 1, 4), (10, 0, 1, 3), (20, 0, 1, 4), (40, 0, 1, 5)], 8);
        let writes = counter.writes(Stamp(100));
        assert_eq!(writes.iter().map(|w| (w.read, w.written)).collect::<Vec<_>>(), [(2, 3), (3, 4), (3, 4), (4, 5)]);
        assert_eq!(writes.iter().map(|w| w.overwrites).collect::<Vec<_>>(), [false, false, true, false]);
        assert_eq!(counter.writes(Stamp(20)).len(), 2);
    }

    #[test]
    fn number_of_kept_writes_is_bounded() {
        let many: Vec<_> = (0..100).map(|n| (n, 0, 1, n as i32)).collect();
        assert_eq!(written(&many, 8).0.len(), 8);
    }
}
