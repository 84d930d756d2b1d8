//! Requests, commands and compare-and-sets in virtual time.

use super::simulator::Simulator;
use crate::scenario::{Attempt, AttemptKind, RequestTarget, ResourceSpec, SwapValue};
use crate::trace::{Span, State};

/// Duration of a request to an unknown server, or of a command.
const ATTEMPT_TIME: Span = Span::from_millis(20);

impl<'a> Simulator<'a> {
    /// Plays an attempt, which always succeeds: a preview shows the usual case.
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
            AttemptKind::CompareAndSet(swap) => {
                let counter = self.resource_index(&swap.target, place);
                self.shared[counter].value = match &swap.new {
                    SwapValue::Added(by) => self.shared[counter].value.saturating_add(i64::from(*by)),
                    SwapValue::Value(value) => value.eval(&place) as i64,
                };
                None
            }
            AttemptKind::Retry { .. } => None,
        };
        if let Some(time) = takes {
            self.spend(worker, now, State::Io, time);
        }
    }
}
