//! An open registry: workers, resources and pools that become known, or are gone, while the run lasts.
//!
//! A source declares an id before the first message that names it. Whatever it forgets gets a placeholder, which is
//! counted: a lane for a worker; for a resource only a name, since its kind is unknown. What is gone leaves sums
//! ([`gone`](super::gone)), except a worker that took locks with it: others may wait for these forever.
//!
//! The histories share the budget among what is present. As more appears, each keeps less detail.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::buffer_sizes::{Budget, BufferSizes, HistoryCounts};
use super::gone::Gone;
use super::{GoneResources, GoneWorkers, Lane, Model, Pool, ResourceState};
use contend_trace::{
    Declared, EventKind, ExitKind, PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, Stamp, WorkerId,
    WorkerInfo, WorkerKind,
};

/// Most workers, and most resources, that are kept after their end because waits for them are not split yet.
const MAX_LEAVING: usize = 256;

/// Most workers, and most resources, that are examined again at a time because they could not be folded at their end.
const MAX_EXAMINED: usize = 64;

/// Most placeholders for workers, and most for resources. Events of further ids are only counted.
const MAX_PLACEHOLDERS: usize = 256;

/// What an open registry needs beside the tables.
#[derive(Debug, Clone)]
pub(super) struct OpenRegistry {
    budget: Budget,
    /// The counts that the present sizes were planned for.
    planned: HistoryCounts,
    placeholder_workers: BTreeSet<WorkerId>,
    placeholder_resources: BTreeSet<ResourceId>,
    gone: Gone,
    /// The locks that are present.
    lock_count: usize,
    /// Workers and resources whose end was declared, with their last moment. Waits of others for them may still have to
    /// be split, so their histories are kept until then.
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

impl OpenRegistry {
    pub(super) fn new(budget: Budget, planned: HistoryCounts) -> Self {
        Self {
            budget,
            planned,
            placeholder_workers: BTreeSet::new(),
            placeholder_resources: BTreeSet::new(),
            gone: Gone::default(),
            lock_count: planned.locks,
            leaving_workers: Vec::new(),
            leaving_resources: Vec::new(),
            kept_workers: Kept::default(),
            kept_resources: Kept::default(),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.gone.heap_bytes()
    }
}

impl Model {
    /// Returns the workers that are gone, by group, in the order of the groups' names.
    pub fn gone_workers(&self) -> impl Iterator<Item = (&str, &GoneWorkers)> {
        self.open.gone.workers.iter().map(|(group, gone)| (group.as_str(), gone))
    }

