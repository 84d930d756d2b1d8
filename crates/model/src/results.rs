//! The results of a pool's tasks: which are ready, and which were read.

use super::Queue;
use super::history::HistoryShape;
use super::lock::GrantSet;
use super::queue::unwrap_number;
use contend_trace::{AwaitedResult, Stamp, WorkerId};

/// The results of a pool's tasks.
#[derive(Debug, Clone)]
pub struct Results {
    /// The results that are ready and not read yet, as a queue without a limit.
    unread: Queue,
    /// The numbers of the results that are ready, and the highest known number of any result.
    resolved: GrantSet,
    newest: u64,
    first_resolved: Option<Stamp>,
    first_read: Option<Stamp>,
    failures_read: u64,
    timeouts: u64,
}

impl Results {
    pub(super) fn new(shape: HistoryShape, max_words: usize) -> Self {
        Self {
            unread: Queue::new(0, shape),
            resolved: GrantSet::new(max_words),
            newest: 0,
            first_resolved: None,
            first_read: None,
            failures_read: 0,
            timeouts: 0,
        }
    }

    /// Records that the result with this number, modulo 2^24, is ready, and that `unread` results are ready then.
    pub(super) fn resolve(&mut self, at: Stamp, worker: WorkerId, unread: u16, nth: u32) {
        let nth = self.unwrap_number(nth);
        self.resolved.insert(nth);
        self.first_resolved = Some(self.first_resolved.map_or(at, |first| first.min(at)));
        self.unread.put_one(at, worker, unread.into());
    }

    /// Records that a worker read the result with this number, modulo 2^24.
    pub(super) fn read(&mut self, at: Stamp, worker: WorkerId, unread: u16, nth: u32, ok: bool) {
        self.unwrap_number(nth);
        self.failures_read += u64::from(!ok);
        self.first_read = Some(self.first_read.map_or(at, |first| first.min(at)));
        self.unread.take_one(at, worker, unread.into());
    }

    /// Records that a timed wait for a result ended by itself.
    pub(super) fn record_timeout(&mut self) {
        self.timeouts += 1;
    }

    fn unwrap_number(&mut self, nth: u32) -> u64 {
        let nth = unwrap_number(nth, self.newest);
        self.newest = self.newest.max(nth);
        nth
    }

    /// Whether the awaited result is not ready, as far as the known events tell.
    pub(super) fn is_missing(&self, nth: u64) -> bool {
        match nth {
            AwaitedResult::NEXT => self.unread.put_count() == self.unread.taken_count(),
            nth => self.resolved.is_missing(nth),
        }
    }

    /// Returns the results that are ready and not read yet, as a queue.
    pub fn unread(&self) -> &Queue {
        &self.unread
    }

    /// Returns the number of results that were read.
    pub fn read_count(&self) -> u64 {
        self.unread.taken_count()
    }

    /// Returns the number of failures that were read.
    pub fn failures_read(&self) -> u64 {
        self.failures_read
    }

    /// Returns the number of waits that ended by themselves.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// Returns when the first result was ready, and when the first one was read.
    pub fn first_times(&self) -> (Option<Stamp>, Option<Stamp>) {
        (self.first_resolved, self.first_read)
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape) {
        self.unread.reshape(shape);
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.unread.heap_bytes() + self.resolved.heap_bytes()
    }
}
