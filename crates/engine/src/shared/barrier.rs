//! A barrier: no party passes until all have arrived; then it is ready for the next round.
//!
//! A party that gives up takes its arrival back, unless the round is complete by then: a barrier never breaks, as it
//! does in Java and Python.

use std::time::Instant;

use super::signal_waiters::{FIRST_FREE_WORD, SignalWaiters, take_ticket_inside};
use crate::recorder::Recorder;

const ARRIVED: usize = FIRST_FREE_WORD;

#[derive(Debug, Clone, Copy)]
pub struct Barrier<'a> {
    pub waiters: SignalWaiters<'a>,
    pub parties: u32,
}

impl Barrier<'_> {
    /// Waits for the other parties, until `deadline` at most; the last one to arrive wakes them all. Returns whether
    /// all arrived.
    pub async fn arrive_and_wait(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.waiters.monitor.enter();
        let arrived = guard.get(ARRIVED) + 1;
        if arrived >= u64::from(self.parties) {
            guard.set(ARRIVED, 0);
            self.waiters.signal_up_to(guard, u64::MAX, recorder);
        } else {
            guard.set(ARRIVED, arrived);
            let ticket = take_ticket_inside(&mut guard);
            if let Err(mut guard) = self.waiters.wait_inside(guard, ticket, deadline, recorder).await {
                // No signal came, so the round in which it arrived is not complete.
                guard.set(ARRIVED, guard.get(ARRIVED).saturating_sub(1));
                self.waiters.give_up(guard, recorder);
                return false;
            }
        }
        true
    }
}
