//! Workers and resources that are gone: kept while others may wait for them, then replaced by their sums.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use crate::{Model, ResourceState};
use contend_trace::{Declared, ExitKind, ResourceId, Stamp, WorkerId};

/// Most workers, and most resources, that are kept after their end because waits for them are not split yet.
const MAX_LEAVING: usize = 256;

/// Most workers, and most resources, that are examined again at a time because they could not be folded at their end.
const MAX_EXAMINED: usize = 64;

/// Workers and resources whose end was declared, and that are not replaced by their sums yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Departures {
    /// With their last moment. Waits of others for them may still have to be split, so their histories are kept until
    /// then.
    leaving_workers: Vec<(Stamp, WorkerId)>,
    leaving_resources: Vec<(Stamp, ResourceId)>,
    /// Those of them that stay for now: workers that hold locks, and locks in use.
    kept_workers: Kept<WorkerId>,
    kept_resources: Kept<ResourceId>,
}

/// Ids that are examined again in turn.
#[derive(Debug, Clone)]
struct Kept<T> {
    ids: BTreeSet<T>,
    last_examined: Option<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { ids: BTreeSet::new(), last_examined: None }
    }
}

impl<T: Ord + Copy> Kept<T> {
    /// Returns the next ids to examine, at most [`MAX_EXAMINED`].
    fn next_ids(&mut self) -> Vec<T> {
        let after = self.last_examined.map_or(Bound::Unbounded, Bound::Excluded);
        let next: Vec<T> = self.ids.range((after, Bound::Unbounded)).take(MAX_EXAMINED).copied().collect();
        self.last_examined = next.last().copied(); // none left: from the first one again
        next
    }
}

impl Model {
    /// Ends a worker that will do nothing any more.
    pub(super) fn remove_worker(&mut self, id: WorkerId) -> bool {
        let Some(lane) = self.lanes.get(id.index()).filter(|lane| !lane.is_leaving) else { return false };
        if lane.is_in_life() {
            let at = lane.newest_stamp;
            // A wait that it never left may have been served.
            self.record_death_in_queue(id);
            self.end_life(id, at, ExitKind::Retired);
        }
        self.leave_pool(id);
        let lane = &mut self.lanes[id.index()];
        lane.is_leaving = true;
        self.open.departures.leaving_workers.push((lane.newest_stamp, id));
        if self.open.departures.leaving_workers.len() > MAX_LEAVING {
            self.fold_leaving(self.newest_stamp);
        }
        true
    }

    /// Takes a worker out of its pool, which has one worker less then.
    fn leave_pool(&mut self, id: WorkerId) {
        let Some((pool, seat)) = self.lanes[id.index()].seat.take() else { return };
        let members = Arc::make_mut(&mut self.registry).pools.get_mut(pool.index()).map(|info| &mut info.workers);
        let Some(members) = members.filter(|members| members.get(seat) == Some(&id)) else { return };
        members.swap_remove(seat);
        self.pools[pool.index()].remove_seat(seat);
        if let Some(moved) = members.get(seat)
            && let Some(lane) = self.lanes.get_mut(moved.index())
        {
            lane.seat = Some((pool, seat));
        }
    }

    /// Whether a worker will certainly do nothing any more.
    pub(crate) fn has_left(&self, id: WorkerId) -> bool {
        self.lanes.is_gone(id.index()) || self.lanes[id.index()].is_leaving
    }

