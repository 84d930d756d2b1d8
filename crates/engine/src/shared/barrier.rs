//! A barrier: no party passes until all have arrived; then it is ready for the next round.

use super::signal_waiters::{FIRST_FREE_WORD, SignalWaiters, take_ticket_inside};
use crate::recorder::Recorder;

const ARRIVED: usize = FIRST_FREE_WORD;

#[derive(Debug, Clone, Copy)]
pub struct Barrier<'a> {
    pub waiters: SignalWaiters<'a>,
    pub parties: u32,
}

impl Barrier<'_> {
    /// Waits for the other parties; the last one to arrive wakes them all.
    pub async fn arrive_and_wait(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.waiters.monitor.enter();
        let arrived = guard.get(ARRIVED) + 1;
        if arrived >= u64::from(self.parties) {
            guard.set(ARRIVED, 0);
            self.waiters.signal_up_to(guard, u64::MAX, recorder);
        } else {
            guard.set(ARRIVED, arrived);
            let ticket = take_ticket_inside(&mut guard);
            self.waiters.wait_inside(guard, ticket, None, recorder).await;
        }
    }
}
