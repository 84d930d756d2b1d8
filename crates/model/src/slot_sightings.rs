//! Waits for locks as snapshots of the wait slots saw them. They need no event and no order: they say how much workers
//! wait when many events were lost.

use std::collections::{BTreeMap, VecDeque};

use contend_trace::{ResourceId, Stamp};

/// Snapshots that are kept: after a loss, at most those of the last 6 s.
const MAX_SNAPSHOTS: usize = 128;

/// The newest snapshots since events were lost.
#[derive(Debug, Clone, Default)]
pub(super) struct SlotSightings {
    /// When each was taken, and how many workers waited for each lock.
    snapshots: VecDeque<(Stamp, BTreeMap<ResourceId, u32>)>,
}

/// How snapshots saw one lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LockSightings {
    pub snapshots: u64,
    /// Snapshots in which a worker waited for it.
    pub with_waiters: u64,
    /// Waiting workers, summed over the snapshots.
    pub waiters: u64,
}

impl SlotSightings {
    /// Adds a snapshot with the lock that each waiting worker waits for.
    pub(super) fn add(&mut self, at: Stamp, waits: impl Iterator<Item = ResourceId>) {
        let mut waiters = BTreeMap::new();
        waits.for_each(|lock| *waiters.entry(lock).or_default() += 1);
        if self.snapshots.len() == MAX_SNAPSHOTS {
            self.snapshots.pop_front();
        }
        self.snapshots.push_back((at, waiters));
    }

    /// Returns how the snapshots since `from` saw a lock.
    pub(super) fn of_lock(&self, lock: ResourceId, from: Stamp) -> LockSightings {
        let mut seen = LockSightings::default();
        for (_, waiters) in self.snapshots.iter().filter(|(at, _)| *at >= from) {
            let waiting = waiters.get(&lock).copied().unwrap_or(0);
            seen.snapshots += 1;
            seen.with_waiters += u64::from(waiting > 0);
            seen.waiters += u64::from(waiting);
        }
        seen
    }
}
