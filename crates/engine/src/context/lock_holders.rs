//! Who holds each mutex, for forked processes: the memory of a mutex does not say it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::plan::Plan;
use contend_trace::{ResourceId, WorkerId};

/// The holder of each mutex of this process; empty if the run forks no process that uses one.
#[derive(Debug)]
pub struct LockHolders(Vec<AtomicU32>);

impl LockHolders {
    pub(super) fn new(plan: &Plan) -> Self {
        let count = if plan.registry.lock_copies.is_empty() { 0 } else { plan.registry.resources.len() };
        Self((0..count).map(|_| AtomicU32::new(0)).collect())
    }

    /// Notes that a worker holds a lock. Called while it does.
    #[inline]
    pub fn note(&self, lock: ResourceId, holder: Option<WorkerId>) {
        if let Some(word) = self.0.get(lock.index()) {
            // Relaxed: read in another process, whose copy of the memory is a snapshot.
            word.store(holder.map_or(0, |worker| worker.0.saturating_add(1)), Ordering::Relaxed);
        }
    }

    /// Returns the worker that held a lock when this process was forked; `None` if it had not noted that yet.
    pub fn at_fork(&self, lock: ResourceId) -> Option<WorkerId> {
        let noted = self.0.get(lock.index())?.load(Ordering::Relaxed);
        Some(WorkerId(noted.checked_sub(1)?))
    }
}
