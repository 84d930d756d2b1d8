//! Pools that grow, shrink, and replace who is gone.

use super::Crew;
use crate::plan::{Part, pool_size};
use crate::run::Run;
use contend_scenario::Values;
use contend_trace::{KnobId, Notice, PoolId, WorkerId};

/// Knobs as they stand.
struct Now(&'static Run);

impl Values for Now {
    fn knob(&self, knob: KnobId) -> f64 {
        self.0.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        (0, 1)
    }
}

impl Crew {
    /// A knob was turned: its value is on the board. A pool that changes its size says so itself.
    pub(super) fn turned(&mut self, knob: KnobId) {
        if !self.resize()
            && let Some(turned) = self.run.scenario.knobs.get(knob.index())
        {
            let shown = turned.show(self.run.knob(knob));
            self.run.notice(Notice::Turned { knob, name: turned.name.clone(), shown });
        }
    }

    /// Brings every pool to the size its knobs ask for; whether any size changed.
    fn resize(&mut self) -> bool {
        let mut changed = false;
        for i in 0..self.sizes.len() {
            let pool = &self.run.scenario.pools[i];
            let size = pool_size(&pool.workers, pool.most, &Now(self.run));
            if std::mem::replace(&mut self.sizes[i], size) != size {
                self.run.notice(Notice::Resized { pool: PoolId::from(i), workers: size });
                self.fill(i);
                changed = true;
            }
        }
        changed
    }

    /// Starts who is missing in a pool, asks those who are too many to end.
    fn fill(&mut self, pool: usize) {
        for worker in self.run.plan.cast.pools[pool].workers.clone() {
            let wanted = self.takes_part(worker);
            self.run.board.ring(worker).ask_to_end(!wanted);
            if wanted && !self.is_running(worker) && !self.started_late(worker) {
                break; // the next would be refused as well
            }
        }
        self.run.queues[pool].wake();
    }

    /// Starts one while the run goes on. Refused, it goes on without, and that is said.
    fn started_late(&mut self, worker: WorkerId) -> bool {
        let started = self.start(worker).inspect_err(|e| self.could_not_start(worker, e));
        started.is_ok()
    }

    /// Starts a pool's worker anew if it ended while it was still wanted and its pool has work to come.
    pub(super) fn replace(&mut self, worker: WorkerId) {
        let ring = self.run.board.ring(worker);
        if let Part::PoolWorker { .. } = self.run.plan.parts[worker.index()]
            && self.takes_part(worker)
            && !self.is_running(worker)
            && ring.asked_to_end()
            && !ring.is_cut_off()
        {
            ring.ask_to_end(false);
            self.started_late(worker);
        }
    }
}
