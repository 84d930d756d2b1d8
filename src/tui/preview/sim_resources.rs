//! Locks, queues, counters and signals in virtual time: their state and their waiters.

use std::collections::VecDeque;

use super::WorkerPosition;
use crate::scenario::ResourceSpec;

/// A lock, and how much of its capacity.
pub(super) type LockClaim = (usize, u64);

pub(super) struct SimLock {
    /// Free capacity: a reader takes one of many, a writer all.
    pub(super) free: u64,
    pub(super) capacity: u64,
    /// The waiters, and how much each wants.
    pub(super) waiters: VecDeque<(usize, u64)>,
    pub(super) is_open: bool,
}

impl SimLock {
    /// Admits the first waiter, if there is room for it.
    pub(super) fn admit_next(&mut self) -> Option<usize> {
        let (next, much) = self.waiters.front().copied().filter(|(_, much)| *much <= self.free)?;
        self.free -= much;
        self.waiters.pop_front();
        Some(next)
    }
}

/// The state of a shared resource that is not a lock; each kind uses some of the fields.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedState {
    /// A counter's value, the items in a queue, whether a flag is set, how many workers reached a barrier, the count of
    /// a wait group.
    pub value: i64,
    /// Capacity of a queue, parties of a barrier.
    pub size: i64,
    pub is_closed: bool,
    /// Workers that wait for an item or a signal, in order, each with the lock it must reacquire.
    pub waiters: VecDeque<(usize, Option<LockClaim>)>,
    /// Workers that wait for room.
    pub putters: VecDeque<usize>,
}

impl SharedState {
    pub(super) fn new(spec: &ResourceSpec, place: &WorkerPosition<'_>) -> Self {
        let (value, size) = match spec {
            ResourceSpec::Counter { initial, .. } => (*initial, 0.0),
            ResourceSpec::Latch { initial } => (initial.eval(place) as i64, 0.0),
            ResourceSpec::Queue { capacity: size, .. } | ResourceSpec::Barrier { parties: size } => {
                (0, size.eval(place))
            }
            _ => (0, 0.0),
        };
        Self { value, size: size as i64, ..Self::default() }
    }
}
