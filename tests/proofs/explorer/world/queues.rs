//! Queues, with and without room.

use contend::trace::{EventKind, State};

use super::{Scene, Words, World, id};
use crate::explorer::program::{Kind, Program};

pub(super) fn capacity(program: &Program, on: usize) -> u32 {
    if let Kind::Queue(capacity) = program.kinds[on] { capacity } else { 0 }
}

impl Words {
    /// Hands an item over to a waiting taker. Returns whether there was one.
    pub(super) const fn hand_over(&mut self) -> bool {
        let is_waiting = self.waiting_for_item > self.handed_over;
        self.handed_over += is_waiting as u32;
        is_waiting
    }

    /// Takes the item of a waiting putter, or one whose taker died. Returns whether there was one.
    pub(super) const fn collect(&mut self) -> bool {
        if self.handed_over > self.waiting_for_item {
            self.handed_over -= 1;
            return true;
        }
        let is_waiting = self.waiting_for_taker > self.collected && !self.closed;
        self.collected += is_waiting as u32;
        is_waiting
    }
}

impl Words {
    /// Returns whether a worker waits to take and was not served.
    pub(super) const fn is_taker_waiting(&self) -> bool {
        self.waiting_for_item > self.handed_over
    }

    /// Returns whether a worker waits to put and was not served, or an item is left of which the taker died.
    pub(super) const fn is_item_offered(&self) -> bool {
        self.handed_over > self.waiting_for_item || self.waiting_for_taker > self.collected && !self.closed
    }
}

impl World {
    /// Returns whether a waiting put is over.
    pub(super) fn may_put(&self, program: &Program, on: usize) -> bool {
        let words = &self.words[on];
        let has_room =
            if capacity(program, on) == 0 { words.collected > 0 } else { words.depth < capacity(program, on) };
        has_room || words.closed
    }

    /// Returns whether a waiting take is over.
    pub(super) fn may_take(&self, program: &Program, on: usize) -> bool {
        let words = &self.words[on];
        words.closed || if capacity(program, on) == 0 { words.handed_over > 0 } else { words.depth > 0 }
    }
}

impl Scene<'_> {
    pub(super) fn put(&mut self, w: usize, on: usize, waited: bool) {
        let capacity = capacity(self.program, on);
        let words = &mut self.world.words[on];
        if capacity == 0 {
            words.waiting_for_taker -= u32::from(waited);
            if waited && words.collected > 0 {
                words.collected -= 1;
            } else if words.closed {
                return self.refused(w, waited);
            } else if !words.hand_over() {
                words.waiting_for_taker += 1;
                return self.blocks(w, State::Full, on);
            }
            words.depth = 0;
        } else if words.closed {
            return self.refused(w, waited);
        } else if words.depth >= capacity {
            return self.blocks(w, State::Full, on);
        } else {
            words.depth += 1;
        }
        words.put += 1;
        let event = EventKind::PutNth { queue: id(on), depth: words.depth as u16, nth: words.put };
        self.record(w, event);
        self.next(w);
    }

    pub(super) fn take(&mut self, w: usize, on: usize, waited: bool) {
        let capacity = capacity(self.program, on);
        let words = &mut self.world.words[on];
        if capacity == 0 {
            words.waiting_for_item -= u32::from(waited);
            if waited && words.handed_over > 0 {
                words.handed_over -= 1;
            } else if !words.collect() {
                if words.closed {
                    return self.refused(w, waited);
                }
                words.waiting_for_item += 1;
                return self.blocks(w, State::Empty, on);
            }
        } else if words.depth == 0 {
            return if words.closed { self.refused(w, waited) } else { self.blocks(w, State::Empty, on) };
        } else {
            words.depth -= 1;
        }
        words.taken += 1;
        let event = EventKind::TookNth { queue: id(on), depth: words.depth as u16, nth: words.taken };
        self.record(w, event);
        self.next(w);
    }

    /// Stops counting a worker that died or gave up while it waited at a queue without room.
    pub(super) fn leave_partner(&mut self, on: usize, state: State) {
        if capacity(self.program, on) > 0 {
            return;
        }
        let words = &mut self.world.words[on];
        if state == State::Empty {
            words.waiting_for_item -= 1;
        } else {
            words.waiting_for_taker -= 1;
            words.collected = words.collected.min(words.waiting_for_taker);
        }
    }

    /// Continues after finding the queue closed.
    pub(super) fn refused(&mut self, w: usize, waited: bool) {
        if waited {
            self.record(w, EventKind::Resumed);
        }
        self.next(w);
    }
}
