//! Data that workers fetched from each other: how much, from whom, to whom.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use contend_trace::WorkerId;

/// Most pairs of workers that are kept apart. What others moved is summed: a cluster of 1,000 workers has a million.
const MAX_PAIRS: usize = 4_096;

/// An amount of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Number of transfers.
    pub count: u64,
    pub bytes: u64,
}

impl Moved {
    const fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// The data that moved between workers in the run so far.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    by_pair: HashMap<(WorkerId, WorkerId), Moved>,
    other_pairs: Moved,
    total: Moved,
}

impl Transfers {
    pub(super) fn record(&mut self, from: WorkerId, to: WorkerId, bytes: u64) {
        self.total.add(bytes);
        let is_full = self.by_pair.len() >= MAX_PAIRS;
        match self.by_pair.entry((from, to)) {
            Entry::Vacant(_) if is_full => self.other_pairs.add(bytes),
            entry => entry.or_default().add(bytes),
        }
    }

    /// Returns what moved in all.
    pub const fn total(&self) -> Moved {
        self.total
    }

    /// Returns what moved between pairs beyond the most that are kept apart.
    pub const fn other_pairs(&self) -> Moved {
        self.other_pairs
    }

    /// Returns source, destination and amount of each pair, most bytes first, or else most transfers.
    pub fn pairs(&self) -> Vec<(WorkerId, WorkerId, Moved)> {
        let mut pairs: Vec<_> = self.by_pair.iter().map(|((from, to), moved)| (*from, *to, *moved)).collect();
        pairs.sort_unstable_by_key(|(from, to, moved)| (Reverse((moved.bytes, moved.count)), *from, *to));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_listed_by_bytes_and_bounded() {
        let mut transfers = Transfers::default();
        let (a, b, c) = (WorkerId(0), WorkerId(1), WorkerId(2));
        transfers.record(a, b, 10);
        transfers.record(b, c, 30);
        transfers.record(a, b, 5);
        assert_eq!(transfers.pairs(), [(b, c, Moved { count: 1, bytes: 30 }), (a, b, Moved { count: 2, bytes: 15 })]);
        for worker in 0..10_000 {
            transfers.record(WorkerId(worker), a, u64::MAX / 2);
        }
        assert_eq!(transfers.pairs().len(), MAX_PAIRS);
        assert_eq!(transfers.total(), Moved { count: 10_003, bytes: u64::MAX });
        assert_eq!(transfers.other_pairs().count, 10_002 - MAX_PAIRS as u64);
    }
}
