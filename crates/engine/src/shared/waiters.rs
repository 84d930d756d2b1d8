//! Those who wait for a signal: what conditions, event flags and barriers have in common. On its own it is a condition.
//!
//! A signal goes to somebody who waited when it was given, never to one who comes later: each who waits has a number, and
//! a signal is good for numbers below `LIMIT`. Each signal that woke somebody ends exactly one wait, so that signals
//! given and waits ended can be compared.

use std::time::Instant;

use super::monitor::{Bell, Inside, Monitor};
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

/// How many wait.
const WAITING: usize = 0;
/// Signals given that nobody has gone on with yet; never more than wait.
const SIGNALS: usize = 1;
/// The number of the next who comes.
const NEXT: usize = 2;
const LIMIT: usize = 3;
const BELL: Bell = Bell(4);
/// Signals ever heard.
const HEARD: usize = 5;
/// The first place that is free for who builds on it.
pub const FREE: usize = 6;

#[derive(Debug, Clone, Copy)]
pub struct Waiters<'a> {
    pub id: ResourceId,
    pub monitor: Monitor<'a>,
}

/// One who waits, or is about to.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl<'a> Waiters<'a> {
    /// Comes to wait: signals from here on count.
    pub fn join(self) -> Ticket {
        join(&mut self.monitor.enter())
    }

    /// Waits for a signal, until `deadline` at most.
    pub async fn wait(self, ticket: Ticket, deadline: Option<Instant>, pen: &mut Recorder<'_>) {
        self.stay(self.monitor.enter(), ticket, deadline, pen).await;
    }

    /// As `wait`, from inside.
    pub async fn stay(self, inside: Inside<'a>, ticket: Ticket, deadline: Option<Instant>, pen: &mut Recorder<'_>) {
        let mut inside = inside;
        if deadline.is_some() {
            pen.wait_at_for_a_time(State::Signal, self.id);
        } else {
            pen.wait_at(State::Signal, self.id);
        }
        let end = loop {
            if inside.get(SIGNALS) > 0 && ticket.0 < inside.get(LIMIT) {
                pen.leave();
                let nth = inside.get(HEARD) + 1;
                inside.set(HEARD, nth);
                inside.set(SIGNALS, inside.get(SIGNALS) - 1);
                break EventKind::Heard { on: self.id, nth };
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break EventKind::GaveUp { lock: self.id };
            }
            inside = inside.wait_until(BELL, deadline).await;
        };
        inside.set(WAITING, inside.get(WAITING).saturating_sub(1));
        let at = pen.now();
        drop(inside);
        pen.write(at, end);
    }

    /// Gives a signal to one who waits, if anyone does.
    pub fn wake_one(self, pen: &mut Recorder<'_>) {
        let inside = self.monitor.enter();
        self.wake(inside, 1, pen);
    }

    /// Gives a signal to each who waits.
    pub fn wake_all(self, pen: &mut Recorder<'_>) {
        let inside = self.monitor.enter();
        self.wake(inside, u64::MAX, pen);
    }

    /// One who waited is dead, and is counted no more. A signal under way may have been for it or for another: then all stays
    /// as it is.
    pub fn bury_one(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        if inside.get(SIGNALS) > 0 {
            return;
        }
        inside.set(WAITING, inside.get(WAITING).saturating_sub(1));
        drop(inside);
        pen.write(pen.now(), EventKind::GaveUp { lock: self.id });
    }

    /// Whether no signal is under way to anybody, as can be seen from outside.
    pub fn is_silent(self) -> bool {
        self.monitor.peek(SIGNALS) == 0
    }

    /// Gives up to `most` signals, and leaves.
    pub fn wake(self, mut inside: Inside<'a>, most: u64, pen: &mut Recorder<'_>) {
        let signals = inside.get(SIGNALS);
        let woken = inside.get(WAITING).saturating_sub(signals).min(most);
        if woken > 0 {
            inside.set(SIGNALS, signals + woken);
            inside.set(LIMIT, inside.get(NEXT));
            if woken == 1 {
                inside.wake_one(BELL);
            } else {
                inside.wake_all(BELL);
            }
        }
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::Signalled { on: self.id, woken: woken as u32 });
    }
}

/// Joins those who wait, from inside.
pub fn join(inside: &mut Inside<'_>) -> Ticket {
    let number = inside.get(NEXT);
    inside.set(NEXT, number + 1);
    inside.set(WAITING, inside.get(WAITING) + 1);
    Ticket(number)
}
