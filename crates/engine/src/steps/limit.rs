//! Time limits of waits.

use std::time::{Duration, Instant};

use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Expr, Limit};
use contend_trace::ResourceId;

impl StepRunner {
    /// Returns when a wait that begins now gives up; `None` if it has no limit.
    pub(crate) fn deadline(&self, limit: &Limit) -> Option<Instant> {
        limit.as_ref().map(|limit| self.deadline_after(&limit.timeout))
    }

    /// Returns when an attempt that begins now gives up; `None` if it does not wait.
    pub(crate) fn try_deadline(&self, timeout: &Expr) -> Option<Instant> {
        let nanos = timeout.eval(self) as u64;
        (nanos > 0).then(|| Instant::now() + Duration::from_nanos(nanos))
    }

    pub(crate) fn deadline_after(&self, timeout: &Expr) -> Instant {
        Instant::now() + Duration::from_nanos(timeout.eval(self) as u64)
    }

    /// Records an attempt at a lock with this limit as a poll, if it did not wait.
    pub(crate) fn record_limited_poll(&mut self, succeeded: bool, limit: &Limit, on: ResourceId) {
        if let Some(limit) = limit {
            self.record_poll(succeeded || limit.timeout.eval(self) > 0.0, on);
        }
    }

    /// Runs the steps of a worker whose wait exceeded its limit.
    pub(crate) async fn give_up(&mut self, limit: &Limit) -> StepResult {
        match limit {
            Some(limit) => self.run_block(&limit.otherwise).await,
            None => Ok(()),
        }
    }
}
