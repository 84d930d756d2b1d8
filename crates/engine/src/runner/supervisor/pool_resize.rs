//! Pools that grow, shrink, and replace who is gone.

use super::Supervisor;
use crate::plan::{WorkerRole, pool_size};
use contend_trace::{KnobId, Notice, PoolId, WorkerId};

impl Supervisor {
    /// A knob was turned: its value is on the board. A pool that changes its size says so itself.
    pub(super) fn handle_knob_change(&mut self, knob: KnobId) {
        if !self.resize_pools()
            && let Some(turned) = self.run.scenario.knobs.get(knob.index())
        {
            let shown = turned.format_value(self.run.knob(knob));
            self.run.send_notice(Notice::KnobSet { knob, name: turned.name.clone(), value_text: shown });
        }
    }

    /// Brings every pool to the size its knobs ask for; whether any size changed.
    fn resize_pools(&mut self) -> bool {
        let mut changed = false;
        for i in 0..self.pool_sizes.len() {
            let pool = &self.run.scenario.pools[i];
            let size = pool_size(&pool.workers, pool.max_workers, self.run);
            if std::mem::replace(&mut self.pool_sizes[i], size) != size {
                self.run.send_notice(Notice::Resized { pool: PoolId::from(i), workers: size });
                self.fill_pool(i);
                changed = true;
            }
        }
        changed
    }

    /// Starts who is missing in a pool, asks those who are too many to end.
    fn fill_pool(&mut self, pool: usize) {
        for worker in self.run.plan.cast.pools[pool].workers.clone() {
            let wanted = self.is_wanted(worker);
            self.run.memory.ring(worker).set_end_requested(!wanted);
            if wanted && !self.is_running(worker) && !self.try_start(worker) {
                break; // the next would be refused as well
            }
        }
        self.run.task_queues[pool].wake_takers();
    }

    /// Starts one while the run goes on. Refused, it goes on without, and that is said.
    fn try_start(&mut self, worker: WorkerId) -> bool {
        let started = self.start_worker(worker).inspect_err(|e| self.report_start_failure(worker, e));
        started.is_ok()
    }

    /// Starts a pool's worker anew if it ended while it was still wanted and its pool has work to come.
    pub(super) fn restart_if_wanted(&mut self, worker: WorkerId) {
        let ring = self.run.memory.ring(worker);
        if let WorkerRole::PoolWorker { .. } = self.run.plan.roles[worker.index()]
            && self.is_wanted(worker)
            && !self.is_running(worker)
            && ring.is_end_requested()
            && !ring.is_cut_off()
        {
            ring.set_end_requested(false);
            self.try_start(worker);
        }
    }
}
