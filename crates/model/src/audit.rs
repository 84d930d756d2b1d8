//! Who can never go on, from the workers' slots alone: a second opinion, that knows of no event and of no grant.
//!
//! All slots were good at one moment. Whoever holds a lock by its slot held it then, and keeps it until it goes on; whoever
//! waits by its slot had not gone on then. So among them nothing has to be proved from numbers, as it has from events.

mod stalled;

use std::collections::BTreeMap;

pub(super) use self::stalled::Lacking;

use super::Room;
use super::deadlock::{Needs, never_live};
use super::lane::Asks;
use super::slots::Said;
use contend_trace::{Cast, Grant, ResourceId, Slot, WorkerId};

/// All slots, and by resource who holds it.
pub(super) struct Slots {
    workers: Vec<WorkerId>,
    said: Vec<Said>,
    places: BTreeMap<WorkerId, (usize, u64)>,
    held: BTreeMap<ResourceId, Vec<(usize, Grant)>>,
    waiting: BTreeMap<ResourceId, Vec<usize>>,
}

impl Slots {
    pub(super) fn of(slots: &[&Slot]) -> Self {
        let said: Vec<Said> = slots.iter().map(|slot| Said::of(&slot.events)).collect();
        let places = slots.iter().enumerate().map(|(place, slot)| (slot.worker, (place, slot.life))).collect();
        let (mut held, mut waiting) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, said) in said.iter().enumerate() {
            for (lock, grant) in &said.held {
                held.entry(*lock).or_default().push((place, *grant));
            }
            if let Some((lock, _)) = said.wait {
                waiting.entry(lock).or_default().push(place);
            }
        }
        Self { workers: slots.iter().map(|slot| slot.worker).collect(), said, places, held, waiting }
    }

    /// Whether somebody may hold more than its slot has room for.
    pub(super) fn are_part(&self) -> bool {
        self.said.iter().any(Said::is_part)
    }

    /// Those whom locks and joins alone keep from ever going on, in order.
    pub(super) fn stuck(&self, cast: &Cast) -> Vec<WorkerId> {
        let needs: Vec<Needs> = (0..self.said.len()).map(|place| self.needs(cast, place)).collect();
        self.workers_at(never_live(&needs))
    }

    /// The workers at these places, in order.
    fn workers_at(&self, places: Vec<usize>) -> Vec<WorkerId> {
        let mut workers: Vec<WorkerId> =
            places.into_iter().filter_map(|place| self.workers.get(place)).copied().collect();
        workers.sort_unstable();
        workers
    }

    /// What the worker at this place needs before it can go on.
    fn needs(&self, cast: &Cast, place: usize) -> Needs {
        let said = &self.said[place];
        if let Some((life, nth)) = said.joins {
            let of = cast.whose_life(life).and_then(|worker| self.places.get(&worker));
            let goes_on = |(place, life): &&(usize, u64)| *life == nth && !self.said[*place].ended;
            return of.filter(goes_on).map_or(Needs::Nothing, |(place, _)| Needs::All(vec![*place]));
        }
        let Some((lock, false)) = said.wait else { return Needs::Nothing };
        let kind = cast.resource(lock).map(|resource| &resource.kind).filter(|kind| kind.is_lock());
        let Some(room) = kind.map(Room::of) else { return Needs::Nothing };
        let holders = |wanted: &dyn Fn(Grant) -> bool| -> Vec<usize> {
            let holds = self.held.get(&lock).into_iter().flatten();
            holds.filter(|(_, grant)| wanted(*grant)).map(|(place, _)| *place).collect()
        };
        match (room, said.asks) {
            (Room::Permits { scoped: false, .. }, _) => Needs::Nothing, // see `stalled`
            (Room::Permits { permits, scoped: true }, asks) => {
                let wanted = if let Asks::Many(wanted) = asks { wanted } else { 1 };
                let all = holders(&|_| true);
                let missing = (all.len() + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { Needs::Some(missing, all) } else { Needs::Nothing }
            }
            (Room::Readers, reader @ Asks::Read { .. }) if !self.has_writer_ahead(lock, reader) => {
                Needs::All(holders(&|grant| !grant.is_shared()))
            }
            (Room::One | Room::Readers, _) => Needs::All(holders(&|_| true)),
        }
    }

    /// Whether a writer waits for this rwlock that a reader that asks so cannot pass.
    fn has_writer_ahead(&self, lock: ResourceId, reader: Asks) -> bool {
        let is_ahead = |place: &usize| reader.is_behind(self.said[*place].asks);
        self.waiting.get(&lock).into_iter().flatten().any(is_ahead)
    }
}