    /// Replaces workers and resources that are gone by their sums, if all waits up to their end are split.
    pub(crate) fn fold_leaving(&mut self, split_until: Stamp) {
        self.examine_kept();
        if self.open.departures.leaving_workers.is_empty() && self.open.departures.leaving_resources.is_empty() {
            return;
        }
        for (ended, id) in std::mem::take(&mut self.open.departures.leaving_workers) {
            if ended > split_until {
                self.open.departures.leaving_workers.push((ended, id));
            } else if self.is_worker_needed(id) {
                self.open.departures.kept_workers.ids.insert(id);
            } else {
                self.fold_worker(id);
            }
        }
        for (ended, id) in std::mem::take(&mut self.open.departures.leaving_resources) {
            if ended > split_until {
                self.open.departures.leaving_resources.push((ended, id));
            } else if self.is_resource_needed(id) {
                self.open.departures.kept_resources.ids.insert(id);
            } else {
                self.fold_resource(id);
            }
        }
        self.plan_histories();
    }

    /// Lets the workers and resources leave that stayed and are no longer needed: a bounded number at a time.
    fn examine_kept(&mut self) {
        for id in self.open.departures.kept_workers.next_ids() {
            if !self.is_worker_needed(id) {
                self.open.departures.kept_workers.ids.remove(&id);
                self.open.departures.leaving_workers.push((self.newest_stamp, id));
            }
        }
        for id in self.open.departures.kept_resources.next_ids() {
            if !self.is_resource_needed(id) {
                self.open.departures.kept_resources.ids.remove(&id);
                self.open.departures.leaving_resources.push((self.newest_stamp, id));
            }
        }
    }

    /// Whether a worker that is gone holds a lock or is stuck, so that others may wait for it.
    fn is_worker_needed(&self, id: WorkerId) -> bool {
        let lane = &self.lanes[id.index()];
        !lane.holds.confirmed.is_empty()
            || !lane.holds.uncertain.is_empty()
            || self.deadlocks.stuck_workers().binary_search(&id).is_ok()
    }

    /// Whether a resource that is gone is a lock that is held or waited for.
    fn is_resource_needed(&self, id: ResourceId) -> bool {
        matches!(self.resources.get(id.index()), Some(ResourceState::Lock(lock)) if lock.is_in_use())
    }

    /// Adds the sums of a worker to those of its group, and drops the rest.
    fn fold_worker(&mut self, id: WorkerId) {
        let ended = self.lanes[id.index()].activity().since;
        if let (Some(lane), Some(info)) = (self.lanes.remove(id.index()), self.registry.worker(id)) {
            self.open.gone.add_worker(&info.group, info.kind, &lane, ended, self.sizes.lane_shape);
        }
        self.resources.entries_mut().for_each(|(_, resource)| resource.forget_worker(id));
        self.happens_before.forget_worker(id);
        self.looks.forget_worker(id);
        self.wait_anatomy.forget_worker(id);
        self.open.placeholder_workers.remove(&id);
        Arc::make_mut(&mut self.registry).declare(&Declared::WorkerGone(id));
    }

    pub(super) fn remove_resource(&mut self, id: ResourceId) -> bool {
        let is_known = self.resources.get(id.index()).is_some() || self.open.placeholder_resources.remove(&id);
        let is_leaving = self.open.departures.kept_resources.ids.contains(&id)
            || self.open.departures.leaving_resources.iter().any(|(_, leaving)| *leaving == id);
        if is_known && !is_leaving {
            self.open.departures.leaving_resources.push((self.newest_stamp, id));
            if self.open.departures.leaving_resources.len() > MAX_LEAVING {
                self.fold_leaving(self.newest_stamp);
            }
        }
        is_known && !is_leaving
    }

    /// Adds the sums of a resource to those of its kind, and drops the rest.
    fn fold_resource(&mut self, id: ResourceId) {
        if let (Some(state), Some(info)) = (self.resources.remove(id.index()), self.registry.resource(id)) {
            self.open.gone.add_resource(info.kind.word(), &state);
            self.open.lock_count -= usize::from(matches!(state, ResourceState::Lock(_)));
        }
        if let Some(pool) = self.pool_by_queue.get_mut(id.index()) {
            *pool = None;
        }
        self.happens_before.forget_resource(id);
        Arc::make_mut(&mut self.registry).declare(&Declared::ResourceGone(id));
    }
}
