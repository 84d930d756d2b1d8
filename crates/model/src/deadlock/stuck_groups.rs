//! All workers that are proven to wait forever, whatever for.

use super::Stall;
use crate::{Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, WorkerId};

/// Events lost since are known after this, by what the rings themselves have counted.
const SETTLE_TIME: Span = Span::from_millis(200);

/// Workers that wait forever for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckGroup {
    /// Since when.
    pub since: Stamp,
    /// In order.
    pub workers: Vec<WorkerId>,
}

impl Model {
    /// The workers that are proven at `now` to wait forever: those of each deadlock, then those of a stall, orphaned locks
    /// included. A worker of two deadlocks is in both.
    pub fn stuck_groups(&self, now: Stamp) -> Vec<StuckGroup> {
        let deadlocks =
            self.deadlocks().iter().map(|found| StuckGroup { since: found.closed_at, workers: found.workers.clone() });
        deadlocks
            .chain(self.settled_stall(now).map(|stall| StuckGroup { since: stall.at, workers: stall.workers }))
            .collect()
    }

    /// The stall, once it has lasted so long that events lost before it are known.
    pub fn settled_stall(&self, now: Stamp) -> Option<Stall> {
        self.stall().filter(|stall| now.span_since(stall.at) >= SETTLE_TIME)
    }

    /// Workers that could end a wait for a resource, or for room in it if `room`.
    pub(crate) fn suppliers(&self, (on, room): (ResourceId, bool)) -> impl Iterator<Item = WorkerId> {
        let wakers = self.registry.wakers.get(on.index());
        let lanes = wakers.map_or(&[][..], |wakers| if room { &wakers.takers } else { &wakers.givers });
        lanes.iter().flat_map(|lanes| lanes.iter()).filter(move |w| self.can_still_supply(*w, on))
    }

    /// Whether a worker may still act on a resource: an end of a pipe that it closed, or ended with, is gone.
    pub(super) fn can_still_supply(&self, w: WorkerId, on: ResourceId) -> bool {
        w.index() < self.lanes.len()
            && match self.resources.get(on.index()) {
                Some(ResourceState::Pipe(pipe)) => pipe.is_open_to(w) && !self.is_certainly_ended(w),
                _ => true,
            }
    }
}
