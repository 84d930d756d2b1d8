//! The happens-before relation between nested acquisitions: those that are ordered can never overlap.
//!
//! Order passes from one worker to another where one supplies what the other needs: an item, a permit, a signal, the
//! release of a monitor's mutex, the start or the end of a life. Events of different workers arrive in any order, but
//! each of these has a number or is counted. So a worker's events wait here until the supply that they need has arrived
//! from its supplier. The result does not depend on the order of arrival, and no clock is read.
//!
//! The order in which workers happen to take a plain mutex is chance and does not count. A mutex that belongs to
//! conditions also passes on the values that it guards, so its order counts. If events are lost or too many wait,
//! nothing is certain any more.

mod flow_clocks;
mod order_step;
mod perform_step;
mod resource_flow;
mod signal_steps;
mod transfer_steps;
mod vector_clock;

use std::collections::{BTreeSet, VecDeque};

use self::flow_clocks::NumberedItems;
use self::order_step::OrderStep;
use self::resource_flow::ResourceFlow;
use self::vector_clock::VectorClock;
use super::lock_orders::{LockOrders, OrderHazard};
use contend_trace::{EventKind, Registry, ResourceId, ResourceKind, Stamp, WorkerId};

/// The maximum number of steps that wait for others, of all workers together.
const MAX_PENDING_STEPS: usize = 1 << 16;

/// The maximum number of workers whose order is tracked.
const MAX_WORKERS: usize = 1 << 10;

/// The maximum number of resources of an open registry whose order is tracked.
const MAX_RESOURCES: usize = 1 << 12;

/// The progress of one worker in the order.
#[derive(Debug, Clone, Default)]
struct WorkerTrack {
    clock: VectorClock,
    /// Whether it is in a life.
    is_alive: bool,
    /// The steps from the first one on that still waits for another worker's.
    pending_steps: VecDeque<OrderStep>,
    /// The resource whose supply the first pending step needs.
    blocked_on: Option<ResourceId>,
    /// The barrier at which it waits with a time limit.
    timed_barrier: Option<ResourceId>,
}

/// The known order of nested acquisitions.
#[derive(Debug, Clone)]
pub(super) struct HappensBefore {
    /// With fewer than two locks there is no cycle, so nothing is kept.
    is_enabled: bool,
    /// Whether events are missing, so that nothing is certain any more.
    is_incomplete: bool,
    tracks: Vec<WorkerTrack>,
    flows: Vec<ResourceFlow>,
    /// By worker: its life, if other workers spawn or join it.
    life_by_worker: Vec<Option<ResourceId>>,
    /// The number of pending steps of all workers.
    pending_count: usize,
    orders: LockOrders,
}

impl HappensBefore {
    pub(super) fn new(registry: &Registry) -> Self {
        let is_enabled = registry.is_open || registry.locks().nth(1).is_some();
        let monitors: BTreeSet<ResourceId> = registry
            .resources
            .iter()
            .filter_map(|info| if let ResourceKind::Condition { mutex } = info.kind { Some(mutex) } else { None })
            .collect();
        let flow = |(i, kind): (usize, &ResourceKind)| ResourceFlow::of(kind, monitors.contains(&ResourceId::from(i)));
        let kinds = registry.resources.iter().map(|info| &info.kind).enumerate();
        let mut lives = vec![None; registry.workers.len()];
        for (id, worker) in registry.lives() {
            if let Some(life) = lives.get_mut(worker.index()) {
                *life = Some(id);
            }
        }
        let mut happens = Self {
            is_enabled,
            is_incomplete: false,
            tracks: if is_enabled { vec![WorkerTrack::default(); registry.workers.len()] } else { Vec::new() },
            flows: if is_enabled { kinds.map(flow).collect() } else { Vec::new() },
            life_by_worker: lives,
            pending_count: 0,
            orders: LockOrders::default(),
        };
        if registry.workers.len() > MAX_WORKERS {
            happens.mark_incomplete();
        }
        happens
    }

