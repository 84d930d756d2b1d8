//! Results of a pool's tasks: which are there, which were read, and how many wait to be.

use super::Queue;
use super::history::Shape;
use super::lock::Seen;
use super::queue::unwrapped;
use contend_trace::{Awaited, Stamp, WorkerId};

#[derive(Debug, Clone)]
pub struct Results {
    /// Those that are there and that nobody has read, as a queue without a limit.
    held: Queue,
    /// Numbers of those that are there, and the highest known of any.
    there: Seen,
    newest: u64,
    first: Option<Stamp>,
    first_read: Option<Stamp>,
    /// Results read that were failures.
    failed: u64,
    gave_up: u64,
}

impl Results {
    pub(super) fn new(shape: Shape, words: usize) -> Self {
        Self {
            held: Queue::new(0, shape),
            there: Seen::new(words),
            newest: 0,
            first: None,
            first_read: None,
            failed: 0,
            gave_up: 0,
        }
    }

    /// The result with this number, modulo 2^24, is there; `held` are there that nobody has read.
    pub(super) fn resolve(&mut self, at: Stamp, worker: WorkerId, held: u16, nth: u32) {
        let nth = self.number(nth);
        self.there.mark(nth);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.held.put_one(at, worker, held.into());
    }

    pub(super) fn read(&mut self, at: Stamp, worker: WorkerId, held: u16, nth: u32, ok: bool) {
        self.number(nth);
        self.failed += u64::from(!ok);
        self.first_read = Some(self.first_read.map_or(at, |first| first.min(at)));
        self.held.take_one(at, worker, held.into());
    }

    /// A wait for a result ended by itself.
    pub(super) fn give_up(&mut self) {
        self.gave_up += 1;
    }

    fn number(&mut self, nth: u32) -> u64 {
        let nth = unwrapped(nth, self.newest);
        self.newest = self.newest.max(nth);
        nth
    }

    /// Whether the result that is awaited is not there, as far as anybody known has told.
    pub(super) fn is_missing(&self, nth: u64) -> bool {
        match nth {
            Awaited::NEXT => self.held.put() == self.held.taken(),
            nth => self.there.lacks(nth),
        }
    }

    /// Those that are there and that nobody has read, as a queue.
    pub fn held(&self) -> &Queue {
        &self.held
    }

    /// Results that were read.
    pub fn reads(&self) -> u64 {
        self.held.taken()
    }

    /// Results read that were failures.
    pub fn failures_read(&self) -> u64 {
        self.failed
    }

    /// Waits that ended by themselves.
    pub fn gave_up(&self) -> u64 {
        self.gave_up
    }

    /// When the first result was there, and when the first was read.
    pub fn firsts(&self) -> (Option<Stamp>, Option<Stamp>) {
        (self.first, self.first_read)
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.held.bytes() + self.there.bytes()
    }
}
