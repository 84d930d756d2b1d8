//! Finds stalled workers from one snapshot of the wait slots: those that wait for a supply no remaining worker can
//! provide.
//!
//! The slots are read twice. The first reading also shows which workers are in no life; between the two readings the
//! reader sees what each queue and condition lacks. The proof is by contradiction. Suppose a worker of the set
//! continues, as the first of the set, with an item. It did not have the item when its queue was seen empty, or it
//! would have cleared its slot before. So the item was put later, and by a worker of the set: a worker that was in no
//! life then had done everything in its last one, and gets another only after a worker of the set has spawned it. That
//! worker would have continued first. The proof needs no event. A permit of a semaphore that had none is such an item:
//! the workers that may hold one for a block are among those that could provide it.
//!
//! A worker that waits for the first of several things is stuck if each of them is unavailable and no worker outside of
//! the set could provide any; an event flag or the end of a worker among them counts as able to come.
//!
//! Pools, pipes and results are left out: not all of their supply lies in memory that others can see. A worker that
//! waits for one of these counts as able to continue.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::SlotIndex;
use crate::Model;
use crate::deadlock::{Requirement, permanently_blocked};
use crate::lane::Alternative;
use crate::lock::LockRequest;
use crate::slot_report::SlotReport;
use contend_trace::{LaneRange, ResourceId, ResourceKind, State, WorkerId};

/// Most requirements, of workers and of supplies together. Beyond it nothing is concluded.
const MAX_REQUIREMENTS: usize = 1 << 20;

/// Sorted (resource, state) pairs that no waiter could have been served from at the snapshot.
pub(crate) type Unavailable<'a> = &'a [(ResourceId, State)];

/// One snapshot. Its requirements are listed in this order: slots, workers in no life, supplies.
struct StallAnalysis<'a> {
    model: &'a Model,
    slots: &'a SlotIndex,
    unavailable: Unavailable<'a>,
    /// Places of the workers in no life.
    index_of_absent: BTreeMap<WorkerId, usize>,
}

impl Model {
    /// Workers that are stuck forever, deadlocked ones included. Empty if no worker waits for a supply.
    pub(crate) fn find_stalled_in_slots(&self, slots: &SlotIndex, unavailable: Unavailable<'_>) -> Vec<WorkerId> {
        if slots.reports.iter().all(|report| self.missing_supply(report).is_none() && report.alternatives.is_empty()) {
            return Vec::new();
        }
        let absent = (0..self.lanes.len()).map(WorkerId::from).filter(|w| self.is_seen_absent(*w, unavailable));
        let absent = absent.enumerate().map(|(nth, w)| (w, slots.reports.len() + nth)).collect();
        let Some(needs) = (StallAnalysis { model: self, slots, unavailable, index_of_absent: absent }).requirements()
        else {
            return Vec::new();
        };
        let waits = |place: &usize| slots.reports.get(*place).is_some_and(|report| !report.has_ended);
        slots.workers_at(permanently_blocked(&needs).into_iter().filter(waits).collect())
    }

    /// The supply that a worker waits for, by its slot. Locks and ends of workers are no supplies.
    fn missing_supply(&self, report: &SlotReport) -> Option<(ResourceId, State)> {
        if !report.alternatives.is_empty() {
            return None;
        }
        let is_signal = |id: &ResourceId| {
            let kind = self.registry.resource(*id).map(|resource| &resource.kind);
            matches!(kind, Some(ResourceKind::Semaphore { scoped: false, .. }))
        };
        let permit = report.lock_wait.filter(|(_, timed)| !timed).map(|(lock, _)| lock).filter(is_signal);
        report.awaited_supply.or(permit.map(|semaphore| (semaphore, State::Lock)))
    }

    /// Whether the snapshot shows that a worker that others spawn or join was in no life and had none requested.
    fn is_seen_absent(&self, w: WorkerId, unavailable: Unavailable<'_>) -> bool {
        self.life_of(w).is_some_and(|life| is_unavailable(unavailable, (life, State::Done)))
    }

