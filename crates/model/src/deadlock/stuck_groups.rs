//! All workers that provably wait forever: those of deadlocks and of stalls.

use super::Stall;
use crate::{Model, ResourceState};
use contend_trace::{LaneRange, ResourceId, Span, Stamp, WorkerId};

/// Time after which events lost before a stall are known, from the counts of the rings.
const SETTLE_TIME: Span = Span::from_millis(200);

/// Workers that wait forever for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckGroup {
    /// When the group was complete.
    pub since: Stamp,
    /// The workers, in order.
    pub workers: Vec<WorkerId>,
}

impl Model {
    /// The workers that provably wait forever at `now`: those of each deadlock, then those of a stall, which includes
    /// waits for orphaned locks. A worker of two deadlocks is in both.
    pub fn stuck_groups(&self, now: Stamp) -> Vec<StuckGroup> {
        let deadlocks =
            self.deadlocks().iter().map(|found| StuckGroup { since: found.closed_at, workers: found.workers.clone() });
        deadlocks
            .chain(self.settled_stall(now).map(|stall| StuckGroup { since: stall.at, workers: stall.workers }))
            .collect()
    }

    /// The stall, once it has lasted long enough that events lost before it are known.
    pub fn settled_stall(&self, now: Stamp) -> Option<Stall> {
        self.stall().filter(|stall| now.span_since(stall.at) >= SETTLE_TIME)
    }

    /// Workers that could end a wait for a resource, or for room in it if `room`. Of those that are not known yet, at
    /// most two of each range: as many as it takes to see that there are several.
    pub(crate) fn suppliers(&self, (on, room): (ResourceId, bool)) -> impl Iterator<Item = WorkerId> {
        let wakers = self.registry.wakers_of(on);
        let lanes = wakers.map_or(&[][..], |wakers| if room { &wakers.takers } else { &wakers.givers });
        let known = self.lanes.len();
        let ids = move |lanes: &LaneRange| lanes.known(known).iter().chain(lanes.unknown(known).iter().take(2));
        lanes.iter().flat_map(ids).filter(move |w| self.can_still_supply(*w, on))
    }

    /// Whether a worker may still supply a resource. It cannot use an end of a pipe that it has closed or ended with.
    pub(super) fn can_still_supply(&self, w: WorkerId, on: ResourceId) -> bool {
        (w.index() < self.lanes.len() || self.registry.is_open)
            && !self.has_left(w)
            && match self.resources.get(on.index()) {
                Some(ResourceState::Pipe(pipe)) => pipe.is_open_to(w) && !self.is_certainly_ended(w),
                _ => true,
            }
    }
}
