//! One pipe: how many bytes are and were in it, and who uses it no more.

use std::collections::{BTreeMap, BTreeSet};

use super::Queue;
use super::history::HistoryShape;
use contend_trace::{Stamp, WorkerId};

#[derive(Debug, Clone)]
pub struct Pipe {
    /// Its depth is in bytes.
    byte_queue: Queue,
    sent: u64,
    received: u64,
    /// Messages received when the settings were changed.
    baseline: u64,
    /// What those who wait saw when they last looked.
    observed: BTreeMap<WorkerId, ObservedTotals>,
    /// Those who closed their ends.
    closed_by: BTreeSet<WorkerId>,
}

/// How many bytes had been written and read when a worker that waits looked: both, if it tried in vain then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ObservedTotals {
    written: Option<u64>,
    read: Option<u64>,
}

/// Events tell how many bytes modulo this.
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

    /// A piece of a message was written: its bytes, and how many are in the pipe then.
    pub(super) fn send(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.observed.remove(&worker);
        self.byte_queue.put_some(at, worker, bytes, depth);
        self.sent += u64::from(whole);
    }

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

    /// Who waits looked.
    pub(super) fn record_observation(&mut self, worker: WorkerId, read: bool, bytes: u64) {
        let seen = self.observed.entry(worker).or_default();
        // Of two that belong together the first begins anew.
        *seen = if read {
            ObservedTotals { read: Some(bytes), ..*seen }
        } else {
            ObservedTotals { written: Some(bytes), read: None }
        };
    }

    /// A worker begins to wait.
    pub(super) fn begin_wait(&mut self, worker: WorkerId) {
        self.observed.remove(&worker);
    }

    pub(super) fn close(&mut self, worker: WorkerId) {
        self.observed.remove(&worker);
        self.closed_by.insert(worker);
    }

    /// Whether a worker can still use it, if it has not ended.
    pub(super) fn is_open_to(&self, worker: WorkerId) -> bool {
        !self.closed_by.contains(&worker)
    }

    fn known_totals(&self) -> ObservedTotals {
        ObservedTotals {
            written: Some(self.byte_queue.put_count() % BYTE_COUNT_MODULUS),
            read: Some(self.byte_queue.taken_count() % BYTE_COUNT_MODULUS),
        }
    }

    /// Whether nothing was written, or if `read` nothing was read, that is known and that a worker has not seen.
    pub(super) fn is_unchanged_for(&self, worker: WorkerId, read: bool) -> bool {
        let (seen, now) = (self.observed.get(&worker).copied().unwrap_or_default(), self.known_totals());
        if read { seen.read == now.read } else { seen.written == now.written }
    }

    /// Those who tried in vain after all that is now known to be written and read.
    pub(super) fn up_to_date_waiters(&self) -> impl Iterator<Item = WorkerId> {
        let now = self.known_totals();
        self.observed.iter().filter(move |(_, seen)| **seen == now).map(|(worker, _)| *worker)
    }

    /// Its bytes, as what has a depth.
    pub fn byte_queue(&self) -> &Queue {
        &self.byte_queue
    }

    /// Messages written and read, whole.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    /// Messages received since the settings were changed.
    pub fn recent_received(&self) -> u64 {
        self.received - self.baseline
    }

    /// Figures of the present settings begin now.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = self.received;
        self.byte_queue.set_baseline();
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.byte_queue.heap_bytes()
            + self.closed_by.len() * 2 * size_of::<WorkerId>()
            + self.observed.len() * 2 * size_of::<(WorkerId, ObservedTotals)>()
    }
}
