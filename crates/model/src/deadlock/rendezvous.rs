//! Waits at a queue without room: whether a worker that waits there is served already.
//!
//! The proof is that of `stall`: suppose a worker of the set continues, as the first of the set. All workers of the
//! other side are in the set or have ended, so all their events are known. Then the counts of `queue/rendezvous.rs`
//! tell that the worker is not served, or, if workers of its own side have died, the balance of all puts and takes: a
//! served worker would need one on the other side that is served as well and waits.

use crate::{Model, Queue};
use contend_trace::{ResourceId, State};

impl Model {
    /// Whether a worker that waits at a queue without room, for a taker if `room`, was not served by any worker of the
    /// other side that is stuck or has ended.
    pub(super) fn is_unserved(&self, queue: &Queue, on: ResourceId, room: bool) -> bool {
        let is_known = if room { queue.is_no_putter_served() } else { queue.is_nothing_handed_over() };
        let is_balanced =
            || queue.is_balanced() && !self.is_partner_waiting(on, room) && !self.has_crashed_worker(on, room);
        !queue.is_closed() && queue.is_numbered_without_gap(room) && (is_known || is_balanced())
    }

    /// Whether nothing is there for a worker with the alternative of a queue without room, and it has not completed
    /// with a worker of the other side before: such a worker would wait, have recorded that its wait is over, or have
    /// died.
    pub(super) fn is_no_partner_there(&self, queue: &Queue, on: ResourceId, room: bool) -> bool {
        let has_died = |state| self.has_worker_died_waiting(queue, on, state);
        let is_known = if room {
            queue.is_each_arriving_put_known()
        } else {
            // The item of a dead taker goes to the next worker, which hides a take that is not known yet.
            queue.is_each_arriving_take_known() && !has_died(State::Full)
        };
        let has_gap = [true, false].into_iter().any(|room| !queue.is_numbered_without_gap(room));
        is_known && !has_gap && !self.is_partner_waiting(on, room) && !has_died(State::Empty)
    }

    /// Whether a worker has ever died while it waited in this state for a queue without room, and was perhaps served.
    fn has_worker_died_waiting(&self, queue: &Queue, on: ResourceId, state: State) -> bool {
        queue.has_worker_died_waiting(state)
            || self.lanes.entries().any(|(_, lane)| lane.dead_since().is_some() && lane.has_waited_at(state, on))
    }

    /// Whether a worker waits on the other side of a queue without room, and was perhaps not served.
    fn is_partner_waiting(&self, on: ResourceId, room: bool) -> bool {
        let other_side = if room { State::Empty } else { State::Full };
        self.lanes.entries().any(|(_, lane)| {
            lane.is_alive()
                && (lane.activity.state, lane.activity.resource) == (other_side, Some(on))
                && lane.awaited_alternatives().is_empty()
        })
    }

    /// Whether a worker that takes from a queue, or puts if not `takes`, has ever crashed.
    fn has_crashed_worker(&self, on: ResourceId, takes: bool) -> bool {
        let lanes = self.registry.wakers_of(on).map_or(&[][..], |of| if takes { &of.takers } else { &of.givers });
        lanes
            .iter()
            .flat_map(|lanes| lanes.known(self.lanes.len()).iter())
            .any(|w| self.lanes.get(w.index()).is_none_or(|l| l.crash_count() > 0 || l.is_leaving))
    }
}
