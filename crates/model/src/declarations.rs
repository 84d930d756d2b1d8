//! An open registry: workers, resources and pools that are added and removed while the run lasts.
//!
//! A source declares an id before the first message that names it. Whatever it forgets gets a placeholder, which is
//! counted: a lane for a worker; for a resource only a name, since its kind is unknown. A removed entry leaves sums
//! ([`gone`](super::gone)), but a worker that ended with locks stays: others may wait for these forever.
//!
//! The histories share the budget among present workers and resources. As more appear, each keeps less detail.

mod departures;
mod placeholders;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::departures::Departures;
use super::buffer_sizes::{Budget, BufferSizes, HistoryCounts};
use super::gone::Gone;
use super::{GoneResources, GoneWorkers, Lane, Model, Pool, ResourceState};
use contend_trace::{Declared, PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, WorkerId, WorkerInfo};

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
    departures: Departures,
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
            departures: Departures::default(),
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
        let mut lane = Lane::new(self.sizes.lane_shape, self.sizes.spans_per_lane);
        lane.expect_unrecorded_waits();
        self.lanes.insert(id.index(), lane);
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

    /// Divides the budget anew if the number of present entries has doubled or halved. Histories that exist only lose
    /// detail.
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
        self.lanes.entries_mut().for_each(|(_, lane)| lane.reshape(sizes.lane_shape, sizes.spans_per_lane));
        self.resources.entries_mut().for_each(|(_, resource)| resource.reshape(&sizes));
        self.open.gone.reshape(sizes.lane_shape);
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
