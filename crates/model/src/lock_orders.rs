//! In which orders locks were taken: what lock order checkers such as the kernel's lockdep keep; and which of them can overlap.

use std::collections::{BTreeMap, BTreeSet};

use contend_trace::{ResourceId, Stamp, WorkerId};

/// Pairs of locks that are kept.
const MAX_PAIRS: usize = 4_096;

/// Cases that are kept for each pair: of workers, and of what else they hold.
const MAX_CASES: usize = 16;

/// A worker, and the locks that it held as well: two workers with a common one never are there at once.
type OrderCase = (WorkerId, Vec<ResourceId>);

/// A worker took a lock while it held another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NestedAcquire {
    /// The first time.
    first_at: Stamp,
    /// The number of the last time, among all nested acquisitions of the worker.
    last_nth: u32,
}

/// Two workers that took a pair of locks each in its order, at times that nothing kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Overlap {
    /// Whether something may have kept them apart that is not known.
    is_uncertain: bool,
    /// Who took the second while it held the first, and who the other way round.
    workers: (WorkerId, WorkerId),
}

type LockPair = (ResourceId, ResourceId);

/// For each lock held and lock taken: who did that. Which ones are kept does not depend on the order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct LockOrders {
    pairs: BTreeMap<LockPair, BTreeMap<OrderCase, NestedAcquire>>,
    /// By the lower lock of each pair and the higher one.
    overlaps: BTreeMap<LockPair, BTreeSet<Overlap>>,
    is_uncertain: bool,
}

/// Two locks that were taken in both orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderHazard {
    pub locks: LockPair,
    /// Who took the second while it held the first, and who the other way round.
    pub workers: (WorkerId, WorkerId),
    /// When the second of the two orders was first seen.
    pub at: Stamp,
    /// Whether something may have kept the two apart that is not known.
    pub is_uncertain: bool,
}

impl LockOrders {
    /// Nothing is known any more of what keeps two acquisitions apart.
    pub(super) fn mark_uncertain(&mut self) {
        self.is_uncertain = true;
    }

    /// Forgets all orders, but not that something is not known.
    pub(super) fn forget_orders(&mut self) {
        *self = Self { is_uncertain: self.is_uncertain, ..Self::default() };
    }

    /// `worker` took `lock` and would have waited for it for ever, while it held all of `held`: its `nth` such step. Which
    /// steps of others have certainly happened before it says `after`.
    pub(super) fn record_nested_acquire(
        &mut self,
        worker: WorkerId,
        lock: ResourceId,
        held: &[ResourceId],
        (at, nth): (Stamp, u32),
        after: impl Fn(WorkerId, u32) -> bool,
    ) {
        for first in held.iter().copied().filter(|first| *first != lock) {
            let mut guards: Vec<ResourceId> =
                held.iter().copied().filter(|guard| *guard != first && *guard != lock).collect();
            guards.sort_unstable();
            self.record_overlaps(worker, (first, lock), &guards, &after);
            let cases = self.pairs.entry((first, lock)).or_default();
            let took = cases.entry((worker, guards)).or_insert(NestedAcquire { first_at: at, last_nth: nth });
            *took = NestedAcquire { first_at: took.first_at.min(at), last_nth: took.last_nth.max(nth) };
            if cases.len() > MAX_CASES {
                cases.pop_last();
            }
        }
        while self.pairs.len() > MAX_PAIRS {
            self.pairs.pop_last();
        }
    }

    /// Notes who took a pair the other way round, with nothing to keep the two apart.
    fn record_overlaps(
        &mut self,
        worker: WorkerId,
        (first, second): LockPair,
        guards: &[ResourceId],
        after: impl Fn(WorkerId, u32) -> bool,
    ) {
        let Some(others) = self.pairs.get(&(second, first)) else { return };
        let forward = first < second;
        let pair = if forward { (first, second) } else { (second, first) };
        for ((other, theirs), took) in others {
            let apart = guards.iter().any(|guard| theirs.contains(guard)) || after(*other, took.last_nth);
            if *other == worker || apart {
                continue;
            }
            let workers = if forward { (worker, *other) } else { (*other, worker) };
            let overlaps = self.overlaps.entry(pair).or_default();
            overlaps.insert(Overlap { is_uncertain: self.is_uncertain, workers });
            if overlaps.len() > MAX_CASES {
                overlaps.pop_last();
            }
        }
    }

    /// Pairs of locks that different workers took in both orders with nothing to keep them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = OrderHazard> + '_ {
        self.overlaps.iter().filter_map(|(&(first, second), overlaps)| {
            let Overlap { is_uncertain: doubtful, workers } = *overlaps.first()?;
            let there = self.first_time(workers.0, (first, second))?;
            let back = self.first_time(workers.1, (second, first))?;
            Some(OrderHazard { locks: (first, second), workers, at: there.max(back), is_uncertain: doubtful })
        })
    }

    fn first_time(&self, worker: WorkerId, pair: LockPair) -> Option<Stamp> {
        let cases = self.pairs.get(&pair)?.iter().filter(|((w, _), _)| *w == worker);
        cases.map(|(_, took)| took.first_at).min()
    }

    /// Heap bytes in use, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        let each = |cases: &BTreeMap<OrderCase, NestedAcquire>| {
            cases
                .keys()
                .map(|(_, guards)| size_of::<(OrderCase, NestedAcquire)>() + guards.len() * size_of::<ResourceId>())
                .sum::<usize>()
        };
        let pairs: usize = self.pairs.values().map(|cases| size_of::<LockPair>() + each(cases)).sum();
        pairs
            + self.overlaps.values().map(|all| size_of::<LockPair>() + all.len() * size_of::<Overlap>()).sum::<usize>()
    }
}
