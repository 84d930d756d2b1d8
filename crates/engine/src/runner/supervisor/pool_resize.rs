//! Grows and shrinks pools, and replaces workers that ended.

use super::Supervisor;
use crate::plan::{WorkerRole, pool_size};
use contend_scenario::EvalContext;
use contend_trace::{KnobId, Notice, PoolId, WorkerId};

impl Supervisor {
    /// Reports the new value of a knob, and resizes the pools whose size depends on it.
    pub(super) fn handle_knob_change(&mut self, knob: KnobId) {
        if let Some(changed) = self.run.scenario.knobs.get(knob.index()) {
            let value_text = changed.format_value(self.run.knob(knob));
            self.run.send_notice(Notice::KnobSet { knob, name: changed.name.clone(), value_text });
        }
        self.resize_pools();
    }

    /// Resizes every pool to what its knobs ask for.
    fn resize_pools(&mut self) {
        for i in 0..self.pool_sizes.len() {
            let pool = &self.run.scenario.pools[i];
            let size = pool_size(&pool.workers, pool.max_workers, self.run);
            if std::mem::replace(&mut self.pool_sizes[i], size) != size {
                self.run.send_notice(Notice::Resized { pool: PoolId::from(i), workers: size });
                self.fill_pool(i);
            }
        }
    }

    /// Starts missing workers of a pool and asks surplus workers to end.
    fn fill_pool(&mut self, pool: usize) {
        for worker in self.run.plan.registry.pools[pool].workers.clone() {
            let wanted = self.is_wanted(worker);
            let ring = self.run.memory.ring(worker);
            if wanted && !self.is_running(worker) {
                ring.clear_requests();
            }
            ring.set_end_requested(!wanted);
            if wanted && !self.is_running(worker) && !self.try_start(worker) {
                break; // the system would refuse the next one too
            }
        }
        self.run.task_queues[pool].wake_takers();
    }

    /// Starts a worker during the run. If the system refuses, reports that; the run continues without the worker.
    fn try_start(&mut self, worker: WorkerId) -> bool {
        let started = self.start_worker(worker).inspect_err(|e| self.report_start_failure(worker, e));
        started.is_ok()
    }

    /// Restarts a pool's worker that was asked to end and is wanted again, unless its pool was abandoned.
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
