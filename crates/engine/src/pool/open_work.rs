//! The count that closes all queues: unfinished tasks of all pools plus the workers that may still submit tasks.

use std::sync::atomic::{AtomicU64, Ordering};

/// Unfinished tasks of all pools plus the workers that may still submit some. At 0 no task can ever come.
#[derive(Debug, Clone, Copy)]
pub struct OpenWork(pub &'static AtomicU64);

impl OpenWork {
    pub fn add(self, count: u64) {
        self.0.fetch_add(count, Ordering::AcqRel);
    }

    /// Counts down by one. Returns whether nothing is left.
    pub fn finish_one(self) -> bool {
        // Each call sees the writes of those before it, and the last call sees all of them.
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| open.checked_sub(1)) == Ok(1)
    }
}
