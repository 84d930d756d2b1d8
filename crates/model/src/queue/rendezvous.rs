//! Puts and takes at a queue without room, where each put completes together with a take.
//!
//! A worker that arrives while one waits on the other side completes with it at once. It records its event, and the
//! other one records its own when it continues. So the numbers of the events do not tell which put belongs to which
//! take: with a served putter and a served taker that have not continued yet, as many puts as takes are known.
//!
//! Items handed over to waiting takers that have not continued yet = puts without a wait - takes after a wait; served
//! putters that have not continued yet = takes without a wait - puts after a wait. Two kinds of workers that died break
//! this: the next worker takes the item that was handed over to a dead taker, without a wait; and the put of a dead
//! putter that was served is never recorded. Each of them makes the difference larger than the number, never smaller.
//!
//! A difference below zero counts workers that arrived, completed with one that waited, and have not recorded it yet.
//! All of this is said of one moment: when the first worker of a stuck set would continue. An event that is known may
//! be of a later time, from a worker that continued because of that one. The numbers tell: the put or take with which
//! the first one continues has a number below that of any later event, and is not known itself. So as many takes (or
//! puts) as their highest number are all of earlier times.
//!
//! A worker that waits for the first of several alternatives always arrives: it does not offer itself to the other
//! side, and is woken when a worker waits there.

use super::Queue;
use contend_trace::State;

/// Counts of the puts and takes that ended a wait, and whether a worker died in one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AfterWait {
    put: u64,
    taken: u64,
    has_putter_died: bool,
    has_taker_died: bool,
}

impl Queue {
    /// Records whether the last known put ended a wait for this queue.
    #[inline]
    pub(crate) fn count_put_after_wait(&mut self, waited: bool) {
        self.after_wait.put += u64::from(waited);
    }

    /// Records whether the last known take ended a wait for this queue.
    #[inline]
    pub(crate) fn count_take_after_wait(&mut self, waited: bool) {
        self.after_wait.taken += u64::from(waited);
    }

    /// Records that a worker died while it waited in this state.
    pub(crate) fn record_death_in_wait(&mut self, state: State) {
        self.after_wait.has_putter_died |= state == State::Full;
        self.after_wait.has_taker_died |= state == State::Empty;
    }

    /// Whether a worker of a former life died while it waited in this state.
    pub(crate) fn has_worker_died_waiting(&self, state: State) -> bool {
        match state {
            State::Full => self.after_wait.has_putter_died,
            _ => self.after_wait.has_taker_died,
        }
    }

    /// Whether the numbers leave out no event of a worker of this side before the newest known one: a putter's if
    /// `room`.
    pub(crate) fn is_numbered_without_gap(&self, room: bool) -> bool {
        if room { self.newest_put <= self.put_count } else { self.newest_taken <= self.taken_count }
    }

    /// Whether no item is handed over to a taker that has not continued yet, if all puts are known.
    pub(crate) fn is_nothing_handed_over(&self) -> bool {
        self.put_count - self.after_wait.put <= self.after_wait.taken
    }

    /// Whether no putter is served that has not continued yet, if all takes are known.
    pub(crate) fn is_no_putter_served(&self) -> bool {
        self.taken_count - self.after_wait.taken <= self.after_wait.put
    }

    /// Whether the puts of all workers that completed with a waiting taker are known, but for takers that have not
    /// continued yet.
    pub(crate) fn is_each_arriving_put_known(&self) -> bool {
        self.after_wait.taken <= self.put_count - self.after_wait.put
    }

    /// Whether the takes of all workers that completed with a waiting putter are known, but for putters that have not
    /// continued yet.
    pub(crate) fn is_each_arriving_take_known(&self) -> bool {
        self.after_wait.put <= self.taken_count - self.after_wait.taken
    }

    /// Whether as many puts as takes are known.
    pub(crate) fn is_balanced(&self) -> bool {
        self.put_count == self.taken_count
    }
}
