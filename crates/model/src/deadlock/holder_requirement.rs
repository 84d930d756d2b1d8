//! What a worker that waits for holders needs to continue: their releases, or a cancellation.

use super::graph_reduction::Requirement;
use crate::{Model, ResourceState};
use contend_trace::{LaneRange, WorkerId};

impl Model {
    /// As `needs`, the [`Model::requirement`] of a worker. If others may cancel it, it continues with any of these,
    /// too.
    pub(super) fn or_cancellation(&self, worker: WorkerId, needs: Requirement) -> Requirement {
        if needs == Requirement::Nothing || self.is_being_cancelled(worker) {
            return Requirement::Nothing;
        }
        if !self.could_be_cancelled(worker) {
            return needs;
        }
        if self.may_be_cancelled_unseen(worker) {
            return Requirement::Nothing;
        }
        let known = self.lanes.len();
        let ids = |by: LaneRange| by.known(known).iter().chain(by.unknown(known).iter().take(1));
        let by = self.cancellers(worker).flat_map(ids).filter(|by| self.can_still_cancel(*by));
        needs.or_any_of(&by.map(WorkerId::index).collect::<Vec<_>>())
    }

    /// The requirement of a worker that waits without a time limit.
    pub(super) fn requirement(&self, worker: WorkerId) -> Requirement {
        if !self.has_unlimited_wait(worker) && self.looks.is_empty() {
            return Requirement::Nothing;
        }
        let wants = self.blockers(worker);
        if wants.edges.iter().any(|edge| edge.is_timed) {
            return Requirement::Nothing;
        }
        let mut holders: Vec<usize> = wants.edges.iter().map(|edge| edge.holder.index()).collect();
        if holders.len() > wants.required {
            return Requirement::AtLeast(wants.required, holders);
        }
        // Nothing else is known to block a reader behind writers that others may cancel.
        if !holders.is_empty() || self.has_unlimited_wait(worker) {
            holders.extend(self.writers_ahead_of(worker).map(WorkerId::index));
        }
        if holders.is_empty() { Requirement::Nothing } else { Requirement::All(holders) }
    }

    /// Writers that a reader is queued behind and that wait without a time limit themselves: it continues after they
    /// have, also after a cancellation.
    fn writers_ahead_of(&self, reader: WorkerId) -> impl Iterator<Item = WorkerId> {
        let lane = &self.lanes[reader.index()];
        let lock = lane.activity.resource.and_then(|on| match self.resources.get(on.index()) {
            Some(ResourceState::Lock(lock)) => Some(lock),
            _ => None,
        });
        lock.into_iter().flat_map(move |lock| self.writers_ahead(lock, lane.lock_request()))
    }
}
