//! The orders in which locks were taken, as lock order checkers such as the kernel's lockdep keep them; and the pairs
//! of opposite orders that can overlap.

use std::collections::{BTreeMap, BTreeSet};

use contend_trace::{ResourceId, Stamp, WorkerId};

/// The maximum number of pairs of locks.
const MAX_PAIRS: usize = 4_096;

/// The maximum number of cases for each pair.
const MAX_CASES: usize = 16;

/// A worker, and the other locks that it held: two workers with a common lock are never there at once.
type OrderCase = (WorkerId, Vec<ResourceId>);

/// Acquisitions of one lock while another was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NestedAcquire {
    /// When this happened first.
    first_at: Stamp,
    /// The number of the newest one among all nested acquisitions of the worker.
    last_nth: u32,
}

/// Two workers that took a pair of locks in opposite orders while nothing kept them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Overlap {
    /// Whether something unknown may have kept them apart.
    is_uncertain: bool,
    /// The worker that took the second lock while it held the first, and the worker that did the opposite.
    workers: (WorkerId, WorkerId),
}

type LockPair = (ResourceId, ResourceId);

/// The nested acquisitions by pair of locks, the held one first. Which cases are kept does not depend on the order of
/// arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct LockOrders {
    pairs: BTreeMap<LockPair, BTreeMap<OrderCase, NestedAcquire>>,
    /// By pair of locks, the lower id first.
    overlaps: BTreeMap<LockPair, BTreeSet<Overlap>>,
    is_uncertain: bool,
}

/// Two locks that were taken in both orders, which can deadlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderHazard {
    pub locks: LockPair,
    /// The worker that took the second lock while it held the first, and the worker that did the opposite.
    pub workers: (WorkerId, WorkerId),
    /// When the second of the two orders first occurred.
    pub at: Stamp,
    /// Whether something unknown may have kept the two workers apart.
    pub is_uncertain: bool,
}

impl LockOrders {
    /// Records that from now on it is unknown what keeps two acquisitions apart.
    pub(super) fn mark_uncertain(&mut self) {
        self.is_uncertain = true;
    }

    /// Forgets all orders, but not that the relation is uncertain.
    pub(super) fn forget_orders(&mut self) {
        *self = Self { is_uncertain: self.is_uncertain, ..Self::default() };
    }

    /// Forgets a lock that is gone.
    pub(super) fn forget_lock(&mut self, lock: ResourceId) {
        self.pairs.retain(|(first, second), _| *first != lock && *second != lock);
        self.overlaps.retain(|(first, second), _| *first != lock && *second != lock);
    }

    /// Records that `worker` took `lock` while it held all of `held`, and would have waited for it without a limit: its
    /// `nth` such step. `happened_before` tells whether a step of another worker certainly happened before this one.
    pub(super) fn record_nested_acquire(
        &mut self,
        worker: WorkerId,
        lock: ResourceId,
        held: &[ResourceId],
        (at, nth): (Stamp, u32),
        happened_before: impl Fn(WorkerId, u32) -> bool,
    ) {
        for first in held.iter().copied().filter(|first| *first != lock) {
            let mut guards: Vec<ResourceId> =
                held.iter().copied().filter(|guard| *guard != first && *guard != lock).collect();
            guards.sort_unstable();
            self.record_overlaps(worker, (first, lock), &guards, &happened_before);
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

    /// Records the workers that took the pair in the opposite order while nothing kept them apart from `worker`.
    fn record_overlaps(
        &mut self,
        worker: WorkerId,
        (first, second): LockPair,
        guards: &[ResourceId],
        happened_before: impl Fn(WorkerId, u32) -> bool,
    ) {
        let Some(others) = self.pairs.get(&(second, first)) else { return };
        let forward = first < second;
        let pair = if forward { (first, second) } else { (second, first) };
        for ((other, theirs), took) in others {
            let is_apart = guards.iter().any(|guard| theirs.contains(guard)) || happened_before(*other, took.last_nth);
            if *other == worker || is_apart {
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

    /// Returns the pairs of locks that different workers took in both orders while nothing kept them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = OrderHazard> + '_ {
        self.overlaps.iter().filter_map(|(&(first, second), overlaps)| {
            let Overlap { is_uncertain, workers } = *overlaps.first()?;
            let forward = self.first_time(workers.0, (first, second))?;
            let backward = self.first_time(workers.1, (second, first))?;
            Some(OrderHazard { locks: (first, second), workers, at: forward.max(backward), is_uncertain })
        })
    }

    fn first_time(&self, worker: WorkerId, pair: LockPair) -> Option<Stamp> {
        let cases = self.pairs.get(&pair)?.iter().filter(|((w, _), _)| *w == worker);
        cases.map(|(_, took)| took.first_at).min()
    }

    /// Returns the approximate heap bytes in use.
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