    /// Adds a worker of an open registry.
    pub(super) fn add_worker(&mut self, worker: WorkerId) {
        if worker.index() >= MAX_WORKERS {
            self.mark_incomplete();
        }
        if self.is_enabled && !self.is_incomplete && worker.index() >= self.tracks.len() {
            self.tracks.resize(worker.index() + 1, WorkerTrack::default());
        }
    }

    /// Adds a resource of an open registry.
    pub(super) fn add_resource(&mut self, id: ResourceId, kind: &ResourceKind) {
        if id.index() >= MAX_RESOURCES {
            self.mark_incomplete();
        }
        if let ResourceKind::Life { worker } = kind
            && worker.index() < MAX_WORKERS
        {
            if self.life_by_worker.len() <= worker.index() {
                self.life_by_worker.resize(worker.index() + 1, None);
            }
            self.life_by_worker[worker.index()] = Some(id);
        }
        if !self.is_enabled || self.is_incomplete {
            return;
        }
        if id.index() >= self.flows.len() {
            self.flows.resize(id.index() + 1, ResourceFlow::None);
        }
        if let ResourceKind::Condition { mutex } = kind
            && let Some(flow) = self.flows.get_mut(mutex.index()).filter(|flow| matches!(flow, ResourceFlow::None))
        {
            *flow = ResourceFlow::MutexTurns { next: NumberedItems::default(), held: Vec::new() };
        }
        self.flows[id.index()] = ResourceFlow::of(kind, false);
    }

