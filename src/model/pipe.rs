//! One pipe: how many bytes are and were in it, and who uses it no more.

use std::collections::BTreeSet;

use super::Queue;
use super::history::Shape;
use crate::trace::{Stamp, WorkerId};

#[derive(Debug, Clone)]
pub struct Pipe {
    /// Its depth is in bytes.
    bytes: Queue,
    sent: u64,
    received: u64,
    /// The newest that found no room, and how many bytes had been read by then.
    refused: Option<(WorkerId, u64)>,
    /// Those who closed their ends.
    closed: BTreeSet<WorkerId>,
}

impl Pipe {
    pub(super) fn new(capacity: u32, shape: Shape) -> Self {
        Self { bytes: Queue::new(capacity, shape), sent: 0, received: 0, refused: None, closed: BTreeSet::new() }
    }

    /// A piece of a message was written: its bytes, and how many are in the pipe then.
    pub(super) fn send(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.bytes.put_some(at, worker, bytes, depth);
        self.sent += u64::from(whole);
    }

    pub(super) fn receive(&mut self, at: Stamp, worker: WorkerId, (bytes, depth): (u32, u32), whole: bool) {
        self.bytes.take_some(at, worker, bytes, depth);
        self.received += u64::from(whole);
    }

    pub(super) fn refuse(&mut self, worker: WorkerId, received: u64) {
        let newest = self.refused.is_none_or(|(_, before)| before <= received);
        self.refused = if newest { Some((worker, received)) } else { self.refused };
    }

    pub(super) fn close(&mut self, worker: WorkerId) {
        self.closed.insert(worker);
    }

    /// Whether a worker can still use it, if it has not ended.
    pub(super) fn is_open_to(&self, worker: WorkerId) -> bool {
        !self.closed.contains(&worker)
    }

    /// Whether all bytes known to be written were read by somebody known.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.put() == self.bytes.taken()
    }

    /// Who found no room when all bytes now known to be read had been read already.
    pub(super) fn found_full(&self) -> Option<WorkerId> {
        let told = 1 << 40; // events tell the number modulo this
        self.refused.filter(|(_, received)| received % told == self.bytes.taken() % told).map(|(worker, _)| worker)
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

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.bytes() + self.closed.len() * 2 * size_of::<WorkerId>()
    }
}
