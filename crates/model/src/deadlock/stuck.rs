//! All workers that are proven to wait forever, whatever for.

use super::Stall;
use crate::{Model, Res};
use contend_trace::{ResourceId, Span, Stamp, WorkerId};

/// Events lost since are known after this, by what the rings themselves have counted.
const STANDS: Span = Span::millis(200);

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
        deadlocks.chain(self.standing_stall(now).map(|stall| Stuck { at: stall.at, set: stall.set })).collect()
    }

    /// The stall, once it has lasted so long that events lost before it are known.
    pub fn standing_stall(&self, now: Stamp) -> Option<Stall> {
        self.stall().filter(|stall| now.since(stall.at) >= STANDS)
    }

    /// Workers that could end a wait for a resource, or for room in it if `room`.
    pub(crate) fn who_gives(&self, (on, room): (ResourceId, bool)) -> impl Iterator<Item = WorkerId> {
        let wakers = self.cast.wakers.get(on.index());
        let lanes = wakers.map_or(&[][..], |wakers| if room { &wakers.takers } else { &wakers.givers });
        lanes.iter().flat_map(|lanes| lanes.iter()).filter(move |w| self.can_still_give(*w, on))
    }

    /// Whether a worker may still act on a resource: an end of a pipe that it closed, or ended with, is gone.
    pub(super) fn can_still_give(&self, w: WorkerId, on: ResourceId) -> bool {
        w.index() < self.lanes.len()
            && match self.resources.get(on.index()) {
                Some(Res::Pipe(pipe)) => pipe.is_open_to(w) && !self.is_over(w),
                _ => true,
            }
    }
}