    /// Forgets a worker that is gone, unless steps of it still wait for others.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        if let Some(track) = self.tracks.get_mut(worker.index()).filter(|track| track.pending_steps.is_empty()) {
            *track = WorkerTrack::default();
        }
    }

    /// Forgets a resource that is gone.
    pub(super) fn forget_resource(&mut self, id: ResourceId) {
        if let Some(flow) = self.flows.get_mut(id.index()) {
            *flow = ResourceFlow::None;
        }
        self.orders.forget_lock(id);
    }

    /// Applies an event of a worker.
    #[inline]
    pub(super) fn apply_event(&mut self, worker: WorkerId, kind: &EventKind) {
        if self.is_enabled
            && !self.is_incomplete
            && let Some(step) = OrderStep::from_event(kind)
            && self.is_ordering_event(kind)
        {
            if let EventKind::Woken { on, .. } = kind {
                self.add_step(worker, OrderStep::LateArrival(*on));
            }
            self.add_step(worker, step);
        }
    }

    /// Records that `worker` took `lock` while it held all of `held`, and would have waited for it without a limit.
    pub(super) fn record_nested_acquire(
        &mut self,
        worker: WorkerId,
        lock: ResourceId,
        held: Vec<ResourceId>,
        at: Stamp,
    ) {
        if self.is_incomplete || !self.is_enabled {
            self.orders.record_nested_acquire(worker, lock, &held, (at, 0), |_, _| false);
        } else {
            self.add_step(worker, OrderStep::Nested { lock, held, at });
        }
    }

    /// Begins a life of the worker.
    pub(super) fn begin_life(&mut self, worker: WorkerId) {
        if self.is_enabled && !self.is_incomplete {
            self.add_step(worker, OrderStep::Begin);
        }
    }

    /// Ends the worker's life, whether the worker itself or another one reported it.
    pub(super) fn end_life(&mut self, worker: WorkerId) {
        if self.is_enabled && !self.is_incomplete {
            self.add_step(worker, OrderStep::End);
        }
    }

    /// Records that events were lost: from here on nothing is certain.
    pub(super) fn mark_incomplete(&mut self) {
        if !self.is_enabled || std::mem::replace(&mut self.is_incomplete, true) {
            return;
        }
        self.orders.mark_uncertain();
        for w in 0..self.tracks.len() {
            for step in std::mem::take(&mut self.tracks[w]).pending_steps {
                if let OrderStep::Nested { lock, held, at } = step {
                    self.orders.record_nested_acquire(WorkerId::from(w), lock, &held, (at, 0), |_, _| false);
                }
            }
        }
        (self.tracks, self.flows, self.pending_count) = (Vec::new(), Vec::new(), 0);
    }

    /// Forgets the orders of former settings, which say nothing about the present ones.
    pub(super) fn forget_orders(&mut self) {
        self.orders.forget_orders();
    }

    /// Returns the pairs of locks that different workers took in both orders while nothing kept them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = OrderHazard> + '_ {
        self.orders.hazards()
    }

    /// Whether the event passes order between workers. Checks the most frequent events, which usually do not.
    fn is_ordering_event(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Acquired { lock, .. } | EventKind::Released { lock, .. } => {
                matches!(
                    self.flows.get(lock.index()),
                    Some(ResourceFlow::MutexTurns { .. } | ResourceFlow::Posts { .. })
                )
            }
            EventKind::Blocked { on: Some(on), .. }
            | EventKind::TimedAttempt { lock: on }
            | EventKind::WaitTimedOut { lock: on }
            | EventKind::WaitCancelled { on } => {
                matches!(self.flows.get(on.index()), Some(ResourceFlow::Barrier(_)))
            }
            _ => true,
        }
    }

    #[inline]
    fn add_step(&mut self, worker: WorkerId, step: OrderStep) {
        let Some(track) = self.tracks.get_mut(worker.index()) else { return };
        let mut blocked_on = track.blocked_on;
        if blocked_on.is_none() {
            match self.try_step(worker, &step) {
                Ok(supplied) => return supplied.into_iter().for_each(|on| self.wake_blocked(on)),
                Err(on) => blocked_on = Some(on),
            }
        }
        let Some(track) = self.tracks.get_mut(worker.index()) else { return };
        track.blocked_on = blocked_on;
        track.pending_steps.push_back(step);
        self.pending_count += 1;
        if self.pending_count > MAX_PENDING_STEPS {
            self.mark_incomplete();
        }
    }

    /// Retries the steps that wait for this resource, and those that wait for what these steps supply in turn.
    fn wake_blocked(&mut self, on: ResourceId) {
        let mut supplied = vec![on];
        while let Some(on) = supplied.pop() {
            for w in 0..self.tracks.len() {
                // A retried step can mark the order incomplete, which drops all tracks.
                if self.tracks.get(w).is_some_and(|track| track.blocked_on == Some(on)) {
                    self.run_pending(WorkerId::from(w), &mut supplied);
                }
            }
        }
    }

    fn run_pending(&mut self, worker: WorkerId, supplied: &mut Vec<ResourceId>) {
        let w = worker.index();
        self.tracks[w].blocked_on = None;
        while let Some(step) = self.tracks.get_mut(w).and_then(|track| track.pending_steps.pop_front()) {
            match self.try_step(worker, &step) {
                Ok(resource) => {
                    self.pending_count = self.pending_count.saturating_sub(1);
                    supplied.extend(resource);
                }
                Err(on) => {
                    if let Some(track) = self.tracks.get_mut(w) {
                        track.pending_steps.push_front(step);
                        track.blocked_on = Some(on);
                    }
                    return;
                }
            }
        }
    }

    /// Returns the approximate heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let tracks: usize = self.tracks.iter().map(|track| size_of::<WorkerTrack>() + track.clock.heap_bytes()).sum();
        let flows: usize = self
            .flows
            .iter()
            .map(|flow| size_of::<ResourceFlow>() + flow.len() * 2 * size_of::<(u64, VectorClock)>())
            .sum();
        self.orders.heap_bytes() + tracks + flows + self.pending_count * 2 * size_of::<OrderStep>()
    }
}
