//! Pipes in virtual time: queues of messages.

use super::simulator::Simulator;
use crate::scenario::{PipeStep, ResourceSpec, Target};

impl<'a> Simulator<'a> {
    pub(super) fn pipe_step(&mut self, worker: usize, step: &'a PipeStep, now: u64) {
        let place = self.position_of(worker);
        let pipe = self.resource_index(step.target(), place);
        match step {
            PipeStep::Send { target, bytes } => {
                self.shared[pipe].size = (self.capacity(worker, target) / bytes.eval(&place).max(1.0)) as i64;
                self.put_item(worker, pipe, now);
            }
            PipeStep::Receive { .. } => self.take_item(worker, pipe, now),
            PipeStep::ForEach { body, .. } => {
                if self.shared[pipe].value > 0 || !self.shared[pipe].is_closed {
                    self.repeat_step(worker, body);
                    self.take_item(worker, pipe, now);
                }
            }
            PipeStep::Close(_) => {
                self.shared[pipe].is_closed = true;
                self.wake_waiters(pipe, usize::MAX, now);
            }
        }
    }

    fn capacity(&self, worker: usize, target: &Target) -> f64 {
        match &self.scenario.resources[target.resource].spec {
            ResourceSpec::Pipe { capacity } => capacity.eval(&self.position_of(worker)),
            _ => 1.0,
        }
    }
}
