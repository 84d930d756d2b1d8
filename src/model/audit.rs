//! Who can never go on, from the workers' slots alone: a second opinion, that knows of no event and of no grant.
//!
//! All slots were good at one moment. Whoever holds a lock by its slot held it then, and keeps it until it goes on; whoever
//! waits by its slot had not gone on then. So among them nothing has to be proved from numbers, as it has from events.

use std::collections::BTreeMap;

use super::Room;
use super::deadlock::{Needs, never_live};
use super::lane::Asks;
use super::slots::Said;
use crate::trace::{Cast, Grant, ResourceId, Slot, WorkerId};

/// All slots, and by resource who holds it.
struct Slots {
    said: Vec<Said>,
    places: BTreeMap<WorkerId, (usize, u64)>,
    held: BTreeMap<ResourceId, Vec<(usize, Grant)>>,
    waiting: BTreeMap<ResourceId, Vec<usize>>,
}

/// Those who can never go on, in order.
pub(super) fn stuck(cast: &Cast, slots: &[&Slot]) -> Vec<WorkerId> {
    let all = Slots::of(slots);
    let needs: Vec<Needs> = (0..slots.len()).map(|place| all.needs(cast, place)).collect();
    let mut stuck: Vec<WorkerId> = never_live(&needs).into_iter().map(|place| slots[place].worker).collect();
    stuck.sort_unstable();
    stuck
}

impl Slots {
    fn of(slots: &[&Slot]) -> Self {
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
        Self { said, places, held, waiting }
    }

    /// What the worker at this place needs before it can go on.
    fn needs(&self, cast: &Cast, place: usize) -> Needs {
        let said = &self.said[place];
        if let Some((life, nth)) = said.joins {
            let of = cast.whose_life(life).and_then(|worker| self.places.get(&worker));
            return of.filter(|(_, life)| *life == nth).map_or(Needs::Nothing, |(place, _)| Needs::All(vec![*place]));
        }
        let Some((lock, false)) = said.wait else { return Needs::Nothing };
        let kind = cast.resource(lock).map(|resource| &resource.kind).filter(|kind| kind.is_lock());
        let Some(room) = kind.map(Room::of) else { return Needs::Nothing };
        let holders = |wanted: &dyn Fn(Grant) -> bool| -> Vec<usize> {
            let holds = self.held.get(&lock).into_iter().flatten();
            holds.filter(|(_, grant)| wanted(*grant)).map(|(place, _)| *place).collect()
        };
        match (room, said.asks) {
            (Room::Permits { scoped: false, .. }, _) => Needs::Nothing,
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
