//! Those who wait for a signal: what conditions, event flags and barriers have in common. On its own it is a condition.
//!
//! A signal goes to somebody who waited when it was given, never to one who comes later: each who waits has a number, and
//! a signal is good for numbers below `LIMIT`. Each signal that woke somebody ends exactly one wait, so that signals
//! given and waits ended can be compared.

use std::time::Instant;

use super::monitor::{Monitor, MonitorGuard};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

/// How many wait.
const WAITING: usize = 0;
/// Signals given that nobody has gone on with yet; never more than wait.
const SIGNALS: usize = 1;
/// The number of the next who comes.
const NEXT_TICKET: usize = 2;
const TICKET_LIMIT: usize = 3;
const SIGNALLED: WakeCounter = WakeCounter(4);
/// Signals ever heard.
const RECEIVED_COUNT: usize = 5;
/// The first place that is free for who builds on it.
pub const FIRST_FREE_WORD: usize = 6;

#[derive(Debug, Clone, Copy)]
pub struct SignalWaiters<'a> {
    pub id: ResourceId,
    pub monitor: Monitor<'a>,
}

/// One who waits, or is about to.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl<'a> SignalWaiters<'a> {
    /// Comes to wait: signals from here on count.
    pub fn take_ticket(self) -> Ticket {
        take_ticket_inside(&mut self.monitor.enter())
    }

    /// Waits for a signal, until `deadline` at most.
    pub async fn wait(self, ticket: Ticket, deadline: Option<Instant>, recorder: &mut Recorder<'_>) {
        self.wait_inside(self.monitor.enter(), ticket, deadline, recorder).await;
    }

    /// As `wait`, from inside.
    pub async fn wait_inside(
        self,
        guard: MonitorGuard<'a>,
        ticket: Ticket,
        deadline: Option<Instant>,
        recorder: &mut Recorder<'_>,
    ) {
        let mut guard = guard;
        if deadline.is_some() {
            recorder.wait_for_resource_timed(State::Signal, self.id);
        } else {
            recorder.wait_for_resource(State::Signal, self.id);
        }
        let end = loop {
            if guard.get(SIGNALS) > 0 && ticket.0 < guard.get(TICKET_LIMIT) {
                recorder.end_wait();
                let nth = guard.get(RECEIVED_COUNT) + 1;
                guard.set(RECEIVED_COUNT, nth);
                guard.set(SIGNALS, guard.get(SIGNALS) - 1);
                break EventKind::Woken { on: self.id, nth };
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break EventKind::WaitTimedOut { lock: self.id };
            }
            guard = guard.wait_until(SIGNALLED, deadline).await;
        };
        guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
        let at = recorder.now();
        drop(guard);
        recorder.write(at, end);
    }

    /// Gives a signal to one who waits, if anyone does.
    pub fn wake_one(self, recorder: &mut Recorder<'_>) {
        let guard = self.monitor.enter();
        self.signal_up_to(guard, 1, recorder);
    }

    /// Gives a signal to each who waits.
    pub fn wake_all(self, recorder: &mut Recorder<'_>) {
        let guard = self.monitor.enter();
        self.signal_up_to(guard, u64::MAX, recorder);
    }

    /// One who waited is dead, and is counted no more. A signal under way may have been for it or for another: then all stays
    /// as it is.
    pub fn remove_dead_waiter(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        if guard.get(SIGNALS) > 0 {
            return;
        }
        guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
        drop(guard);
        recorder.write(recorder.now(), EventKind::WaitTimedOut { lock: self.id });
    }

    /// Whether no signal is under way to anybody, as can be seen from outside.
    pub fn has_no_pending_signal(self) -> bool {
        self.monitor.peek(SIGNALS) == 0
    }

    /// Gives up to `most` signals, and leaves.
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

/// Joins those who wait, from inside.
pub fn take_ticket_inside(guard: &mut MonitorGuard<'_>) -> Ticket {
    let number = guard.get(NEXT_TICKET);
    guard.set(NEXT_TICKET, number + 1);
    guard.set(WAITING, guard.get(WAITING) + 1);
    Ticket(number)
}
