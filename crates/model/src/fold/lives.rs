//! What a worker's stream says of other workers' lives.

use crate::{Life, Model, Res};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

impl Model {
    pub(super) fn spawns(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.run(w, at);
        self.did(w);
        self.with_life(life, |life| life.ask(nth));
    }

    /// The worker's present life was asked for by another.
    pub(super) fn spawned(&mut self, w: WorkerId, at: Stamp, by: WorkerId, after: Span) {
        self.run(w, at);
        if let Some(life) = self.life_of(w) {
            self.with_life(life, |life| life.begin(by, after));
        }
    }

    /// Waits until another worker's life has ended: an edge of the wait-for graph, without any lock.
    pub(super) fn joins(&mut self, w: WorkerId, at: Stamp, life: ResourceId, nth: u64) {
        self.settle(w, at, State::Signal, Some(life));
        self.blocked(w, at, Some(life));
        let lane = &mut self.lanes[w.index()];
        lane.joins = nth;
        lane.stuck = lane.holds.doubtful.is_empty();
        self.stuck_holders += usize::from(lane.stuck);
        self.with_life(life, |_| {});
    }

    fn with_life(&mut self, life: ResourceId, f: impl FnOnce(&mut Life)) {
        match self.resources.get_mut(life.index()) {
            Some(Res::Life(life)) => f(life),
            _ => self.health.anomalies += 1,
        }
    }
}
