//! Waits at queues without room, for events and wait groups, and for the first of two alternatives.

use contend::trace::{EventKind, ResourceId, State, WorkerId};
use fastrand::Rng;

use super::{Wait, World, id};
use crate::verdicts::program::{Alternative, Kind};

impl World {
    /// Whether a worker waits at a resource that only programs with more waits have, or for one of several.
    pub fn waits_elsewhere(&self, w: WorkerId) -> bool {
        match self.workers[w.index()].waits {
            Some(Wait::First { .. }) => true,
            Some(Wait::Item { on, .. } | Wait::Room { on, .. } | Wait::Signal { on, .. }) => {
                !matches!(self.kinds[on], Kind::Queue { .. } | Kind::Condition { .. })
            }
            _ => false,
        }
    }

    fn has_no_room(&self, queue: usize) -> bool {
        matches!(self.kinds[queue], Kind::Rendezvous { .. })
    }

    /// Returns whether the wait of a taker that waits is over.
    pub(super) fn may_take(&self, on: usize) -> bool {
        if self.has_no_room(on) { self.numbers[on].handed_over > 0 } else { self.depth(on) > 0 }
    }

    /// Returns whether the wait of a putter that waits is over.
    pub(super) fn may_put(&self, on: usize) -> bool {
        if self.has_no_room(on) { self.numbers[on].collected > 0 } else { self.has_room(on) }
    }

    /// Serves a waiting taker with the item of a worker that puts, or a waiting putter, whose item is taken. Returns
    /// whether there was one; at a queue with room, whether there is room or an item.
    pub(super) fn meets_partner(&mut self, on: usize, puts: bool) -> bool {
        if !self.has_no_room(on) {
            return if puts { self.has_room(on) } else { self.depth(on) > 0 };
        }
        let is_there = self.has_partner(on, puts);
        let numbers = &mut self.numbers[on];
        *(if puts { &mut numbers.handed_over } else { &mut numbers.collected }) += u32::from(is_there);
        is_there
    }

    fn has_partner(&self, on: usize, puts: bool) -> bool {
        let numbers = &self.numbers[on];
        if puts { numbers.takers > numbers.handed_over } else { numbers.putters > numbers.collected }
    }

    /// Counts a worker that begins to wait at a queue.
    pub(super) fn come_to_queue(&mut self, on: usize, puts: bool) {
        let numbers = &mut self.numbers[on];
        *(if puts { &mut numbers.putters } else { &mut numbers.takers }) += 1;
    }

    /// Stops counting a worker that waited at a queue, and was served or gave up.
    pub(super) fn leave_queue(&mut self, on: usize, puts: bool, served: bool) {
        let no_room = self.has_no_room(on);
        let numbers = &mut self.numbers[on];
        let (waiting, served_count) = if puts {
            (&mut numbers.putters, &mut numbers.collected)
        } else {
            (&mut numbers.takers, &mut numbers.handed_over)
        };
        *waiting -= 1;
        *served_count -= u32::from(served && no_room);
    }

    /// Returns the states of workers that this resource cannot serve now.
    pub(super) fn lacking_at(&self, on: usize) -> Vec<State> {
        let under_way = || self.workers.iter().any(|w| w.came == Some(on) && w.signalled);
        let numbers = &self.numbers[on];
        let lacks = |state: State| match (self.kinds[on], state) {
            (Kind::Queue { .. }, State::Empty) => self.depth(on) == 0,
            (Kind::Queue { .. }, State::Full) => !self.has_room(on),
            (Kind::Rendezvous { .. }, State::Empty) => numbers.handed_over == 0 && !self.has_partner(on, false),
            (Kind::Rendezvous { .. }, State::Full) => numbers.collected == 0 && !self.has_partner(on, true),
            (
                Kind::Condition { .. } | Kind::Event { .. } | Kind::WaitGroup { .. } | Kind::Latch { .. },
                State::Signal,
            ) => !under_way(),
            _ => false,
        };
        [State::Empty, State::Full, State::Signal].into_iter().filter(|state| lacks(*state)).collect()
    }

    /// Waits for an event, a wait group or a latch, unless it is set.
    pub(super) fn await_flag(&mut self, w: usize, on: usize) {
        let counts = !matches!(self.kinds[on], Kind::Event { .. });
        if self.numbers[on].is_set(counts) {
            if counts {
                let nth = self.numbers[on].times_set;
                self.wire.record(w, EventKind::FlagSeenSet { on: id(on), nth });
            }
            self.workers[w].pc += 1;
            return;
        }
        (self.workers[w].came, self.workers[w].signalled) = (Some(on), false);
        self.block(w, Wait::Signal { on, timed: self.kinds[on].is_timed() }, State::Signal, on);
    }

    pub(super) fn set_event(&mut self, w: usize, on: usize, rng: &mut Rng) {
        self.numbers[on].value = 1;
        self.numbers[on].times_set += 1;
        self.signal(w, on, usize::MAX, rng);
    }

