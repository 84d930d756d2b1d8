//! One pipe: how many bytes are and were in it, and who uses it no more.

use std::collections::{BTreeMap, BTreeSet};

use super::Queue;
use super::history::Shape;
use contend_trace::{Stamp, WorkerId};

#[derive(Debug, Clone)]
pub struct Pipe {
    /// Its depth is in bytes.
    bytes: Queue,
    sent: u64,
    received: u64,
    /// Messages received when the settings were changed.
    before: u64,
    /// What those who wait saw when they last looked.
    seen: BTreeMap<WorkerId, Seen>,
    /// Those who closed their ends.
    closed: BTreeSet<WorkerId>,
}

/// How many bytes had been written and read when a worker that waits looked: both, if it tried in vain then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    written: Option<u64>,
    read: Option<u64>,
}

/// Events tell how many bytes modulo this.
const TOLD: u64 = 1 << 40;

impl Pipe {
    pub(super) fn new(capacity: u32, shape: Shape) -> Self {
        Self {
            bytes: Queue::new(capacity, shape),
            sent: 0,
            received: 0,
            before: 0,
            seen: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    /// A piece of a message was written: its bytes, and how many are in the pipe then.
    pub(super) fn send(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.seen.remove(&worker);
        self.bytes.put_some(at, worker, bytes, depth);
        self.sent += u64::from(whole);
    }

    pub(super) fn receive(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.seen.remove(&worker);
        self.bytes.take_some(at, worker, bytes, depth);
        self.received += u64::from(whole);
        if whole {
            self.bytes.take_whole(at);
        }
    }

    pub(super) fn wait_for_room(&mut self, from: Stamp, to: Stamp) {
        self.bytes.wait_for_room(from, to);
    }

    /// Who waits looked.
    pub(super) fn look(&mut self, worker: WorkerId, read: bool, bytes: u64) {
        let seen = self.seen.entry(worker).or_default();
        // Of two that belong together the first begins anew.
        *seen = if read { Seen { read: Some(bytes), ..*seen } } else { Seen { written: Some(bytes), read: None } };
    }

    /// A worker begins to wait.
    pub(super) fn come(&mut self, worker: WorkerId) {
        self.seen.remove(&worker);
    }

    pub(super) fn close(&mut self, worker: WorkerId) {
        self.seen.remove(&worker);
        self.closed.insert(worker);
    }

    /// Whether a worker can still use it, if it has not ended.
    pub(super) fn is_open_to(&self, worker: WorkerId) -> bool {
        !self.closed.contains(&worker)
    }

    fn now(&self) -> Seen {
        Seen { written: Some(self.bytes.put() % TOLD), read: Some(self.bytes.taken() % TOLD) }
    }

    /// Whether nothing was written, or if `read` nothing was read, that is known and that a worker has not seen.
    pub(super) fn is_unchanged_for(&self, worker: WorkerId, read: bool) -> bool {
        let (seen, now) = (self.seen.get(&worker).copied().unwrap_or_default(), self.now());
        if read { seen.read == now.read } else { seen.written == now.written }
    }

    /// Those who tried in vain after all that is now known to be written and read.
    pub(super) fn tried_last(&self) -> impl Iterator<Item = WorkerId> {
        let now = self.now();
        self.seen.iter().filter(move |(_, seen)| **seen == now).map(|(worker, _)| *worker)
    }

    /// Its bytes, as what has a depth.
    pub fn bytes_in_it(&self) -> &Queue {
        &self.bytes
    }

    /// Messages written and read, whole.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    /// Messages received since the settings were changed.
    pub fn recently_received(&self) -> u64 {
        self.received - self.before
    }

    /// Figures of the present settings begin now.
    pub(super) fn note_figures(&mut self) {
        self.before = self.received;
        self.bytes.note_figures();
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.bytes()
            + self.closed.len() * 2 * size_of::<WorkerId>()
            + self.seen.len() * 2 * size_of::<(WorkerId, Seen)>()
    }
}
