//! Waiting for signals, the common part of conditions, event flags, barriers and wait groups. On its own it is a
//! condition.
//!
//! A signal wakes a worker that waited when it was sent, never one that arrives later: each waiter has a number, and a
//! signal is for numbers below the limit. Each signal that wakes a worker ends exactly one wait, so that the numbers of
//! signals and of ended waits can be compared.

use std::time::Instant;

use super::monitor::{Monitor, MonitorGuard, has_passed};
use super::select_wait::WakeSource;
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

/// The number of waiters.
const WAITING: usize = 0;
/// Signals that no waiter has received yet; never more than there are waiters.
const SIGNALS: usize = 1;
/// The number of the next waiter.
const NEXT_TICKET: usize = 2;
const TICKET_LIMIT: usize = 3;
pub(super) const SIGNALLED: WakeCounter = WakeCounter(4);
/// The total of received signals.
const RECEIVED_COUNT: usize = 5;
/// The first position that is free for other uses.
pub const FIRST_FREE_WORD: usize = 6;

#[derive(Debug, Clone, Copy)]
pub struct SignalWaiters<'a> {
    pub id: ResourceId,
    pub monitor: Monitor<'a>,
}

/// The number of a worker that waits or is about to.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl Ticket {
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl<'a> SignalWaiters<'a> {
    /// Becomes a waiter: signals from here on count.
    pub fn take_ticket(self) -> Ticket {
        take_ticket_inside(&mut self.monitor.enter())
    }

    /// Waits for a signal, until `deadline` at most. Returns whether it came.
    pub async fn wait(self, ticket: Ticket, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        match self.wait_inside(self.monitor.enter(), ticket, deadline, recorder).await {
            Ok(()) => true,
            Err(guard) => {
                self.give_up(guard, recorder);
                false
            }
        }
    }

    /// As [`SignalWaiters::wait`], from inside the monitor.
    ///
    /// # Errors
    /// The deadline passed without a signal. The worker is no waiter any more and still inside, to take back whatever
    /// else it changed; then it calls [`SignalWaiters::give_up`].
    pub async fn wait_inside(
        self,
        guard: MonitorGuard<'a>,
        ticket: Ticket,
        deadline: Option<Instant>,
        recorder: &mut Recorder<'_>,
    ) -> Result<(), MonitorGuard<'a>> {
        let mut guard = guard;
        recorder.wait_for_resource_until(State::Signal, self.id, deadline);
        let nth = loop {
            if guard.get(SIGNALS) > 0 && ticket.0 < guard.get(TICKET_LIMIT) {
                recorder.end_wait();
                let nth = guard.get(RECEIVED_COUNT) + 1;
                guard.set(RECEIVED_COUNT, nth);
                guard.set(SIGNALS, guard.get(SIGNALS) - 1);
                break nth;
            }
            if has_passed(deadline) {
                recorder.end_wait(); // before the count: a worker that dies here is not taken off it twice
                guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
                return Err(guard);
            }
            guard = guard.wait_until(SIGNALLED, deadline).await;
        };
        guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
        let at = recorder.now();
        drop(guard);
        recorder.write(at, EventKind::Woken { on: self.id, nth });
        Ok(())
    }

    /// Ends a wait whose deadline has passed, and leaves the monitor.
    pub fn give_up(self, guard: MonitorGuard<'a>, recorder: &mut Recorder<'_>) {
        let at = recorder.now();
        drop(guard);
        recorder.record_gave_up(at, self.id);
    }

    /// Returns what wakes a waiter, for a wait for several resources at once.
    pub fn wake_source(self) -> WakeSource<'a> {
        self.monitor.wake_source(SIGNALLED)
    }

    /// Wakes one waiter, if there is one.
    pub fn wake_one(self, recorder: &mut Recorder<'_>) {
        let guard = self.monitor.enter();
        self.signal_up_to(guard, 1, recorder);
    }

    /// Wakes all waiters.
    pub fn wake_all(self, recorder: &mut Recorder<'_>) {
        let guard = self.monitor.enter();
        self.signal_up_to(guard, u64::MAX, recorder);
    }

    /// Stops counting a waiter that died. Does nothing while a signal is pending: it may be for the dead waiter or for
    /// another.
    pub fn remove_dead_waiter(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        if guard.get(SIGNALS) > 0 {
            return;
        }
        guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
        drop(guard);
        recorder.write(recorder.now(), EventKind::WaitTimedOut { lock: self.id });
    }

    /// Returns the limit of the tickets whose signals some waiter has not received yet; 0 if all have.
    pub fn signalled_ticket_limit(guard: &MonitorGuard<'_>) -> u64 {
        if guard.get(SIGNALS) > 0 { guard.get(TICKET_LIMIT) } else { 0 }
    }

    /// Reads from outside whether no signal is pending.
    pub fn has_no_pending_signal(self) -> bool {
        self.monitor.peek(SIGNALS) == 0
    }

    /// Sends up to `most` signals and leaves the monitor.
    pub fn signal_up_to(self, mut guard: MonitorGuard<'a>, most: u64, recorder: &mut Recorder<'_>) {
        let signals = guard.get(SIGNALS);
        let woken = guard.get(WAITING).saturating_sub(signals).min(most);
        if woken > 0 {
            guard.set(SIGNALS, signals + woken);
            guard.set(TICKET_LIMIT, guard.get(NEXT_TICKET));
            if woken == 1 {
                guard.wake_one(SIGNALLED);
            } else {
                guard.wake_all(SIGNALLED);
            }
        }
        let at = recorder.now();
        drop(guard);
        recorder.write(at, EventKind::Signalled { on: self.id, woken: woken as u32 });
    }
}

/// As [`SignalWaiters::take_ticket`], from inside the monitor.
pub fn take_ticket_inside(guard: &mut MonitorGuard<'_>) -> Ticket {
    let number = guard.get(NEXT_TICKET);
    guard.set(NEXT_TICKET, number + 1);
    guard.set(WAITING, guard.get(WAITING) + 1);
    Ticket(number)
}
