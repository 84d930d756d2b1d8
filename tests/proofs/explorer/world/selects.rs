//! Waits for the first of two alternatives.

use contend::trace::{EventKind, ResourceId, State};

use super::queues::capacity;
use super::{Phase, Scene, World, id, life};
use crate::explorer::program::{Alternative, Program};

impl World {
    /// Returns whether an alternative is ready, for a worker that saw this number when it began to wait.
    fn is_ready(&self, program: &Program, alternative: Alternative, seen: Option<u64>) -> bool {
        match alternative {
            Alternative::Take(on) if capacity(program, on) == 0 => self.words[on].is_item_offered(),
            Alternative::Take(on) => self.words[on].depth > 0,
            Alternative::Put(on) if self.words[on].closed => true,
            Alternative::Put(on) if capacity(program, on) == 0 => self.words[on].is_taker_waiting(),
            Alternative::Put(on) => self.words[on].depth < capacity(program, on),
            Alternative::Await(on) => {
                self.words[on].set == 1 || seen.is_some_and(|seen| seen != self.words[on].set_count)
            }
            Alternative::Join(other) => !self.lives(other, seen.unwrap_or(self.workers[other].life)),
        }
    }

    /// Returns whether an alternative will never be ready.
    fn is_gone(&self, alternative: Alternative) -> bool {
        matches!(alternative, Alternative::Take(on) if self.words[on].closed && self.words[on].depth == 0)
    }

    pub(super) fn is_select_over(
        &self,
        program: &Program,
        w: usize,
        (first, second): (Alternative, Alternative),
    ) -> bool {
        let seen = self.workers[w].seen;
        self.is_ready(program, first, Some(seen.0))
            || self.is_ready(program, second, Some(seen.1))
            || self.is_gone(first) && self.is_gone(second)
    }

    /// Returns the number that a worker sees when it begins to wait for an alternative.
    fn number_of(&self, alternative: Alternative) -> u64 {
        match alternative {
            Alternative::Await(on) => self.words[on].set_count,
            Alternative::Join(other) => self.workers[other].life,
            Alternative::Take(_) | Alternative::Put(_) => 0,
        }
    }
}

impl Scene<'_> {
    /// Takes the first of the alternatives that is ready, or begins to wait for one.
    pub(super) fn select(&mut self, w: usize, both: (Alternative, Alternative), timed: bool, waited: bool) {
        let seen = waited.then_some(self.world.workers[w].seen);
        let first = self.world.is_ready(self.program, both.0, seen.map(|seen| seen.0));
        let second = self.world.is_ready(self.program, both.1, seen.map(|seen| seen.1));
        let ready = if first { Some(both.0) } else { Some(both.1).filter(|_| second) };
        if let Some(alternative) = ready {
            let nth = seen.map_or(self.world.number_of(alternative), |seen| if first { seen.0 } else { seen.1 });
            return self.choose(w, (alternative, nth), waited);
        }
        let gone = self.world.is_gone(both.0) && self.world.is_gone(both.1) && !timed;
        if gone || waited {
            return self.refused(w, waited);
        }
        let seen = (self.world.number_of(both.0), self.world.number_of(both.1));
        self.world.workers[w].seen = seen;
        let events = [(both.0, seen.0), (both.1, seen.1)].map(|(of, nth)| self.alternative(of, nth));
        let shown = [State::Empty, State::Full, State::Signal]
            .into_iter()
            .find_map(|shown| events.iter().find(|(state, ..)| *state == shown).map(|(state, on, _)| (*state, *on)));
        let (state, on) = shown.unwrap();
        let attempt = timed.then_some(EventKind::TimedAttempt { lock: on });
        let blocked = EventKind::Blocked { state, on: Some(on) };
        self.waits(w, events.map(|(.., event)| event).into_iter().chain(attempt).chain([blocked]));
    }

    /// Returns the event of an alternative, and the state and the resource of a wait for it alone.
    fn alternative(&self, of: Alternative, nth: u64) -> (State, ResourceId, EventKind) {
        let (state, on) = match of {
            Alternative::Take(on) => (State::Empty, id(on)),
            Alternative::Put(on) => (State::Full, id(on)),
            Alternative::Await(on) => (State::Signal, id(on)),
            Alternative::Join(other) => (State::Signal, life(self.program, other).unwrap()),
        };
        (state, on, EventKind::Alternative { on, room: state == State::Full, nth })
    }

    /// Takes an alternative that is ready.
    fn choose(&mut self, w: usize, (alternative, nth): (Alternative, u64), waited: bool) {
        if waited {
            self.record(w, EventKind::Resumed);
            self.world.workers[w].phase = Phase::Runs;
        }
        match alternative {
            Alternative::Take(on) => self.take(w, on, false),
            Alternative::Put(on) => self.put(w, on, false),
            Alternative::Await(on) => {
                let nth = self.world.words[on].set_count;
                self.record(w, EventKind::FlagSeenSet { on: id(on), nth });
                self.next(w);
            }
            Alternative::Join(other) => {
                if let Some(life) = life(self.program, other).filter(|_| nth > 0) {
                    self.record(w, EventKind::Joins { life, nth });
                    self.record(w, EventKind::Resumed);
                }
                self.next(w);
            }
        }
    }
}
