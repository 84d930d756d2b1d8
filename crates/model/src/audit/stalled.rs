//! Who can never go on for want of what nobody is left to give, from one look at the slots.
//!
//! Their slots are read twice. With the first reading it is seen which workers are in no life, and between the two what each
//! queue and condition lacks. Let one of the set go on, and be the first to do so, with an item. It had not got it when its
//! queue was seen to be empty, or it would have cleared its slot before. So the item was put later, and by one of the set:
//! who was in no life before had done all that it did in the last one, and is in another only after one of the set has
//! spawned it. That one would have had to go on first. A contradiction; no event is needed. A permit of a semaphore that
//! had none then is such an item: those who may hold one for a block are among those who could give it.
//!
//! Pools, pipes and results are left out: what they have to give does not all lie in memory that others can see. Whoever
//! waits for one of these is taken for one that goes on.

use std::collections::BTreeMap;

use super::Slots;
use crate::Model;
use crate::deadlock::{Needs, never_live};
use crate::lane::Asks;
use crate::slots::Said;
use contend_trace::{ResourceId, ResourceKind, State, WorkerId};

/// Workers and those who could wake them, all together, beyond which nothing is concluded.
const MOST: usize = 1 << 20;

/// What nobody could have at one moment, in order.
pub(crate) type Lacking<'a> = &'a [(ResourceId, State)];

/// All of one look: first the slots, then those in no life, then what is waited for.
struct Scene<'a> {
    model: &'a Model,
    slots: &'a Slots,
    lacking: Lacking<'a>,
    /// Places of those who are in no life.
    absent: BTreeMap<WorkerId, usize>,
}

impl Model {
    /// All who can never go on, those of a deadlock included; nobody if all who do wait for locks or ends.
    pub(crate) fn stalled(&self, slots: &Slots, lacking: Lacking<'_>) -> Vec<WorkerId> {
        if slots.said.iter().all(|said| self.asks_for(said).is_none()) {
            return Vec::new();
        }
        let absent = (0..self.lanes.len()).map(WorkerId::from).filter(|w| self.is_idle(*w, lacking));
        let absent = absent.enumerate().map(|(nth, w)| (w, slots.said.len() + nth)).collect();
        let Some(needs) = (Scene { model: self, slots, lacking, absent }).needs() else { return Vec::new() };
        let waits = |place: &usize| slots.said.get(*place).is_some_and(|said| !said.ended);
        slots.workers_at(never_live(&needs).into_iter().filter(waits).collect())
    }

    /// What somebody must give a worker that says so; locks and ends are not given.
    fn asks_for(&self, said: &Said) -> Option<(ResourceId, State)> {
        let is_signal = |id: &ResourceId| {
            let kind = self.cast.resource(*id).map(|resource| &resource.kind);
            matches!(kind, Some(ResourceKind::Semaphore { scoped: false, .. }))
        };
        let permit = said.wait.filter(|(_, timed)| !timed).map(|(lock, _)| lock).filter(is_signal);
        said.blocks.or(permit.map(|semaphore| (semaphore, State::Lock)))
    }

    /// Whether a worker that others spawn or join was seen to be in no life, nor to be asked for one.
    fn is_idle(&self, w: WorkerId, lacking: Lacking<'_>) -> bool {
        self.life_of(w).is_some_and(|life| lacks(lacking, (life, State::Done)))
    }

    /// Whether the last look says of these as much as events do: it found all of them as they are, nobody was killed or ended
    /// with a lock, whoever ended was seen to have, and all wait for what can be seen from outside.
    pub(crate) fn can_tell(&self, stuck: &[WorkerId], lacking: Lacking<'_>) -> bool {
        let is_plain = |w: &WorkerId| {
            let on = self.lane(*w).doing().on.and_then(|on| self.cast.resource(on));
            on.is_some_and(|on| match on.kind {
                ResourceKind::Pipe { .. } | ResourceKind::Server { .. } => false,
                // Some permits may be left, and not enough.
                ResourceKind::Semaphore { scoped: false, .. } => !matches!(self.lane(*w).asks.1, Asks::Many(_)),
                _ => true,
            })
        };
        let is_seen = |w: &WorkerId| self.lane(*w).look == self.audit_looks();
        let in_order = |w: WorkerId| {
            let lane = self.lane(w);
            let seen = lane.in_life() || lane.held().is_empty() && (is_seen(&w) || self.is_idle(w, lacking));
            seen && lane.crashes() == 0 && lane.died.is_none()
        };
        let kept = |id| self.lock(id).is_some_and(|lock| lock.former_holds().next().is_some());
        self.cast.pools.is_empty()
            && !self.cast.locks().any(kept)
            && stuck.iter().all(|w| is_seen(w) && is_plain(w))
            && (0..self.lanes.len()).map(WorkerId::from).all(in_order)
    }
}

impl Scene<'_> {
    /// What everybody and everything needs. `None` when there is too much of it.
    fn needs(&self) -> Option<Vec<Needs>> {
        let first_thing = self.slots.said.len() + self.absent.len();
        let mut things: BTreeMap<(ResourceId, State), usize> = BTreeMap::new();
        let (mut givers, mut total) = (Vec::new(), first_thing);
        let mut needs = Vec::with_capacity(first_thing);
        for (place, said) in self.slots.said.iter().enumerate() {
            needs.push(match (self.model.asks_for(said), said.joins) {
                (Some(on), _) if lacks(self.lacking, on) && !said.blocks_timed => {
                    Needs::All(vec![*things.entry(on).or_insert_with(|| {
                        let any = self.givers(on);
                        total += any.len();
                        givers.push(Needs::Any(any));
                        first_thing + givers.len() - 1
                    })])
                }
                (Some(_), _) => Needs::Nothing,
                (_, Some((life, _))) if lacks(self.lacking, (life, State::Done)) => Needs::Nothing,
                _ if said.ended && self.is_over(self.slots.workers[place]) => Needs::Any(Vec::new()),
                _ => self.slots.needs(&self.model.cast, place),
            });
            if total > MOST {
                return None;
            }
        }
        for worker in self.absent.keys() {
            let spawners = self.model.life_of(*worker).map_or_else(Vec::new, |life| self.givers((life, State::Done)));
            total += spawners.len();
            needs.push(Needs::Any(spawners));
        }
        needs.extend(givers);
        (total <= MOST).then_some(needs)
    }

    /// Whether a worker that has ended can have no other life.
    fn is_over(&self, w: WorkerId) -> bool {
        self.model.seats[w.index()].is_none() && self.model.life_of(w).is_none()
    }

    /// Places of those who could give it, or spawn whose life it is; one beyond all for somebody who has no place.
    fn givers(&self, (on, state): (ResourceId, State)) -> Vec<usize> {
        let Some(wakers) = self.model.cast.wakers.get(on.index()) else { return vec![usize::MAX] };
        let (givers, takers): (&[_], &[_]) = match state {
            State::Full => (&[], &wakers.takers),
            State::Lock => (&wakers.givers, &wakers.takers),
            _ => (&wakers.givers, &[]),
        };
        givers.iter().chain(takers).flat_map(|lanes| lanes.iter()).map(|w| self.place(w)).collect()
    }

    fn place(&self, w: WorkerId) -> usize {
        let waits = || self.slots.places.get(&w).map(|(place, _)| *place);
        self.absent.get(&w).copied().or_else(waits).unwrap_or(usize::MAX)
    }
}

fn lacks(lacking: Lacking<'_>, what: (ResourceId, State)) -> bool {
    lacking.binary_search(&what).is_ok()
}
