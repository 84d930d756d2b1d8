//! An event flag: while it is set, no worker has to wait for it.

use std::time::Instant;

use super::signal_waiters::{FIRST_FREE_WORD, SignalWaiters, take_ticket_inside};
use crate::recorder::Recorder;
use contend_trace::EventKind;

const SET: usize = FIRST_FREE_WORD;
/// How many times it was set.
const SET_COUNT: usize = FIRST_FREE_WORD + 1;

#[derive(Debug, Clone, Copy)]
pub struct EventFlag<'a>(pub SignalWaiters<'a>);

impl EventFlag<'_> {
    /// Waits until the flag is set or the deadline passes. Returns at once if the flag is set already. Returns whether
    /// it was set.
    pub async fn wait(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.0.monitor.enter();
        if guard.get(SET) == 0 {
            let ticket = take_ticket_inside(&mut guard);
            if let Err(guard) = self.0.wait_inside(guard, ticket, deadline, recorder).await {
                self.0.give_up(guard, recorder);
                return false;
            }
        } else {
            let nth = guard.get(SET_COUNT);
            let at = recorder.now();
            drop(guard);
            recorder.write(at, EventKind::FlagSeenSet { on: self.0.id, nth });
        }
        true
    }

    /// Sets the flag and wakes all waiters.
    pub fn set(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.0.monitor.enter();
        guard.set(SET, 1);
        guard.set(SET_COUNT, guard.get(SET_COUNT) + 1);
        self.0.signal_up_to(guard, u64::MAX, recorder);
    }

    pub fn clear(self) {
        self.0.monitor.enter().set(SET, 0);
    }
}
