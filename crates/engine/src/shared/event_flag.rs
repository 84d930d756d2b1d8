//! An event flag: while it is set, no worker has to wait for it.

use std::time::Instant;

use super::monitor::MonitorGuard;
use super::signal_waiters::{FIRST_FREE_WORD, SIGNALLED, SignalWaiters, take_ticket_inside};
use crate::recorder::Recorder;
use contend_trace::EventKind;

const SET: usize = FIRST_FREE_WORD;
/// How many times it was set.
const SET_COUNT: usize = FIRST_FREE_WORD + 1;

/// Workers for which the flag is an alternative of a `select`. They have no ticket: no signal is sent to them alone.
const SELECTING: usize = FIRST_FREE_WORD + 2;

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
            self.pass(guard, recorder);
        }
        true
    }

    fn pass(self, guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        let nth = guard.get(SET_COUNT);
        let at = recorder.now();
        drop(guard);
        recorder.write(at, EventKind::FlagSeenSet { on: self.0.id, nth });
    }

    /// Becomes an alternative of a worker. Returns how many times the flag has been set.
    pub fn begin_select(self) -> u64 {
        let mut guard = self.0.monitor.enter();
        guard.set(SELECTING, guard.get(SELECTING) + 1);
        guard.get(SET_COUNT)
    }

    /// Stops being an alternative of a worker.
    pub fn end_select(self) {
        let mut guard = self.0.monitor.enter();
        guard.set(SELECTING, guard.get(SELECTING).saturating_sub(1));
    }

    /// Passes if the flag is set, or was set since it had been set `seen` times; calls `before` first. Returns whether
    /// it passed.
    pub fn pass_if_set(
        self,
        seen: Option<u64>,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> bool {
        let guard = self.0.monitor.enter();
        let is_set = guard.get(SET) == 1 || seen.is_some_and(|seen| guard.get(SET_COUNT) != seen);
        if is_set {
            before(recorder);
            self.pass(guard, recorder);
        }
        is_set
    }

    /// Sets the flag and wakes all waiters.
    pub fn set(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.0.monitor.enter();
        guard.set(SET, 1);
        guard.set(SET_COUNT, guard.get(SET_COUNT) + 1);
        if guard.get(SELECTING) > 0 {
            guard.wake_all(SIGNALLED);
        }
        self.0.signal_up_to(guard, u64::MAX, recorder);
    }

    pub fn clear(self) {
        self.0.monitor.enter().set(SET, 0);
    }
}
