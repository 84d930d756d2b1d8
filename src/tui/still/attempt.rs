//! Requests and commands in virtual time.

use super::player::Player;
use crate::scenario::{Attempt, Origin, ResourceSpec, What};
use crate::trace::{Span, State};

/// What a request to anyone, or a command, takes in a still.
const LONG: Span = Span::millis(20);

impl<'a> Player<'a> {
    /// What is tried goes well: a still shows what is usual.
    pub(super) fn attempt(&mut self, worker: usize, attempt: &'a Attempt, now: u64) {
        self.enter(worker, &attempt.body, 0, None);
        let place = self.place(worker);
        let takes = match &attempt.what {
            What::Get { from: Origin::Server(server, _), .. } => match &self.scenario.resources[*server].spec {
                ResourceSpec::Server(serving) => Some(serving.latency.eval(&place) as u64),
                _ => None,
            },
            What::Get { .. } | What::Exec { .. } => Some(LONG.0),
            What::Retry { .. } => None,
        };
        if let Some(time) = takes {
            self.spend(worker, now, State::Io, time);
        }
    }
}
