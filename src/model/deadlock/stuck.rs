//! All workers that are proven to wait forever, whatever for.

use crate::model::{Edge, Model};
use crate::trace::{LockKind, ResourceKind, Span, Stamp, WorkerId};

/// Events lost since are known after this, by what the rings themselves have counted.
pub(in crate::model) const STANDS: Span = Span::millis(200);

/// Workers that wait forever for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Since when.
    pub at: Stamp,
    /// In order.
    pub set: Vec<WorkerId>,
}

impl Model {
    /// The workers that are proven at `now` to wait forever: those of each deadlock, then those of a stall, orphaned locks
    /// included. A worker of two deadlocks is in both.
    pub fn stuck(&self, now: Stamp) -> Vec<Stuck> {
        let deadlocks = self.deadlocks().iter().map(|found| Stuck { at: found.at, set: found.set.clone() });
        let stall = self.stall().filter(|stall| now.since(stall.at) >= STANDS);
        deadlocks.chain(stall.map(|stall| Stuck { at: stall.at, set: stall.set })).collect()
    }

    /// Whether a worker waits for good for a lock that somebody has ended with: an orphaned lock.
    pub(super) fn waits_for_orphan(&self, worker: WorkerId) -> bool {
        let is_gone = |edge: &Edge| !self.lanes[edge.holder.index()].is_alive();
        self.waits_for_good(worker) && self.wants(worker).edges.iter().any(is_gone)
    }

    /// Whether it will be told that the owner is dead: it goes on with the lock.
    pub(super) fn will_find_out(&self, worker: WorkerId) -> bool {
        let on = self.lanes[worker.index()].doing.on.and_then(|on| self.cast.resource(on));
        let is_robust = |kind: &LockKind| matches!(kind, LockKind::Robust | LockKind::RobustReentrant);
        on.is_some_and(|on| matches!(&on.kind, ResourceKind::Mutex { kind } if is_robust(kind)))
            && self.waits_for_orphan(worker)
    }
}
