//! Results of a pool's tasks: which are there, which were read, and how many wait to be.

use super::Queue;
use super::history::HistoryShape;
use super::lock::GrantSet;
use super::queue::unwrap_number;
use contend_trace::{AwaitedResult, Stamp, WorkerId};

#[derive(Debug, Clone)]
pub struct Results {
    /// Those that are there and that nobody has read, as a queue without a limit.
    unread: Queue,
    /// Numbers of those that are there, and the highest known of any.
    resolved: GrantSet,
    newest: u64,
    first_resolved: Option<Stamp>,
    first_read: Option<Stamp>,
    /// Results read that were failures.
    failures_read: u64,
    timeouts: u64,
}

impl Results {
    pub(super) fn new(shape: HistoryShape, words: usize) -> Self {
        Self {
            unread: Queue::new(0, shape),
            resolved: GrantSet::new(words),
            newest: 0,
            first_resolved: None,
            first_read: None,
            failures_read: 0,
            timeouts: 0,
        }
    }

    /// The result with this number, modulo 2^24, is there; `held` are there that nobody has read.
    pub(super) fn resolve(&mut self, at: Stamp, worker: WorkerId, held: u16, nth: u32) {
        let nth = self.unwrap_number(nth);
        self.resolved.insert(nth);
        self.first_resolved = Some(self.first_resolved.map_or(at, |first| first.min(at)));
        self.unread.put_one(at, worker, held.into());
    }

    pub(super) fn read(&mut self, at: Stamp, worker: WorkerId, held: u16, nth: u32, ok: bool) {
        self.unwrap_number(nth);
        self.failures_read += u64::from(!ok);
        self.first_read = Some(self.first_read.map_or(at, |first| first.min(at)));
        self.unread.take_one(at, worker, held.into());
    }

    /// A wait for a result ended by itself.
    pub(super) fn record_timeout(&mut self) {
        self.timeouts += 1;
    }

    fn unwrap_number(&mut self, nth: u32) -> u64 {
        let nth = unwrap_number(nth, self.newest);
        self.newest = self.newest.max(nth);
        nth
    }

    /// Whether the result that is awaited is not there, as far as anybody known has told.
    pub(super) fn is_missing(&self, nth: u64) -> bool {
        match nth {
            AwaitedResult::NEXT => self.unread.put_count() == self.unread.taken_count(),
            nth => self.resolved.is_missing(nth),
        }
    }

    /// Those that are there and that nobody has read, as a queue.
    pub fn unread(&self) -> &Queue {
        &self.unread
    }

    /// Results that were read.
    pub fn read_count(&self) -> u64 {
        self.unread.taken_count()
    }

    /// Results read that were failures.
    pub fn failures_read(&self) -> u64 {
        self.failures_read
    }

    /// Waits that ended by themselves.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// When the first result was there, and when the first was read.
    pub fn first_times(&self) -> (Option<Stamp>, Option<Stamp>) {
        (self.first_resolved, self.first_read)
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.unread.heap_bytes() + self.resolved.heap_bytes()
    }
}
