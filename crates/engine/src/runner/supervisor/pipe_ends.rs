//! The runner's copies of pipe ends: closed when unused, inherited by worker processes.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::Supervisor;
use crate::plan::{PipeEnd, WorkerRole};
use contend_trace::WorkerId;

impl Supervisor {
    /// Closes the ends that no worker needs which may still be started. Only workers of running pools may be.
    pub fn close_unused_ends(&self) {
        let plan = &self.run.plan;
        let may_start = |worker: WorkerId| match plan.roles[worker.index()] {
            WorkerRole::PoolWorker { pool, .. } => {
                let pool = &plan.registry.pools[pool];
                pool.workers.iter().chain(&pool.feeder).any(|other| self.is_running(*other))
            }
            WorkerRole::GroupMember { .. }
            | WorkerRole::Feeder { .. }
            | WorkerRole::HttpServer { .. }
            | WorkerRole::CounterServer => false,
        };
        if !self.run.pipe_ends.is_empty() {
            let lanes = (0..plan.pipe_ends.len()).map(WorkerId::from).filter(|lane| may_start(*lane));
            self.run
                .pipe_ends
                .close_all_except(&lanes.flat_map(|lane| plan.pipe_ends[lane.index()].iter().copied()).collect());
        }
    }

    /// Returns the ends that a worker's process inherits.
    pub(super) fn inherited_ends(&self, worker: WorkerId) -> Vec<(PipeEnd, Arc<OwnedFd>)> {
        self.run.pipe_ends.select(&self.run.plan.pipe_ends[worker.index()])
    }
}
