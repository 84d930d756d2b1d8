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

use super::SlotIndex;
use crate::Model;
use crate::deadlock::{Requirement, permanently_blocked};
use crate::lock::LockRequest;
use crate::slot_audit::SlotReport;
use contend_trace::{ResourceId, ResourceKind, State, WorkerId};

/// Workers and those who could wake them, all together, beyond which nothing is concluded.
const MAX_REQUIREMENTS: usize = 1 << 20;

/// What nobody could have at one moment, in order.
pub(crate) type Unavailable<'a> = &'a [(ResourceId, State)];

/// All of one look: first the slots, then those in no life, then what is waited for.
struct StallAnalysis<'a> {
    model: &'a Model,
    slots: &'a SlotIndex,
    unavailable: Unavailable<'a>,
    /// Places of those who are in no life.
    index_of_absent: BTreeMap<WorkerId, usize>,
}

impl Model {
    /// All who can never go on, those of a deadlock included; nobody if all who do wait for locks or ends.
    pub(crate) fn find_stalled_in_slots(&self, slots: &SlotIndex, lacking: Unavailable<'_>) -> Vec<WorkerId> {
        if slots.reports.iter().all(|said| self.missing_supply(said).is_none()) {
            return Vec::new();
        }
        let absent = (0..self.lanes.len()).map(WorkerId::from).filter(|w| self.is_seen_absent(*w, lacking));
        let absent = absent.enumerate().map(|(nth, w)| (w, slots.reports.len() + nth)).collect();
        let Some(needs) =
            (StallAnalysis { model: self, slots, unavailable: lacking, index_of_absent: absent }).requirements()
        else {
            return Vec::new();
        };
        let waits = |place: &usize| slots.reports.get(*place).is_some_and(|said| !said.has_ended);
        slots.workers_at(permanently_blocked(&needs).into_iter().filter(waits).collect())
    }

    /// What somebody must give a worker that says so; locks and ends are not given.
    fn missing_supply(&self, said: &SlotReport) -> Option<(ResourceId, State)> {
        let is_signal = |id: &ResourceId| {
            let kind = self.registry.resource(*id).map(|resource| &resource.kind);
            matches!(kind, Some(ResourceKind::Semaphore { scoped: false, .. }))
        };
        let permit = said.lock_wait.filter(|(_, timed)| !timed).map(|(lock, _)| lock).filter(is_signal);
        said.awaited_supply.or(permit.map(|semaphore| (semaphore, State::Lock)))
    }

    /// Whether a worker that others spawn or join was seen to be in no life, nor to be asked for one.
    fn is_seen_absent(&self, w: WorkerId, lacking: Unavailable<'_>) -> bool {
        self.life_of(w).is_some_and(|life| is_unavailable(lacking, (life, State::Done)))
    }

    /// Whether the last look says of these as much as events do: it found all of them as they are, nobody was killed or ended
    /// with a lock, whoever ended was seen to have, and all wait for what can be seen from outside.
    pub(crate) fn is_conclusive(&self, stuck: &[WorkerId], lacking: Unavailable<'_>) -> bool {
        let is_plain = |w: &WorkerId| {
            let on = self.lane(*w).activity().resource.and_then(|on| self.registry.resource(on));
            on.is_some_and(|on| match on.kind {
                ResourceKind::Pipe { .. } | ResourceKind::Server { .. } => false,
                // Some permits may be left, and not enough.
                ResourceKind::Semaphore { scoped: false, .. } => {
                    !matches!(self.lane(*w).lock_request(), LockRequest::Many(_))
                }
                _ => true,
            })
        };
        let is_seen = |w: &WorkerId| self.lane(*w).slot_snapshot == self.snapshot_count();
        let in_order = |w: WorkerId| {
            let lane = self.lane(w);
            let seen =
                lane.is_in_life() || lane.held_locks().is_empty() && (is_seen(&w) || self.is_seen_absent(w, lacking));
            seen && lane.crash_count() == 0 && lane.noticed_death.is_none()
        };
        let kept = |id| self.lock(id).is_some_and(|lock| lock.former_holds().next().is_some());
        self.registry.pools.is_empty()
            && !self.registry.locks().any(kept)
            && stuck.iter().all(|w| is_seen(w) && is_plain(w))
            && (0..self.lanes.len()).map(WorkerId::from).all(in_order)
    }
}

impl StallAnalysis<'_> {
    /// What everybody and everything needs. `None` when there is too much of it.
    fn requirements(&self) -> Option<Vec<Requirement>> {
        let first_thing = self.slots.reports.len() + self.index_of_absent.len();
        let mut things: BTreeMap<(ResourceId, State), usize> = BTreeMap::new();
        let (mut givers, mut total) = (Vec::new(), first_thing);
        let mut needs = Vec::with_capacity(first_thing);
        for (place, said) in self.slots.reports.iter().enumerate() {
            needs.push(match (self.model.missing_supply(said), said.joined_life) {
                (Some(on), _) if is_unavailable(self.unavailable, on) && !said.is_block_timed => {
                    Requirement::All(vec![*things.entry(on).or_insert_with(|| {
                        let any = self.suppliers(on);
                        total += any.len();
                        givers.push(Requirement::Any(any));
                        first_thing + givers.len() - 1
                    })])
                }
                (Some(_), _) => Requirement::Nothing,
                (_, Some((life, _))) if is_unavailable(self.unavailable, (life, State::Done)) => Requirement::Nothing,
                _ if said.has_ended && self.is_over(self.slots.workers[place]) => Requirement::Any(Vec::new()),
                _ => self.slots.requirement(&self.model.registry, place),
            });
            if total > MAX_REQUIREMENTS {
                return None;
            }
        }
        for worker in self.index_of_absent.keys() {
            let spawners =
                self.model.life_of(*worker).map_or_else(Vec::new, |life| self.suppliers((life, State::Done)));
            total += spawners.len();
            needs.push(Requirement::Any(spawners));
        }
        needs.extend(givers);
        (total <= MAX_REQUIREMENTS).then_some(needs)
    }

    /// Whether a worker that has ended can have no other life.
    fn is_over(&self, w: WorkerId) -> bool {
        self.model.pool_seats[w.index()].is_none() && self.model.life_of(w).is_none()
    }

    /// Places of those who could give it, or spawn whose life it is; one beyond all for somebody who has no place.
    fn suppliers(&self, (on, state): (ResourceId, State)) -> Vec<usize> {
        let Some(wakers) = self.model.registry.wakers.get(on.index()) else { return vec![usize::MAX] };
        let (givers, takers): (&[_], &[_]) = match state {
            State::Full => (&[], &wakers.takers),
            State::Lock => (&wakers.givers, &wakers.takers),
            _ => (&wakers.givers, &[]),
        };
        givers.iter().chain(takers).flat_map(|lanes| lanes.iter()).map(|w| self.worker_index(w)).collect()
    }

    fn worker_index(&self, w: WorkerId) -> usize {
        let waits = || self.slots.index_by_worker.get(&w).map(|(place, _)| *place);
        self.index_of_absent.get(&w).copied().or_else(waits).unwrap_or(usize::MAX)
    }
}

fn is_unavailable(lacking: Unavailable<'_>, what: (ResourceId, State)) -> bool {
    lacking.binary_search(&what).is_ok()
}
