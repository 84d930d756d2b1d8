//! Who waits for whom.

use super::{Model, Res};
use crate::trace::{ResourceId, WorkerId};

/// One worker waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    pub lock: ResourceId,
    /// The wait ends by itself.
    pub timed: bool,
}

/// The wait-for graph at one moment, edges in order of the waiter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitFor {
    pub edges: Vec<Edge>,
}

impl Model {
    /// The wait-for graph now: edges that are certain.
    pub fn wait_for(&self) -> WaitFor {
        let ids = (0..self.lanes.len()).map(WorkerId::from);
        WaitFor { edges: ids.filter_map(|waiter| self.edge(waiter)).collect() }
    }

    /// Whom a worker waits for, as far as that is certain.
    ///
    /// The waiter's last event is its wait, and nothing of it is missing since. The holder is believed if its own stream
    /// says that it has the lock with grant k, and every grant after the waiter's own last one, up to k, has been seen as
    /// somebody's. Why a ring of such edges is a deadlock: let the waiter of the ring that in truth goes on first get its
    /// lock with grant g. The believed holder, still in its own wait then, cannot have had the lock before that, or it
    /// would have it still; so its k is later than g. Then g lies between the waiter's former grant and k and was seen; but
    /// it is the waiter's own, whose last known event is the wait. A contradiction. No clock is needed, nor any order of
    /// arrival between workers; lost events can hide an edge but never make one.
    pub(super) fn edge(&self, waiter: WorkerId) -> Option<Edge> {
        let lane = self.lanes.get(waiter.index()).filter(|lane| lane.is_alive())?;
        let id = lane.doing.on?;
        if !(lane.stuck || lane.waits_timed()) {
            return None;
        }
        let Some(Res::Lock(lock)) = self.resources.get(id.index()) else { return None };
        let (holder, grant) = lock.believed()?;
        let own = lock.last_of(waiter);
        let holds = self.lanes[holder.index()].held().contains(&(id, grant));
        let known = own < grant && lock.seen.complete(own.0, grant.0) || holder == waiter;
        (holds && known).then_some(Edge { waiter, holder, lock: id, timed: lane.timed })
    }

    /// Whether a worker waits for a lock without a limit, as far as its own events tell.
    pub(super) fn waits_for_good(&self, worker: WorkerId) -> bool {
        self.lanes.get(worker.index()).is_some_and(|lane| lane.stuck && lane.is_alive())
    }
}
