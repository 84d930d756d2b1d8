//! Who can never go on, from the workers' slots alone: a second opinion, that knows of no event and of no grant.
//!
//! All slots were good at one moment. Whoever holds a lock by its slot held it then, and keeps it until it goes on; whoever
//! waits by its slot had not gone on then. So among them nothing has to be proved from numbers, as it has from events.

mod stall_analysis;

use std::collections::BTreeMap;

pub(super) use self::stall_analysis::Unavailable;

use super::LockCapacity;
use super::deadlock::{Requirement, permanently_blocked};
use super::lock::LockRequest;
use super::slot_audit::SlotReport;
use contend_trace::{Grant, Registry, ResourceId, WaitSlot, WorkerId};

/// All slots, and by resource who holds it.
pub(super) struct SlotIndex {
    workers: Vec<WorkerId>,
    reports: Vec<SlotReport>,
    index_by_worker: BTreeMap<WorkerId, (usize, u64)>,
    held: BTreeMap<ResourceId, Vec<(usize, Grant)>>,
    waiting: BTreeMap<ResourceId, Vec<usize>>,
}

impl SlotIndex {
    pub(super) fn of(slots: &[&WaitSlot]) -> Self {
        let said: Vec<SlotReport> = slots.iter().map(|slot| SlotReport::of(&slot.events)).collect();
        let places = slots.iter().enumerate().map(|(place, slot)| (slot.worker, (place, slot.life))).collect();
        let (mut held, mut waiting) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, said) in said.iter().enumerate() {
            for (lock, grant) in &said.held {
                held.entry(*lock).or_default().push((place, *grant));
            }
            if let Some((lock, _)) = said.lock_wait {
                waiting.entry(lock).or_default().push(place);
            }
        }
        Self {
            workers: slots.iter().map(|slot| slot.worker).collect(),
            reports: said,
            index_by_worker: places,
            held,
            waiting,
        }
    }

    /// Whether somebody may hold more than its slot has room for.
    pub(super) fn has_truncated_slot(&self) -> bool {
        self.reports.iter().any(SlotReport::is_truncated)
    }

    /// Those whom locks and joins alone keep from ever going on, in order.
    pub(super) fn deadlocked_workers(&self, cast: &Registry) -> Vec<WorkerId> {
        let needs: Vec<Requirement> = (0..self.reports.len()).map(|place| self.requirement(cast, place)).collect();
        self.workers_at(permanently_blocked(&needs))
    }

    /// The workers at these places, in order.
    fn workers_at(&self, places: Vec<usize>) -> Vec<WorkerId> {
        let mut workers: Vec<WorkerId> =
            places.into_iter().filter_map(|place| self.workers.get(place)).copied().collect();
        workers.sort_unstable();
        workers
    }

    /// What the worker at this place needs before it can go on.
    fn requirement(&self, cast: &Registry, place: usize) -> Requirement {
        let said = &self.reports[place];
        if let Some((life, nth)) = said.joined_life {
            let of = cast.life_owner(life).and_then(|worker| self.index_by_worker.get(&worker));
            let goes_on = |(place, life): &&(usize, u64)| *life == nth && !self.reports[*place].has_ended;
            return of.filter(goes_on).map_or(Requirement::Nothing, |(place, _)| Requirement::All(vec![*place]));
        }
        let Some((lock, false)) = said.lock_wait else { return Requirement::Nothing };
        let kind = cast.resource(lock).map(|resource| &resource.kind).filter(|kind| kind.is_lock());
        let Some(room) = kind.map(LockCapacity::of) else { return Requirement::Nothing };
        let holders = |wanted: &dyn Fn(Grant) -> bool| -> Vec<usize> {
            let holds = self.held.get(&lock).into_iter().flatten();
            holds.filter(|(_, grant)| wanted(*grant)).map(|(place, _)| *place).collect()
        };
        match (room, said.lock_request) {
            (LockCapacity::Permits { scoped: false, .. }, _) => Requirement::Nothing, // see `stalled`
            (LockCapacity::Permits { permits, scoped: true }, asks) => {
                let wanted = if let LockRequest::Many(wanted) = asks { wanted } else { 1 };
                let all = holders(&|_| true);
                let missing = (all.len() + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { Requirement::AtLeast(missing, all) } else { Requirement::Nothing }
            }
            (LockCapacity::ReadersWriter, reader @ LockRequest::Read { .. })
                if !self.has_writer_ahead(lock, reader) =>
            {
                Requirement::All(holders(&|grant| !grant.is_shared()))
            }
            (LockCapacity::Exclusive | LockCapacity::ReadersWriter, _) => Requirement::All(holders(&|_| true)),
        }
    }

    /// Whether a writer waits for this rwlock that a reader that asks so cannot pass.
    fn has_writer_ahead(&self, lock: ResourceId, reader: LockRequest) -> bool {
        let is_ahead = |place: &usize| reader.is_behind(self.reports[*place].lock_request);
        self.waiting.get(&lock).into_iter().flatten().any(is_ahead)
    }
}
