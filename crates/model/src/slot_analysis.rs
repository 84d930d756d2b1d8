//! Finds stuck workers from their wait slots alone: a second opinion that uses no event and no grant number.
//!
//! All slots of a snapshot were valid at one moment. A worker that holds a lock by its slot held it then, and keeps it
//! until it continues; a worker that waits by its slot had not continued then. So the proofs need no numbers, as those
//! from events do.

mod stall_analysis;

use std::collections::BTreeMap;

pub(super) use self::stall_analysis::Unavailable;

use super::LockCapacity;
use super::deadlock::{Requirement, permanently_blocked};
use super::lock::LockRequest;
use super::slot_report::SlotReport;
use contend_trace::{Grant, Registry, ResourceId, WaitSlot, WorkerId};

/// The slots of a snapshot, with the holders and waiters of each lock.
pub(super) struct SlotIndex {
    workers: Vec<WorkerId>,
    reports: Vec<SlotReport>,
    index_by_worker: BTreeMap<WorkerId, (usize, u64)>,
    held: BTreeMap<ResourceId, Vec<(usize, Grant)>>,
    waiting: BTreeMap<ResourceId, Vec<usize>>,
}

impl SlotIndex {
    pub(super) fn of(slots: &[&WaitSlot]) -> Self {
        let reports: Vec<SlotReport> = slots.iter().map(|slot| SlotReport::of(&slot.events)).collect();
        let places = slots.iter().enumerate().map(|(place, slot)| (slot.worker, (place, slot.life))).collect();
        let (mut held, mut waiting) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, report) in reports.iter().enumerate() {
            for (lock, grant) in &report.held {
                held.entry(*lock).or_default().push((place, *grant));
            }
            if let Some((lock, _)) = report.lock_wait {
                waiting.entry(lock).or_default().push(place);
            }
        }
        Self {
            workers: slots.iter().map(|slot| slot.worker).collect(),
            reports,
            index_by_worker: places,
            held,
            waiting,
        }
    }

    /// Whether a worker may hold more locks than its slot has room for.
    pub(super) fn has_truncated_slot(&self) -> bool {
        self.reports.iter().any(SlotReport::is_truncated)
    }

    /// The lock that each worker waits for.
    pub(super) fn lock_waits(&self) -> impl Iterator<Item = ResourceId> {
        self.reports.iter().filter_map(|report| Some(report.lock_wait?.0))
    }

    /// Workers that locks and joins alone keep stuck forever, in order.
    pub(super) fn deadlocked_workers(&self, registry: &Registry) -> Vec<WorkerId> {
        let needs: Vec<Requirement> = (0..self.reports.len()).map(|place| self.requirement(registry, place)).collect();
        self.workers_at(permanently_blocked(&needs))
    }

    /// The workers at these places, in order.
    fn workers_at(&self, places: Vec<usize>) -> Vec<WorkerId> {
        let mut workers: Vec<WorkerId> =
            places.into_iter().filter_map(|place| self.workers.get(place)).copied().collect();
        workers.sort_unstable();
        workers
    }

    /// What the worker at this place needs to continue.
    fn requirement(&self, registry: &Registry, place: usize) -> Requirement {
        let report = &self.reports[place];
        if registry.is_cancellable(self.workers[place]) {
            return Requirement::Nothing; // slots do not tell whether it is being cancelled
        }
        if let Some((life, nth)) = report.joined_life {
            let of = registry.life_owner(life).and_then(|worker| self.index_by_worker.get(&worker));
            let lives_on = |(place, life): &&(usize, u64)| *life == nth && !self.reports[*place].has_ended;
            return of.filter(lives_on).map_or(Requirement::Nothing, |(place, _)| Requirement::All(vec![*place]));
        }
        let Some((lock, false)) = report.lock_wait else { return Requirement::Nothing };
        let kind = registry.resource(lock).map(|resource| &resource.kind).filter(|kind| kind.is_lock());
        let Some(room) = kind.map(LockCapacity::of) else { return Requirement::Nothing };
        let holders = |wanted: &dyn Fn(Grant) -> bool| -> Vec<usize> {
            let holds = self.held.get(&lock).into_iter().flatten();
            holds.filter(|(_, grant)| wanted(*grant)).map(|(place, _)| *place).collect()
        };
        match (room, report.lock_request) {
            (LockCapacity::Permits { scoped: false, .. }, _) => Requirement::Nothing, // see `stall_analysis`
            (LockCapacity::Permits { permits, scoped: true }, asks) => {
                let wanted = if let LockRequest::Many(wanted) = asks { wanted } else { 1 };
                let all = holders(&|_| true);
                let missing = (all.len() + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { Requirement::AtLeast(missing, all) } else { Requirement::Nothing }
            }
            (LockCapacity::ReadersWriter, reader @ LockRequest::Read { .. })
                if !self.has_writer_ahead(registry, lock, reader) =>
            {
                Requirement::All(holders(&|grant| !grant.is_shared()))
            }
            (LockCapacity::Exclusive | LockCapacity::ReadersWriter, _) => Requirement::All(holders(&|_| true)),
        }
    }

    /// Whether a writer waits for this rwlock ahead of a reader with this request, and will not give up.
    fn has_writer_ahead(&self, registry: &Registry, lock: ResourceId, reader: LockRequest) -> bool {
        let is_ahead = |place: &usize| {
            let report = &self.reports[*place];
            let stays = matches!(report.lock_wait, Some((_, false))) && !registry.is_cancellable(self.workers[*place]);
            stays && reader.is_behind(report.lock_request)
        };
        self.waiting.get(&lock).into_iter().flatten().any(is_ahead)
    }
}