    /// Returns the resources that are gone, by the word for their kind.
    pub fn gone_resources(&self) -> impl Iterator<Item = (&'static str, GoneResources)> + '_ {
        self.open.gone.resources.iter().map(|(kind, gone)| (*kind, *gone))
    }

    /// Returns the number of workers and of resources that events named and nothing declared.
    pub fn undeclared_counts(&self) -> (usize, usize) {
        (self.open.placeholder_workers.len(), self.open.placeholder_resources.len())
    }

    /// Returns the number of events that workers lost which are gone.
    pub(super) fn gone_lost_events(&self) -> u64 {
        self.open.gone.workers.values().fold(0, |sum, group| sum.saturating_add(group.lost_events))
    }

    pub(super) fn apply_declarations(&mut self, declared: &[Declared]) {
        if !self.registry.is_open {
            self.health.anomalies += declared.len() as u64;
            return;
        }
        for one in declared {
            if !self.apply_declaration(one) {
                self.health.anomalies += 1;
            }
        }
        self.plan_histories();
    }

    /// Returns whether the declaration is valid.
    fn apply_declaration(&mut self, declared: &Declared) -> bool {
        match declared {
            Declared::Worker { id, .. } if self.is_worker_taken(*id) => false,
            Declared::Resource { id, .. } if self.is_resource_taken(*id) => false,
            Declared::WorkerGone(id) => self.remove_worker(*id),
            Declared::ResourceGone(id) => self.remove_resource(*id),
            other if !Arc::make_mut(&mut self.registry).declare(other) => false,
            Declared::Worker { id, info } => {
                self.add_worker(*id, info);
                true
            }
            Declared::Resource { id, info, .. } => {
                self.add_resource(*id, &info.kind);
                true
            }
            Declared::Pool { info, .. } => {
                self.add_pool(info);
                true
            }
            Declared::Suppliers { .. } | Declared::Cancellers(_) => true,
        }
    }

    fn is_worker_taken(&self, id: WorkerId) -> bool {
        let is_placeholder = self.open.placeholder_workers.contains(&id);
        self.lanes.is_gone(id.index()) || self.lanes.get(id.index()).is_some() && !is_placeholder
    }

    fn is_resource_taken(&self, id: ResourceId) -> bool {
        self.resources.is_gone(id.index()) || self.resources.get(id.index()).is_some()
    }

    fn add_worker(&mut self, id: WorkerId, info: &WorkerInfo) {
        self.open.placeholder_workers.remove(&id);
        self.lanes.insert(id.index(), Lane::new(self.sizes.shape, self.sizes.spans_per_lane));
        let members = info.pool.and_then(|pool| Some((pool, &self.registry.pools.get(pool.index())?.workers)));
        if let Some((pool, workers)) = members
            && let Some(seat) = workers.iter().rposition(|worker| *worker == id)
        {
            self.lanes[id.index()].seat = Some((pool, seat));
            self.pools[pool.index()].add_seats(seat + 1);
        }
        self.happens_before.add_worker(id);
    }

    fn add_resource(&mut self, id: ResourceId, kind: &ResourceKind) {
        self.open.placeholder_resources.remove(&id);
        match ResourceState::new(kind, &self.sizes) {
            Some(state) => {
                self.open.lock_count += usize::from(matches!(state, ResourceState::Lock(_)));
                self.resources.insert(id.index(), state);
            }
            None => self.resources.skip(id.index()),
        }
        if let ResourceKind::Life { worker } = kind
            && let Some(lane) = self.lanes.get_mut(worker.index())
        {
            lane.life = Some(id);
        }
        self.happens_before.add_resource(id, kind);
    }

    fn add_pool(&mut self, info: &PoolInfo) {
        let pool = contend_trace::PoolId::from(self.pools.len());
        self.pools.push(Pool::new(info, self.sizes.shape, self.sizes.digits));
        for (seat, worker) in info.workers.iter().enumerate() {
            if let Some(lane) = self.lanes.get_mut(worker.index()) {
                lane.seat = Some((pool, seat));
            }
        }
        let queue = info.queue.index();
        if queue < self.registry.resources.len() {
            if self.pool_by_queue.len() <= queue {
                self.pool_by_queue.resize(queue + 1, None);
            }
            self.pool_by_queue[queue] = Some(pool);
        }
    }

    /// Ends a worker that will do nothing any more.
    fn remove_worker(&mut self, id: WorkerId) -> bool {
        let Some(lane) = self.lanes.get(id.index()).filter(|lane| !lane.is_leaving) else { return false };
        if lane.is_in_life() {
            self.end_life(id, lane.newest_stamp, ExitKind::Retired);
        }
        let lane = &mut self.lanes[id.index()];
        lane.is_leaving = true;
        self.open.leaving_workers.push((lane.newest_stamp, id));
        if self.open.leaving_workers.len() > MAX_LEAVING {
            self.fold_leaving(self.newest_stamp);
        }
        true
    }

    /// Whether a worker will certainly do nothing any more.
    pub(super) fn has_left(&self, id: WorkerId) -> bool {
        self.lanes.is_gone(id.index()) || self.lanes[id.index()].is_leaving
    }

    /// Replaces workers and resources that are gone by their sums, if all waits up to their end are split.
    pub(super) fn fold_leaving(&mut self, split_until: Stamp) {
        self.examine_kept();
        if self.open.leaving_workers.is_empty() && self.open.leaving_resources.is_empty() {
            return;
        }
        for (ended, id) in std::mem::take(&mut self.open.leaving_workers) {
            if ended > split_until {
                self.open.leaving_workers.push((ended, id));
            } else if self.is_worker_needed(id) {
                self.open.kept_workers.ids.insert(id);
            } else {
                self.fold_worker(id);
            }
        }
        for (ended, id) in std::mem::take(&mut self.open.leaving_resources) {
            if ended > split_until {
                self.open.leaving_resources.push((ended, id));
            } else if self.is_resource_needed(id) {
                self.open.kept_resources.ids.insert(id);
            } else {
                self.fold_resource(id);
            }
        }
        self.plan_histories();
    }

    /// Lets the workers and resources leave that stayed and are no longer needed: a bounded number at a time.
    fn examine_kept(&mut self) {
        for id in self.open.kept_workers.next_ids() {
            if !self.is_worker_needed(id) {
                self.open.kept_workers.ids.remove(&id);
                self.open.leaving_workers.push((self.newest_stamp, id));
            }
        }
        for id in self.open.kept_resources.next_ids() {
            if !self.is_resource_needed(id) {
                self.open.kept_resources.ids.remove(&id);
                self.open.leaving_resources.push((self.newest_stamp, id));
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
            self.open.gone.add_worker(&info.group, info.kind, &lane, ended, self.sizes.shape);
        }
        self.resources.entries_mut().for_each(|(_, resource)| resource.forget_worker(id));
        self.happens_before.forget_worker(id);
        self.looks.forget_worker(id);
        self.wait_anatomy.forget_worker(id);
        self.open.placeholder_workers.remove(&id);
        Arc::make_mut(&mut self.registry).declare(&Declared::WorkerGone(id));
    }

    fn remove_resource(&mut self, id: ResourceId) -> bool {
        let is_known = self.resources.get(id.index()).is_some() || self.open.placeholder_resources.remove(&id);
        let is_leaving = self.open.kept_resources.ids.contains(&id)
            || self.open.leaving_resources.iter().any(|(_, leaving)| *leaving == id);
        if is_known && !is_leaving {
            self.open.leaving_resources.push((self.newest_stamp, id));
            if self.open.leaving_resources.len() > MAX_LEAVING {
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

    /// Adds a placeholder for a worker that events name and nothing declared. Returns whether there is one.
    #[cold]
    pub(super) fn add_placeholder_worker(&mut self, id: WorkerId) -> bool {
        let has_room = self.registry.is_open
            && !self.lanes.is_gone(id.index())
            && self.open.placeholder_workers.len() < MAX_PLACEHOLDERS;
        let info = WorkerInfo {
            name: format!("undeclared-{}", id.0),
            group: "undeclared".to_owned(),
            kind: WorkerKind::Thread,
            pool: None,
        };
        let declared = Declared::Worker { id, info: info.clone() };
        if !has_room || !Arc::make_mut(&mut self.registry).declare(&declared) {
            return false;
        }
        self.add_worker(id, &info);
        self.open.placeholder_workers.insert(id);
        self.plan_histories();
        true
    }

    /// Gives a name to a resource that an event names and nothing declared.
    #[inline]
    pub(super) fn note_resource(&mut self, kind: &EventKind) {
        if self.registry.is_open
            && let Some(id) = kind.resource()
            && self.resources.get(id.index()).is_none()
        {
            self.add_placeholder_resource(id);
        }
    }

    #[cold]
    fn add_placeholder_resource(&mut self, id: ResourceId) {
        let is_known = self.resources.is_gone(id.index()) || self.open.placeholder_resources.contains(&id);
        if is_known || self.open.placeholder_resources.len() >= MAX_PLACEHOLDERS {
            return;
        }
        let info = ResourceInfo { name: format!("undeclared-{}", id.0), kind: ResourceKind::Undeclared };
        let declared = Declared::Resource { id, info, evidence: contend_trace::Evidence::Numbered };
        if Arc::make_mut(&mut self.registry).declare(&declared) {
            self.resources.skip(id.index());
            self.open.placeholder_resources.insert(id);
        }
    }

    /// Divides the budget anew if what is present has doubled or halved. Histories that exist only lose detail.
    fn plan_histories(&mut self) {
        let locks = self.open.lock_count;
        let counts = HistoryCounts {
            lanes: self.lanes.present_count() + self.open.gone.workers.len(),
            locks,
            others: self.resources.present_count().saturating_sub(locks),
            pools: self.pools.len(),
        };
        let planned = counts.rounded_up();
        if planned == self.open.planned {
            return;
        }
        self.open.planned = planned;
        let before = std::mem::replace(&mut self.sizes, BufferSizes::new(&planned, self.open.budget));
        if !self.sizes.is_smaller_than(&before) {
            return;
        }
        let sizes = self.sizes;
        self.lanes.entries_mut().for_each(|(_, lane)| lane.reshape(sizes.shape, sizes.spans_per_lane));
        self.resources.entries_mut().for_each(|(_, resource)| resource.reshape(&sizes));
        self.open.gone.reshape(sizes.shape);
    }

    /// Returns the approximate heap bytes of the registry.
    pub fn registry_bytes(&self) -> usize {
        let Registry { workers, resources, pools, .. } = self.registry();
        let workers: usize =
            workers.iter().map(|info| size_of::<WorkerInfo>() + info.name.capacity() + info.group.capacity()).sum();
        let resources: usize = resources.iter().map(|info| size_of::<ResourceInfo>() + info.name.capacity()).sum();
        let pools: usize = pools.iter().map(|pool| size_of::<PoolInfo>() + pool.workers.len() * 4).sum();
        workers + resources + pools
    }
}