    /// Changes the count of a wait group or a latch; at 0, all waiters continue. A step that counts below 0 does
    /// nothing, where a real worker fails.
    pub(super) fn count(&mut self, w: usize, on: usize, by: i64, rng: &mut Rng) {
        let Some(count) = self.numbers[on].value.checked_add_signed(by) else {
            self.workers[w].pc += 1;
            return;
        };
        let numbers = &mut self.numbers[on];
        (numbers.value, numbers.changes) = (count, numbers.changes + 1);
        let counted = EventKind::GroupCounted { on: id(on), count: count as u16, nth: numbers.changes };
        self.wire.record(w, counted);
        if count == 0 {
            self.numbers[on].times_set += 1;
            self.signal(w, on, usize::MAX, rng);
        } else {
            self.workers[w].pc += 1;
        }
    }

    /// Returns whether an alternative is ready, for a worker that saw this number when it began to wait.
    fn is_ready(&self, alternative: Alternative, seen: Option<u64>) -> bool {
        match alternative {
            Alternative::Take(on) if self.has_no_room(on) => self.has_partner(on, false),
            Alternative::Put(on) if self.has_no_room(on) => self.has_partner(on, true),
            Alternative::Take(on) => self.depth(on) > 0,
            Alternative::Put(on) => self.has_room(on),
            Alternative::Await(on) => {
                self.numbers[on].value > 0 || seen.is_some_and(|seen| seen != self.numbers[on].times_set)
            }
            Alternative::Join(other) => self.workers[other].done,
        }
    }

    pub(super) fn is_any_ready(&self, both: [Alternative; 2], seen: [u64; 2]) -> bool {
        both.into_iter().zip(seen).any(|(alternative, seen)| self.is_ready(alternative, Some(seen)))
    }

    /// Takes the first alternative that is ready, or begins to wait for both.
    pub(super) fn select(&mut self, w: usize, both: [Alternative; 2], timed: bool) {
        if let Some(ready) = both.into_iter().find(|alternative| self.is_ready(*alternative, None)) {
            return self.choose(w, ready);
        }
        let number = |of| if let Alternative::Await(on) = of { self.numbers[on].times_set } else { 0 };
        let seen = both.map(number);
        let [first, second] = both.map(|of| self.wait_for_alternative(of));
        let (state, on) = if first.0 <= second.0 { (first.0, first.1) } else { (second.0, second.1) };
        let state = [State::Empty, State::Full, State::Signal][state];
        let attempt = timed.then_some(EventKind::TimedAttempt { lock: on });
        let blocked = EventKind::Blocked { state, on: Some(on) };
        let events: Vec<EventKind> = [first.2, second.2].into_iter().chain(attempt).chain([blocked]).collect();
        self.workers[w].waits = Some(Wait::First { both, seen, timed });
        self.begin_to_wait(w, &events);
    }

    /// Returns the rank of the state of a wait for an alternative, its resource, and its event.
    fn wait_for_alternative(&self, of: Alternative) -> (usize, ResourceId, EventKind) {
        let (rank, on, nth) = match of {
            Alternative::Take(on) => (0, id(on), 0),
            Alternative::Put(on) => (1, id(on), 0),
            Alternative::Await(on) => (2, id(on), self.numbers[on].times_set),
            Alternative::Join(other) => (2, self.life(other).unwrap(), 1),
        };
        (rank, on, EventKind::Alternative { on, room: rank == 1, nth })
    }

    /// Ends the wait for two alternatives: with one that is ready, or in time.
    pub(super) fn end_select(&mut self, w: usize, both: [Alternative; 2], seen: [u64; 2]) {
        self.wire.record(w, EventKind::Resumed);
        match both.into_iter().zip(seen).find(|(alternative, seen)| self.is_ready(*alternative, Some(*seen))) {
            Some((ready, _)) => self.choose(w, ready),
            None => self.workers[w].pc += 1,
        }
    }

    fn choose(&mut self, w: usize, ready: Alternative) {
        match ready {
            Alternative::Take(on) => {
                self.meets_partner(on, false);
                let event = self.take_item(w, on);
                self.wire.record(w, event);
            }
            Alternative::Put(on) => {
                self.meets_partner(on, true);
                let event = self.put(w, on);
                self.wire.record(w, event);
            }
            Alternative::Await(on) => {
                let nth = self.numbers[on].times_set;
                self.wire.record(w, EventKind::FlagSeenSet { on: id(on), nth });
                self.workers[w].pc += 1;
            }
            Alternative::Join(other) => self.pass_end(w, other),
        }
    }

    /// Records that a worker has seen the end of another.
    fn pass_end(&mut self, w: usize, other: usize) {
        if let Some(life) = self.life(other) {
            self.wire.record(w, EventKind::Joins { life, nth: 1 });
            self.wire.record(w, EventKind::Resumed);
        }
        self.workers[w].pc += 1;
    }

    /// Waits for the end of a worker with a time limit.
    pub(super) fn join_in_time(&mut self, w: usize, other: usize) {
        match self.life(other) {
            Some(life) if !self.workers[other].done => {
                self.block(w, Wait::TimedEnd(other), State::Signal, life.index());
            }
            _ => self.workers[w].pc += 1,
        }
    }

    pub(super) fn end_timed_join(&mut self, w: usize, other: usize, over: bool) {
        let Some(life) = self.life(other) else { return };
        if over {
            self.wire.record(w, EventKind::Resumed);
            return self.pass_end(w, other);
        }
        let event = self.gave_up(w, life.index());
        self.wire.record(w, event);
        self.workers[w].pc += 1;
    }
}
