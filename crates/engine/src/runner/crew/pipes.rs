//! Pipes and connections, as far as the runner has to do with them.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::Crew;
use crate::plan::{End, Part};
use contend_trace::WorkerId;

impl Crew {
    /// Closes the ends that nobody who may still be started will need. Before the run begins nobody has gone.
    pub fn close_ends(&self) {
        let plan = &self.run.plan;
        let may_start = |worker: WorkerId| match plan.parts[worker.index()] {
            Part::PoolWorker { pool, .. } => {
                let pool = &plan.cast.pools[pool];
                pool.workers.iter().chain(&pool.feeder).any(|other| self.is_running(*other))
            }
            Part::Member { .. } | Part::Feeder { .. } | Part::Server { .. } | Part::Manager => false,
        };
        if !self.run.ends.is_empty() {
            let lanes = (0..plan.ends.len()).map(WorkerId::from).filter(|lane| may_start(*lane));
            self.run.ends.keep(&lanes.flat_map(|lane| plan.ends[lane.index()].iter().copied()).collect());
        }
    }

    /// The ends that a worker's process inherits.
    pub(super) fn ends_of(&self, worker: WorkerId) -> Vec<(End, Arc<OwnedFd>)> {
        self.run.ends.of(&self.run.plan.ends[worker.index()])
    }
}