    /// Whether the snapshot alone is conclusive for these workers: it shows all of them in their present state, no
    /// worker was killed or ended with a lock, all ended workers were seen to have ended, and all of these wait for
    /// something that the snapshot shows.
    pub(crate) fn is_conclusive(&self, stuck: &[WorkerId], unavailable: Unavailable<'_>) -> bool {
        let is_plain = |w: &WorkerId| {
            if !self.lane(*w).awaited_alternatives().is_empty() {
                return false;
            }
            let on = self.lane(*w).activity().resource.and_then(|on| self.registry.resource(on));
            on.is_some_and(|on| match on.kind {
                ResourceKind::Pipe { .. } | ResourceKind::Server { .. } => false,
                // Permits may be left, but too few.
                ResourceKind::Semaphore { scoped: false, .. } => {
                    !matches!(self.lane(*w).lock_request(), LockRequest::Many(_))
                }
                _ => true,
            })
        };
        let is_seen = |w: &WorkerId| self.lane(*w).slot_snapshot == self.snapshot_count();
        let in_order = |w: WorkerId| {
            let lane = self.lane(w);
            let seen = lane.is_in_life()
                || lane.held_locks().is_empty() && (is_seen(&w) || self.is_seen_absent(w, unavailable));
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
    /// The requirements of all workers and supplies. `None` if there are too many.
    fn requirements(&self) -> Option<Vec<Requirement>> {
        let first_supply = self.slots.reports.len() + self.index_of_absent.len();
        let mut supply_rows: BTreeMap<(ResourceId, State), usize> = BTreeMap::new();
        let (mut supplies, mut total) = (Vec::new(), first_supply);
        let mut needs = Vec::with_capacity(first_supply);
        let supply_count = Cell::new(0);
        let mut row = |on: (ResourceId, State)| {
            *supply_rows.entry(on).or_insert_with(|| {
                let any = self.suppliers(on);
                supply_count.set(supply_count.get() + any.len());
                supplies.push(Requirement::Any(any));
                first_supply + supplies.len() - 1
            })
        };
        for (place, report) in self.slots.reports.iter().enumerate() {
            needs.push(match (self.model.missing_supply(report), report.joined_life) {
                _ if self.model.registry.is_cancellable(self.slots.workers[place]) && !report.has_ended => {
                    Requirement::Nothing
                }
                _ if !report.alternatives.is_empty() => match self.missing_alternatives(report) {
                    Some(all) => Requirement::Any(all.into_iter().map(&mut row).collect()),
                    None => Requirement::Nothing,
                },
                (Some(on), _) if is_unavailable(self.unavailable, on) && !report.is_block_timed => {
                    Requirement::All(vec![row(on)])
                }
                (Some(_), _) => Requirement::Nothing,
                (_, Some((life, _))) if is_unavailable(self.unavailable, (life, State::Done)) => Requirement::Nothing,
                _ if report.has_ended && self.is_over(self.slots.workers[place]) => Requirement::Any(Vec::new()),
                _ => self.slots.requirement(&self.model.registry, place),
            });
            if total + supply_count.get() > MAX_REQUIREMENTS {
                return None;
            }
        }
        for worker in self.index_of_absent.keys() {
            let spawners =
                self.model.life_of(*worker).map_or_else(Vec::new, |life| self.suppliers((life, State::Done)));
            total += spawners.len();
            needs.push(Requirement::Any(spawners));
        }
        needs.extend(supplies);
        (total + supply_count.get() <= MAX_REQUIREMENTS).then_some(needs)
    }

    /// The supplies that a worker waits for, any one of them, without a limit; `None` if one of them may be there.
    fn missing_alternatives(&self, report: &SlotReport) -> Option<Vec<(ResourceId, State)>> {
        let supply = |alternative: &Alternative| {
            let Alternative { on, room, .. } = *alternative;
            let kind = self.model.registry.resource(on).map(|resource| &resource.kind);
            let supply = (on, if room { State::Full } else { State::Empty });
            let is_queue = matches!(kind, Some(ResourceKind::Queue { .. }));
            (is_queue && is_unavailable(self.unavailable, supply)).then_some(supply)
        };
        let all = || report.alternatives.iter().map(supply).collect();
        (!report.is_block_timed).then(all).flatten()
    }

    /// Whether a worker that has ended can have no further life.
    fn is_over(&self, w: WorkerId) -> bool {
        self.model.lanes[w.index()].seat.is_none() && self.model.life_of(w).is_none()
    }

    /// Places of the workers that could provide a supply, or spawn a life. `usize::MAX` for a worker without a place.
    fn suppliers(&self, (on, state): (ResourceId, State)) -> Vec<usize> {
        let Some(wakers) = self.model.registry.wakers_of(on) else { return vec![usize::MAX] };
        let (givers, takers): (&[_], &[_]) = match state {
            State::Full => (&[], &wakers.takers),
            State::Lock => (&wakers.givers, &wakers.takers),
            _ => (&wakers.givers, &[]),
        };
        let known = self.model.lanes.len();
        let ids = |lanes: &LaneRange| lanes.known(known).iter().chain(lanes.unknown(known).iter().take(1));
        givers.iter().chain(takers).flat_map(ids).map(|w| self.worker_index(w)).collect()
    }

    fn worker_index(&self, w: WorkerId) -> usize {
        let waits = || self.slots.index_by_worker.get(&w).map(|(place, _)| *place);
        self.index_of_absent.get(&w).copied().or_else(waits).unwrap_or(usize::MAX)
    }
}

fn is_unavailable(unavailable: Unavailable<'_>, supply: (ResourceId, State)) -> bool {
    unavailable.binary_search(&supply).is_ok()
}
