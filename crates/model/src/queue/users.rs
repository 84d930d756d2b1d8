//! The workers that were seen to put items into a queue of a user's program, or to take them: nothing declares
//! them before.

use std::collections::BTreeSet;

use contend_trace::WorkerId;

/// Most workers that are kept of each side.
const MAX_USERS: usize = 256;

/// The workers of one side, as long as there are not too many.
#[derive(Debug, Clone, Default)]
struct Side {
    workers: BTreeSet<WorkerId>,
    newest: Option<WorkerId>,
    has_more: bool,
}

impl Side {
    fn note(&mut self, worker: WorkerId) {
        if self.newest != Some(worker) {
            self.newest = Some(worker);
            if self.workers.len() < MAX_USERS {
                self.workers.insert(worker);
            } else {
                self.has_more |= !self.workers.contains(&worker);
            }
        }
    }

    fn complete(&self) -> Option<&BTreeSet<WorkerId>> {
        (!self.has_more).then_some(&self.workers)
    }
}

/// The workers that use a queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueueUsers {
    givers: Side,
    takers: Side,
}

impl QueueUsers {
    #[inline]
    pub(crate) fn note_giver(&mut self, worker: WorkerId) {
        self.givers.note(worker);
    }

    #[inline]
    pub(crate) fn note_taker(&mut self, worker: WorkerId) {
        self.takers.note(worker);
    }

    /// Returns the workers that put items; `None` if there are too many to know them all.
    pub(crate) fn givers(&self) -> Option<&BTreeSet<WorkerId>> {
        self.givers.complete()
    }

    /// Returns the workers that took items; `None` if there are too many to know them all.
    pub(crate) fn takers(&self) -> Option<&BTreeSet<WorkerId>> {
        self.takers.complete()
    }
}
