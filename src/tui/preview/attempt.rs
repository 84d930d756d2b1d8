//! Requests and commands in virtual time.

use super::simulator::Simulator;
use crate::scenario::{Attempt, AttemptKind, RequestTarget, ResourceSpec};
use crate::trace::{Span, State};

/// What a request to anyone, or a command, takes in a still.
const ATTEMPT_TIME: Span = Span::from_millis(20);

impl<'a> Simulator<'a> {
    /// What is tried goes well: a still shows what is usual.
    pub(super) fn attempt(&mut self, worker: usize, attempt: &'a Attempt, now: u64) {
        self.push_frame(worker, &attempt.body, 0, None);
        let place = self.position_of(worker);
        let takes = match &attempt.kind {
            AttemptKind::HttpGet { target: RequestTarget::Server(server, _), .. } => {
                match &self.scenario.resources[*server].spec {
                    ResourceSpec::Server(serving) => Some(serving.latency.eval(&place) as u64),
                    _ => None,
                }
            }
            AttemptKind::HttpGet { .. } | AttemptKind::Exec { .. } => Some(ATTEMPT_TIME.0),
            AttemptKind::Retry { .. } => None,
        };
        if let Some(time) = takes {
            self.spend(worker, now, State::Io, time);
        }
    }
}
