//! Applies events about the lives of other workers: spawns, cancellations and joins.

use crate::lane::{JoinWait, Wait};
use crate::{Life, Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

impl Model {
    pub(super) fn record_spawn_request(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_life(life, |life| life.record_request(nth));
    }

    /// Records that another worker requested this worker's present life.
    pub(super) fn record_spawn(&mut self, w: WorkerId, at: Stamp, by: WorkerId, after: Span) {
        self.set_running(w, at);
        if let Some(life) = self.life_of(w) {
            self.with_life(life, |life| life.record_start(by, after));
        }
    }

    /// Records that a worker cancels another one in this life.
    pub(super) fn record_cancellation(&mut self, w: WorkerId, at: Stamp, of: WorkerId, (life, kills): (u64, bool)) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        match self.lanes.get_mut(of.index()) {
            Some(lane) => lane.cancellation = lane.cancellation.max(Some((life, kills))),
            None => self.health.anomalies += 1,
        }
    }

    /// Begins the wait for the end of another worker's life: an edge of the wait-for graph without any lock.
    pub(super) fn begin_join(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.change_activity(w, at, State::Signal, Some(life));
        self.detect_futile_wakeup(w, at, Some(life));
        let lane = &mut self.lanes[w.index()];
        lane.wait = Some(Wait::Join(JoinWait { life: nth, are_holds_known: lane.holds.uncertain.is_empty() }));
        self.stuck_holders += usize::from(lane.can_close_cycle());
        self.with_life(life, |_| {});
    }

    fn with_life(&mut self, life: ResourceId, f: impl FnOnce(&mut Life)) {
        match self.resources.get_mut(life.index()) {
            Some(ResourceState::Life(life)) => f(life),
            _ => self.health.anomalies += 1,
        }
    }
}
