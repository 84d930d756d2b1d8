//! Conditions, events, barriers and wait groups.

use contend::trace::{EventKind, State};

use super::{Phase, Scene, id};
use crate::explorer::program::Kind;

impl Scene<'_> {
    /// Takes a ticket among the waiters.
    fn take_ticket(&mut self, w: usize, on: usize) {
        let words = &mut self.world.words[on];
        self.world.workers[w].ticket = words.next;
        words.next += 1;
        words.waiting += 1;
    }

    pub(super) fn come(&mut self, w: usize, on: usize, mutex: usize) {
        self.take_ticket(w, on);
        self.give_back(w, mutex);
        self.next(w);
    }

    pub(super) fn stay(&mut self, w: usize, on: usize, timed: bool, waited: bool) {
        if !waited {
            let tried = timed.then_some(EventKind::TimedAttempt { lock: id(on) });
            return self
                .waits(w, tried.into_iter().chain([EventKind::Blocked { state: State::Signal, on: Some(id(on)) }]));
        }
        let over = self.world.is_over(self.program, w);
        let words = &mut self.world.words[on];
        words.waiting -= 1;
        let event = if over {
            words.signals -= 1;
            words.heard += 1;
            EventKind::Woken { on: id(on), nth: words.heard }
        } else {
            EventKind::WaitTimedOut { lock: id(on) }
        };
        self.record(w, event);
        self.next(w);
    }

    pub(super) fn signal(&mut self, w: usize, on: usize, most: u64) {
        let woken = self.wake(on, most);
        self.record(w, EventKind::Signalled { on: id(on), woken: woken as u32 });
        self.next(w);
    }

    fn wake(&mut self, on: usize, most: u64) -> u64 {
        let words = &mut self.world.words[on];
        let woken = (words.waiting - words.signals).min(most);
        if woken > 0 {
            words.signals += woken;
            words.limit = words.next;
        }
        woken
    }

    /// Changes the count of a wait group; at 0 it wakes all waiters.
    pub(super) fn count(&mut self, w: usize, on: usize, count: u64) {
        let words = &mut self.world.words[on];
        words.set = count;
        words.changes.0 += 1;
        let nth = words.changes.0;
        self.record(w, EventKind::GroupCounted { on: id(on), count: count as u16, nth });
        if count > 0 {
            return self.next(w);
        }
        self.world.words[on].changes.1 += 1;
        self.signal(w, on, u64::MAX);
    }

    pub(super) fn await_event(&mut self, w: usize, on: usize, timed: bool, waited: bool) {
        let words = &self.world.words[on];
        let counts = matches!(self.program.kinds[on], Kind::WaitGroup | Kind::Latch(_));
        if !waited && counts && words.set == 0 {
            let nth = words.changes.1;
            self.record(w, EventKind::FlagSeenSet { on: id(on), nth });
            return self.next(w);
        }
        if !waited && !counts && words.set == 1 {
            return self.next(w);
        }
        if !waited {
            self.take_ticket(w, on);
        }
        self.stay(w, on, timed, waited);
    }

    pub(super) fn meet(&mut self, w: usize, on: usize, waited: bool) {
        let Kind::Barrier(parties) = self.program.kinds[on] else { return };
        let timed = self.world.is_limited(self.program, w);
        if waited {
            return self.stay(w, on, timed, true);
        }
        let come = self.world.words[on].set + 1;
        if come >= u64::from(parties) {
            self.world.words[on].set = 0;
            return self.signal(w, on, u64::MAX);
        }
        self.world.words[on].set = come;
        self.take_ticket(w, on);
        self.stay(w, on, timed, false);
        debug_assert_eq!(self.world.workers[w].phase, Phase::Waits);
    }
}
