//! What a worker's stream says of other workers' lives.

use crate::{Life, Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

impl Model {
    pub(super) fn record_spawn_request(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_life(life, |life| life.record_request(nth));
    }

    /// The worker's present life was asked for by another.
    pub(super) fn record_spawn(&mut self, w: WorkerId, at: Stamp, by: WorkerId, after: Span) {
        self.set_running(w, at);
        if let Some(life) = self.life_of(w) {
            self.with_life(life, |life| life.record_start(by, after));
        }
    }

    /// Waits until another worker's life has ended: an edge of the wait-for graph, without any lock.
    pub(super) fn begin_join(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.change_activity(w, at, State::Signal, Some(life));
        self.detect_futile_wakeup(w, at, Some(life));
        let lane = &mut self.lanes[w.index()];
        lane.joined_life = nth;
        lane.is_deadlock_candidate = lane.holds.uncertain.is_empty();
        self.stuck_holders += usize::from(lane.is_deadlock_candidate);
        self.with_life(life, |_| {});
    }

    fn with_life(&mut self, life: ResourceId, f: impl FnOnce(&mut Life)) {
        match self.resources.get_mut(life.index()) {
            Some(ResourceState::Life(life)) => f(life),
            _ => self.health.anomalies += 1,
        }
    }
}
