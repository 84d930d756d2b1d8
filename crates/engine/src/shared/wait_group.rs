//! A wait group: a count of work to be done. Workers wait until it is 0. A latch is a wait group that begins with a
//! count and is never added to.

use std::time::Instant;

use super::signal_waiters::{FIRST_FREE_WORD, SignalWaiters, take_ticket_inside};
use crate::recorder::Recorder;
use contend_trace::EventKind;

const COUNT: usize = FIRST_FREE_WORD;
/// How many times the count came down to 0.
const ZERO_COUNT: usize = FIRST_FREE_WORD + 1;
/// How many times the count was changed.
const CHANGES: usize = FIRST_FREE_WORD + 2;
/// Waiters with a smaller ticket had not left when the group was added to again.
const REUSED_LIMIT: usize = FIRST_FREE_WORD + 3;

#[derive(Debug, Clone, Copy)]
pub struct WaitGroup<'a>(pub SignalWaiters<'a>);

/// `done` where the count is 0 already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BelowZero;

/// The group was added to again while a worker had not returned from its wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReusedTooEarly;

impl WaitGroup<'_> {
    /// Initialises the group. Called once, before any other process has the memory.
    pub fn init(self, initial: u32) {
        self.0.monitor.init();
        self.0.monitor.enter().set(COUNT, initial.into());
    }

    /// Adds to the count.
    pub fn add(self, amount: u64, recorder: &mut Recorder<'_>) {
        let mut guard = self.0.monitor.enter();
        if amount > 0 && guard.get(COUNT) == 0 {
            guard.set(REUSED_LIMIT, SignalWaiters::signalled_ticket_limit(&guard));
        }
        let (count, nth) = (guard.get(COUNT).saturating_add(amount), guard.get(CHANGES) + 1);
        guard.set(COUNT, count);
        guard.set(CHANGES, nth);
        let at = recorder.now();
        drop(guard);
        recorder.write(at, self.counted(count, nth));
    }

    /// Takes 1 off the count, and wakes all waiters at 0.
    ///
    /// # Errors
    /// If the count is 0.
    pub fn done(self, recorder: &mut Recorder<'_>) -> Result<(), BelowZero> {
        let mut guard = self.0.monitor.enter();
        let (count, nth) = (guard.get(COUNT).checked_sub(1).ok_or(BelowZero)?, guard.get(CHANGES) + 1);
        guard.set(COUNT, count);
        guard.set(CHANGES, nth);
        let counted = self.counted(count, nth);
        if count == 0 {
            guard.set(ZERO_COUNT, guard.get(ZERO_COUNT) + 1);
            recorder.write(recorder.now(), counted); // before the signal that the change leads to
            self.0.signal_up_to(guard, u64::MAX, recorder);
        } else {
            let at = recorder.now();
            drop(guard);
            recorder.write(at, counted);
        }
        Ok(())
    }

    /// Waits until the count is 0 or the deadline passes. Returns at once if it is 0 already. Returns whether it was 0.
    ///
    /// # Errors
    /// If the group was added to again before this wait returned.
    pub async fn wait(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Result<bool, ReusedTooEarly> {
        let mut guard = self.0.monitor.enter();
        if guard.get(COUNT) == 0 {
            let nth = guard.get(ZERO_COUNT);
            let at = recorder.now();
            drop(guard);
            recorder.write(at, EventKind::FlagSeenSet { on: self.0.id, nth });
            return Ok(true);
        }
        let ticket = take_ticket_inside(&mut guard);
        if let Err(guard) = self.0.wait_inside(guard, ticket, deadline, recorder).await {
            self.0.give_up(guard, recorder); // no signal came, so the group was not added to again after 0
            return Ok(false);
        }
        let is_reused = ticket.number() < self.0.monitor.enter().get(REUSED_LIMIT);
        if is_reused { Err(ReusedTooEarly) } else { Ok(true) }
    }

    fn counted(self, count: u64, nth: u64) -> EventKind {
        EventKind::GroupCounted { on: self.0.id, count: count.min(u64::from(u16::MAX)) as u16, nth: nth as u32 }
    }
}
