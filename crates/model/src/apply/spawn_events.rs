//! Applies events about the lives of other workers: spawns, cancellations and joins.

use crate::lane::{JoinWait, Wait};
use crate::{Life, Model, ResourceState};
use contend_trace::{EventKind, ResourceId, Span, Stamp, State, WorkerId};

impl Model {
    pub(super) fn apply_spawn_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Spawns { life, nth } => self.record_spawn_request(w, at, life, nth),
            EventKind::SpawnedBy { worker, after } => self.record_spawn(w, at, worker, after),
            EventKind::Cancels { worker, nth, kills } => self.record_cancellation(w, at, worker, (nth, kills)),
            EventKind::Joins { life, nth } => self.begin_join(w, at, life, nth),
            _ => {}
        }
    }

    fn record_spawn_request(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_life(life, |life| life.record_request(nth));
    }

    /// Records that another worker requested this worker's present life.
    fn record_spawn(&mut self, w: WorkerId, at: Stamp, by: WorkerId, after: Span) {
        self.set_running(w, at);
        if let Some(life) = self.life_of(w) {
            self.with_life(life, |life| life.record_start(by, after));
        }
    }

    /// Records that a worker cancels another one in this life.
    fn record_cancellation(&mut self, w: WorkerId, at: Stamp, of: WorkerId, (life, kills): (u64, bool)) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        match self.lanes.get_mut(of.index()) {
            Some(lane) => lane.cancellation = lane.cancellation.max(Some((life, kills))),
            None => self.health.anomalies += 1,
        }
    }

    /// Begins the wait for the end of another worker's life: an edge of the wait-for graph without any lock.
    fn begin_join(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
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
