//! A pipe: the bytes in it over time, and the workers that closed their ends.

use std::collections::{BTreeMap, BTreeSet};

use super::Queue;
use super::history::HistoryShape;
use contend_trace::{Stamp, WorkerId};

/// A pipe between processes, with its messages and bytes.
#[derive(Debug, Clone)]
pub struct Pipe {
    /// The pipe as a queue of bytes.
    byte_queue: Queue,
    sent: u64,
    received: u64,
    /// Messages received before the last change of settings.
    baseline: u64,
    /// By waiting worker: the totals when it last tried.
    observed: BTreeMap<WorkerId, ObservedTotals>,
    /// The workers that closed their ends.
    closed_by: BTreeSet<WorkerId>,
}

/// How many bytes had been written and read when a waiting worker last tried; both are known if it tried in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ObservedTotals {
    written: Option<u64>,
    read: Option<u64>,
}

/// Events tell byte counts modulo this.
const BYTE_COUNT_MODULUS: u64 = 1 << 40;

impl Pipe {
    pub(super) fn new(capacity: u32, shape: HistoryShape) -> Self {
        Self {
            byte_queue: Queue::new(capacity, shape),
            sent: 0,
            received: 0,
            baseline: 0,
            observed: BTreeMap::new(),
            closed_by: BTreeSet::new(),
        }
    }

    /// Records that a piece of a message was written: its bytes, and the bytes in the pipe afterwards. `whole`: the
    /// piece completes the message.
    pub(super) fn send(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.observed.remove(&worker);
        self.byte_queue.put_some(at, worker, bytes, depth);
        self.sent += u64::from(whole);
        if whole {
            self.byte_queue.count_put(at);
        }
    }

    /// Records that a piece of a message was read, like [`Pipe::send`].
    pub(super) fn receive(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.observed.remove(&worker);
        self.byte_queue.take_some(at, worker, bytes, depth);
        self.received += u64::from(whole);
        if whole {
            self.byte_queue.count_taken(at);
        }
    }

    pub(super) fn wait_for_room(&mut self, from: Stamp, to: Stamp) {
        self.byte_queue.wait_for_room(from, to);
    }

    /// Records the total that a waiting worker saw when it tried: the bytes read if `read`, else the bytes written.
    pub(super) fn record_observation(&mut self, worker: WorkerId, read: bool, bytes: u64) {
        let seen = self.observed.entry(worker).or_default();
        // The written total comes first; it begins a new pair.
        *seen = if read {
            ObservedTotals { read: Some(bytes), ..*seen }
        } else {
            ObservedTotals { written: Some(bytes), read: None }
        };
    }

    /// Records that a worker begins to wait: it has not tried yet.
    pub(super) fn begin_wait(&mut self, worker: WorkerId) {
        self.observed.remove(&worker);
    }

    pub(super) fn close(&mut self, worker: WorkerId) {
        self.observed.remove(&worker);
        self.closed_by.insert(worker);
    }

    /// Whether a worker can still use the pipe, if it has not ended.
    pub(super) fn is_open_to(&self, worker: WorkerId) -> bool {
        !self.closed_by.contains(&worker)
    }

    fn known_totals(&self) -> ObservedTotals {
        ObservedTotals {
            written: Some(self.byte_queue.put_count() % BYTE_COUNT_MODULUS),
            read: Some(self.byte_queue.taken_count() % BYTE_COUNT_MODULUS),
        }
    }

    /// Whether the total that a worker saw is the known one: the bytes read if `read`, else the bytes written.
    pub(super) fn is_unchanged_for(&self, worker: WorkerId, read: bool) -> bool {
        let (seen, now) = (self.observed.get(&worker).copied().unwrap_or_default(), self.known_totals());
        if read { seen.read == now.read } else { seen.written == now.written }
    }

    /// Whether all bytes that are known to be written had been read when the total of bytes read was `read`.
    pub(super) fn is_all_read_at(&self, read: u64) -> bool {
        self.known_totals().written == Some(read % BYTE_COUNT_MODULUS)
    }

    /// Returns the workers that tried in vain after everything that is known to have been written and read.
    pub(super) fn up_to_date_waiters(&self) -> impl Iterator<Item = WorkerId> {
        let now = self.known_totals();
        self.observed.iter().filter(move |(_, seen)| **seen == now).map(|(worker, _)| *worker)
    }

    /// Returns the bytes in the pipe as a queue.
    pub fn byte_queue(&self) -> &Queue {
        &self.byte_queue
    }

    /// Returns the number of messages that were written completely.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the number of messages that were read completely.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns the number of messages that were read since the last change of settings.
    pub fn recent_received(&self) -> u64 {
        self.received - self.baseline
    }

    /// Begins the figures of the present settings.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = self.received;
        self.byte_queue.set_baseline();
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape) {
        self.byte_queue.reshape(shape);
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.byte_queue.heap_bytes()
            + self.closed_by.len() * 2 * size_of::<WorkerId>()
            + self.observed.len() * 2 * size_of::<(WorkerId, ObservedTotals)>()
    }
}
