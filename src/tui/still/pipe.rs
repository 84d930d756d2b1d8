//! Pipes in virtual time: queues of messages, as many as have room.

use super::player::Player;
use crate::scenario::{PipeStep, ResourceSpec, Target};

impl<'a> Player<'a> {
    pub(super) fn pipe_step(&mut self, worker: usize, step: &'a PipeStep, now: u64) {
        let place = self.place(worker);
        let pipe = self.index(step.target(), place);
        match step {
            PipeStep::Send { target, bytes } => {
                self.shared[pipe].size = (self.capacity(worker, target) / bytes.eval(&place).max(1.0)) as i64;
                self.put(worker, pipe, now);
            }
            PipeStep::Receive { .. } => self.take(worker, pipe, now),
            PipeStep::Each { body, .. } => {
                if self.shared[pipe].value > 0 || !self.shared[pipe].closed {
                    self.once_more(worker, body);
                    self.take(worker, pipe, now);
                }
            }
            PipeStep::Close(_) => {
                self.shared[pipe].closed = true;
                self.signal(pipe, usize::MAX, now);
            }
        }
    }

    fn capacity(&self, worker: usize, target: &Target) -> f64 {
        match &self.scenario.resources[target.resource].spec {
            ResourceSpec::Pipe { capacity } => capacity.eval(&self.place(worker)),
            _ => 1.0,
        }
    }
}
