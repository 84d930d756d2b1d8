//! Workers that submit tasks to pools and wait for their results.

use super::simulator::Simulator;
use crate::scenario::PoolStep;
use crate::trace::State;

/// How long a worker waits for a result, in nanoseconds: about as long as a task takes.
const RESULT_TIME: u64 = 20_000_000;

impl<'a> Simulator<'a> {
    pub(super) fn pool_step(&mut self, worker: usize, step: &'a PoolStep, now: u64) {
        match step {
            PoolStep::Submit { .. } | PoolStep::Shutdown { .. } | PoolStep::CancelQueued { .. } => {}
            PoolStep::AwaitResult { .. } => self.spend(worker, now, State::Signal, RESULT_TIME),
            PoolStep::MatchResult { body, .. } => {
                self.push_frame(worker, body, 0, None);
                self.spend(worker, now, State::Signal, RESULT_TIME);
            }
        }
    }
}
