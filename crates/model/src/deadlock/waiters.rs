//! The workers that wait for others, and what each of them needs: the table in which deadlocks are searched.
//!
//! It has a row for each waiting worker, not for each id, so that a search takes no longer when thousands of workers
//! have come and gone.

use std::hash::{Hash, Hasher};

use super::graph_reduction::{Requirement, permanently_blocked};
use crate::Model;
use contend_trace::WorkerId;

/// The waiting workers. Their places in the table are the numbers of the rows in `needs`.
pub(super) struct Waiters {
    /// In order.
    ids: Vec<WorkerId>,
    /// A row for each of them; the last row stands for all workers that do not wait.
    pub needs: Vec<Requirement>,
    /// The same without what cancellations would fulfil. `None` if no worker can cancel another.
    without_cancellations: Option<Vec<Requirement>>,
}

impl Waiters {
    /// Returns the worker at a place.
    pub fn id(&self, place: usize) -> WorkerId {
        self.ids[place]
    }

    /// Returns the workers at these places.
    pub fn ids_of(&self, places: impl IntoIterator<Item = usize>) -> Vec<WorkerId> {
        places.into_iter().map(|place| self.ids[place]).collect()
    }

    /// Returns the places of the workers that can never continue, in order.
    pub fn permanently_blocked(&self) -> Vec<usize> {
        permanently_blocked(&self.needs)
    }

    /// Returns what each worker needs if no other cancels it, as it is among workers that are stuck.
    pub fn needs_without_cancellations(&self) -> &[Requirement] {
        self.without_cancellations.as_deref().unwrap_or(&self.needs)
    }

    /// Hashes what a worker needs, by the ids of workers: their places change with every other waiter.
    pub fn hash_needs(&self, place: usize, hasher: &mut impl Hasher) {
        let needs = &self.needs[place];
        needs.least().hash(hasher);
        for on in needs.dependencies() {
            self.ids.get(*on).hash(hasher);
        }
    }
}

impl Model {
    /// Returns the workers that wait for others.
    pub(super) fn waiters(&self) -> Waiters {
        let (mut ids, mut needs) = (Vec::new(), Vec::new());
        let mut without = (!self.registry.cancellers.is_empty()).then(Vec::new);
        for (worker, _) in self.lanes.entries() {
            let holders = self.requirement(WorkerId::from(worker));
            let kept = without.is_some().then(|| holders.clone());
            let requirement = self.or_cancellation(WorkerId::from(worker), holders);
            if requirement != Requirement::Nothing {
                ids.push(WorkerId::from(worker));
                needs.push(requirement);
                if let Some(without) = &mut without {
                    without.extend(kept);
                }
            }
        }
        self.replace_ids_by_places(&ids, &mut needs);
        if let Some(without) = &mut without {
            self.replace_ids_by_places(&ids, without);
        }
        Waiters { ids, needs, without_cancellations: without }
    }

    /// Replaces the workers' ids in requirements by their places in the table, and adds the last row.
    fn replace_ids_by_places(&self, ids: &[WorkerId], needs: &mut Vec<Requirement>) {
        let (live, known) = (ids.len(), self.lanes.len());
        for on in needs.iter_mut().flat_map(Requirement::dependencies_mut) {
            let place = ids.binary_search(&WorkerId::from(*on));
            // A worker that is not known yet has no row.
            *on = place.unwrap_or(if *on < known { live } else { usize::MAX });
        }
        needs.push(Requirement::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contend_trace::{
        Declared, Event, EventKind, Evidence, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo,
        ResourceKind, Stamp, WorkerInfo, WorkerKind,
    };

    use super::*;
    use crate::Budget;

    fn worker(id: u32) -> Declared {
        let info = WorkerInfo { name: format!("w{id}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        Declared::Worker { id: WorkerId(id), info }
    }

    fn events(at: u64, worker: u32, kinds: &[EventKind]) -> Message {
        let event = |kind: &EventKind| Event { at: Stamp(at), worker: WorkerId(worker), kind: *kind };
        Message::Events(kinds.iter().map(event).collect())
    }

    /// The table counts the work: it has a row for each waiter, not for each id.
    #[test]
    fn search_after_thousands_of_workers_have_gone_has_the_rows_of_those_that_wait() {
        const GONE: u32 = 3_000;
        let registry = Registry { is_open: true, ..Registry::default() };
        let mut model = Model::new(Arc::new(registry), Budget { bytes: 1 << 20 });
        for id in 0..GONE {
            model.apply(&Message::Declare(vec![worker(id)]));
            model.apply(&Message::Declare(vec![Declared::WorkerGone(WorkerId(id))]));
        }
        for lock in 0..2 {
            let info = ResourceInfo { name: format!("m{lock}"), kind: ResourceKind::Mutex { kind: LockKind::Std } };
            let declared = Declared::Resource { id: ResourceId(lock), info, evidence: Evidence::Numbered };
            model.apply(&Message::Declare(vec![worker(GONE + lock), declared]));
            let acquired = EventKind::Acquired { lock: ResourceId(lock), grant: Grant(1) };
            model.apply(&events(1, GONE + lock, &[EventKind::LifeBegan, acquired]));
        }
        for lock in 0..2 {
            let held = EventKind::Held { lock: ResourceId(lock), grant: Grant(1) };
            let wait = EventKind::LockWait { lock: ResourceId(1 - lock), held_count: 1, timed: false };
            model.apply(&events(2 + u64::from(lock), GONE + lock, &[held, wait]));
        }
        assert_eq!(model.waiters().needs.len(), 3, "the two that wait, and one row for all others");
        let found = model.first_deadlock().expect("a deadlock");
        assert_eq!(found.workers, [WorkerId(GONE), WorkerId(GONE + 1)]);
        assert_eq!(found.cycle[0].waits_for, [found.cycle[1].worker]);
        assert_eq!(found.closed_at, Stamp(3));
    }
}
