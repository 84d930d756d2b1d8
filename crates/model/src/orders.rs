//! In which orders locks were taken: what lock order checkers such as the kernel's lockdep keep; and which of them can overlap.

use std::collections::{BTreeMap, BTreeSet};

use contend_trace::{ResourceId, Stamp, WorkerId};

/// Pairs of locks that are kept.
const PAIRS: usize = 4_096;

/// Cases that are kept for each pair: of workers, and of what else they hold.
const CASES: usize = 16;

/// A worker, and the locks that it held as well: two workers with a common one never are there at once.
type Case = (WorkerId, Vec<ResourceId>);

/// A worker took a lock while it held another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Took {
    /// The first time.
    at: Stamp,
    /// The number of the last time, among all nested acquisitions of the worker.
    last: u32,
}

/// Two workers that took a pair of locks each in its order, at times that nothing kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Overlap {
    /// Whether something may have kept them apart that is not known.
    doubtful: bool,
    /// Who took the second while it held the first, and who the other way round.
    workers: (WorkerId, WorkerId),
}

type Pair = (ResourceId, ResourceId);

/// For each lock held and lock taken: who did that. Which ones are kept does not depend on the order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    pairs: BTreeMap<Pair, BTreeMap<Case, Took>>,
    /// By the lower lock of each pair and the higher one.
    overlaps: BTreeMap<Pair, BTreeSet<Overlap>>,
    doubtful: bool,
}

/// Two locks that were taken in both orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hazard {
    pub locks: Pair,
    /// Who took the second while it held the first, and who the other way round.
    pub workers: (WorkerId, WorkerId),
    /// When the second of the two orders was first seen.
    pub at: Stamp,
    /// Whether something may have kept the two apart that is not known.
    pub doubtful: bool,
}

impl Orders {
    /// Nothing is known any more of what keeps two acquisitions apart.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Forgets all orders, but not that something is not known.
    pub(super) fn forget(&mut self) {
        *self = Self { doubtful: self.doubtful, ..Self::default() };
    }

    /// `worker` took `lock` and would have waited for it for ever, while it held all of `held`: its `nth` such step. Which
    /// steps of others have certainly happened before it says `after`.
    pub(super) fn took(
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
            self.compare(worker, (first, lock), &guards, &after);
            let cases = self.pairs.entry((first, lock)).or_default();
            let took = cases.entry((worker, guards)).or_insert(Took { at, last: nth });
            *took = Took { at: took.at.min(at), last: took.last.max(nth) };
            if cases.len() > CASES {
                cases.pop_last();
            }
        }
        while self.pairs.len() > PAIRS {
            self.pairs.pop_last();
        }
    }

    /// Notes who took a pair the other way round, with nothing to keep the two apart.
    fn compare(
        &mut self,
        worker: WorkerId,
        (first, second): Pair,
        guards: &[ResourceId],
        after: impl Fn(WorkerId, u32) -> bool,
    ) {
        let Some(others) = self.pairs.get(&(second, first)) else { return };
        let forward = first < second;
        let pair = if forward { (first, second) } else { (second, first) };
        for ((other, theirs), took) in others {
            let apart = guards.iter().any(|guard| theirs.contains(guard)) || after(*other, took.last);
            if *other == worker || apart {
                continue;
            }
            let workers = if forward { (worker, *other) } else { (*other, worker) };
            let overlaps = self.overlaps.entry(pair).or_default();
            overlaps.insert(Overlap { doubtful: self.doubtful, workers });
            if overlaps.len() > CASES {
                overlaps.pop_last();
            }
        }
    }

    /// Pairs of locks that different workers took in both orders with nothing to keep them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = Hazard> + '_ {
        self.overlaps.iter().filter_map(|(&(first, second), overlaps)| {
            let Overlap { doubtful, workers } = *overlaps.first()?;
            let there = self.first_time(workers.0, (first, second))?;
            let back = self.first_time(workers.1, (second, first))?;
            Some(Hazard { locks: (first, second), workers, at: there.max(back), doubtful })
        })
    }

    fn first_time(&self, worker: WorkerId, pair: Pair) -> Option<Stamp> {
        let cases = self.pairs.get(&pair)?.iter().filter(|((w, _), _)| *w == worker);
        cases.map(|(_, took)| took.at).min()
    }

    /// Heap bytes in use, roughly.
    pub(super) fn bytes(&self) -> usize {
        let each = |cases: &BTreeMap<Case, Took>| {
            cases
                .keys()
                .map(|(_, guards)| size_of::<(Case, Took)>() + guards.len() * size_of::<ResourceId>())
                .sum::<usize>()
        };
        let pairs: usize = self.pairs.values().map(|cases| size_of::<Pair>() + each(cases)).sum();
        pairs + self.overlaps.values().map(|all| size_of::<Pair>() + all.len() * size_of::<Overlap>()).sum::<usize>()
    }
}
