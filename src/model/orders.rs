//! In which orders locks were taken: what lock order checkers such as the kernel's lockdep keep.

use std::collections::BTreeMap;

use crate::trace::{ResourceId, Stamp, WorkerId};

/// Pairs of locks that are kept.
const PAIRS: usize = 4_096;

/// Workers that are kept for each pair.
const WORKERS: usize = 8;

/// One worker took a lock while it held another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Took {
    /// The first time.
    pub at: Stamp,
    /// Locks that it also held each time: two workers with a common one never are there at once.
    guards: Vec<ResourceId>,
}

/// For each lock held and lock taken: who did that. Which ones are kept does not depend on the order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(BTreeMap<(ResourceId, ResourceId), BTreeMap<WorkerId, Took>>);

/// Two locks that were taken in both orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hazard {
    pub locks: (ResourceId, ResourceId),
    /// Who took the second while it held the first, and who the other way round.
    pub workers: (WorkerId, WorkerId),
    /// When the second of the two orders was first seen.
    pub at: Stamp,
}

impl Orders {
    /// `worker` took `lock` and would have waited for it for ever, while it held all of `held`.
    pub(super) fn took(&mut self, worker: WorkerId, lock: ResourceId, held: &[ResourceId], at: Stamp) {
        for first in held.iter().filter(|first| **first != lock) {
            let guards = || held.iter().copied().filter(|guard| guard != first && *guard != lock);
            let workers = self.0.entry((*first, lock)).or_default();
            if let Some(took) = workers.get_mut(&worker) {
                took.at = took.at.min(at);
                took.guards.retain(|guard| guards().any(|held| held == *guard));
                continue;
            }
            workers.insert(worker, Took { at, guards: guards().collect() });
            if workers.len() > WORKERS {
                workers.pop_last();
            }
        }
        while self.0.len() > PAIRS {
            self.0.pop_last();
        }
    }

    /// Pairs of locks that different workers took in both orders with nothing to keep them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = Hazard> + '_ {
        let forward = self.0.iter().filter(|((first, second), _)| first < second);
        forward.filter_map(|(&(first, second), one)| {
            let other = self.0.get(&(second, first))?;
            let apart = |a: &Took, b: &Took| a.guards.iter().any(|guard| b.guards.contains(guard));
            one.iter().find_map(|(w, took)| {
                let (v, back) = other.iter().find(|(v, back)| *v != w && !apart(took, back))?;
                Some(Hazard { locks: (first, second), workers: (*w, *v), at: took.at.max(back.at) })
            })
        })
    }

    /// Heap bytes in use, roughly.
    pub(super) fn bytes(&self) -> usize {
        let each = |workers: &BTreeMap<WorkerId, Took>| {
            workers.values().map(|took| size_of::<Took>() + took.guards.len() * size_of::<ResourceId>()).sum::<usize>()
        };
        self.0.values().map(|workers| size_of::<(ResourceId, ResourceId)>() + each(workers)).sum()
    }
}
