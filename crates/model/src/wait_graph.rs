//! The wait-for graph: which workers wait for which others.

use super::lane::{Lane, Wait};
use super::lock::LockRequest;
use super::{Lock, LockCapacity, Model, ResourceState};
use contend_trace::{Evidence, Grant, ResourceId, Stamp, WorkerId};

/// One worker waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitEdge {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    pub lock: ResourceId,
    /// Whether the wait ends by itself.
    pub is_timed: bool,
    pub evidence: Evidence,
}

/// The wait-for graph at one moment, edges in order of the waiter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitForGraph {
    pub edges: Vec<WaitEdge>,
}

/// The workers that one worker waits for, and how many of these edges must go before it can continue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Blockers {
    pub edges: Vec<WaitEdge>,
    pub required: usize,
}

/// Workers that hold a lock against a waiter, and how many of them must release it.
struct Holders {
    workers: Vec<WorkerId>,
    required: usize,
}

impl Model {
    /// Returns the certain edges of the wait-for graph now.
    pub fn wait_for_graph(&self) -> WaitForGraph {
        let ids = self.lanes.entries().map(|(worker, _)| WorkerId::from(worker));
        WaitForGraph { edges: ids.flat_map(|waiter| self.blockers(waiter).edges).collect() }
    }

    /// Returns the workers that a worker waits for, as far as that is certain.
    ///
    /// The waiter's last event is its wait, and none of its events since is missing. A holder is certain if its own
    /// stream tells that it holds the lock with grant k, and k is known to come before the waiter's next grant.
    ///
    /// Why a set of workers that all wait for what only others of the set can release is a deadlock: suppose that some
    /// of them continue after all, and let the first of these get its lock with grant g. Everything it waits for was
    /// granted before g, and each of those holders goes on later than it, so none of them has released anything: it
    /// cannot have got its lock. A contradiction. This needs no clock and no order of arrival between workers; lost
    /// events can hide an edge but never make one.
    ///
    /// That k comes before g is known in one of two ways:
    ///
    /// - A slot snapshot found both workers in their present states at one common moment. While the one held the lock
    ///   the other had not gone on. This needs no event but these two, and works when others were lost.
    /// - Every grant after the waiter's own last one, up to k, has been seen in some worker's stream. g is the waiter's
    ///   own grant, and the waiter's last known event is the wait, so g is none of these.
    pub(super) fn blockers(&self, waiter: WorkerId) -> Blockers {
        if !self.looks.is_empty() {
            let observed = self.observed_blockers(waiter);
            if !observed.edges.is_empty() {
                return observed;
            }
        }
        let Some(lane) = self.lanes.get(waiter.index()).filter(|lane| lane.is_alive()) else {
            return Blockers::default();
        };
        let Some(id) = lane.activity.resource else { return Blockers::default() };
        match (lane.wait, self.resources.get(id.index())) {
            (Some(Wait::Lock(_)), _) if self.registry.evidence(id) == Evidence::Observed => Blockers::default(),
            (Some(Wait::Lock(wait)), Some(ResourceState::Lock(lock))) if wait.can_deadlock() || wait.is_timed => {
                let Holders { workers, required } = self.holders_against(waiter, id, lock, wait.request);
                let edge = |holder| WaitEdge {
                    waiter,
                    holder,
                    lock: id,
                    is_timed: wait.is_timed,
                    evidence: Evidence::Numbered,
                };
                Blockers { edges: workers.into_iter().map(edge).collect(), required }
            }
            (Some(Wait::Join(wait)), Some(ResourceState::Life(life))) if wait.are_holds_known => {
                self.join_blockers(waiter, id, life.worker(), wait.life)
            }
            _ => Blockers::default(),
        }
    }

    /// Returns the workers that hold a lock against a waiter with this request.
    fn holders_against(&self, waiter: WorkerId, id: ResourceId, lock: &Lock, request: LockRequest) -> Holders {
        let is_blocking = |hold: &(WorkerId, Grant)| self.is_blocking_hold(*hold, id, waiter, lock);
        match (lock.capacity(), request) {
            (LockCapacity::Exclusive, _) => Holders::all(lock.certain_newest_hold().into_iter().filter(is_blocking)),
            (LockCapacity::Permits { permits, scoped: true }, request) => {
                let wanted = if let LockRequest::Many(wanted) = request { wanted } else { 1 };
                let holders = Holders::all(lock.certain_holds().filter(is_blocking));
                // Permits without a known holder may be free.
                let missing = (holders.required + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { Holders { required: missing, ..holders } } else { Holders::none() }
            }
            (LockCapacity::Permits { .. }, _) => Holders::none(),
            (LockCapacity::ReadersWriter, LockRequest::Read { .. }) => {
                let writers = lock.certain_holds().filter(|(_, grant)| !grant.is_shared());
                let mut workers = Holders::all(writers.filter(is_blocking)).workers;
                let ahead = self.writers_ahead(lock, request).filter(|writer| !self.registry.is_cancellable(*writer));
                workers.extend(ahead.flat_map(|writer| self.blockers(writer).edges).map(|edge| edge.holder));
                workers.sort_unstable();
                workers.dedup();
                Holders { required: workers.len(), workers }
            }
            (LockCapacity::ReadersWriter, _) => Holders::all(lock.certain_holds().filter(is_blocking)),
        }
    }

    /// Returns the edge from a worker that joins `holder` in its life `nth`, if `holder` is certainly in that very
    /// life: the life ends only when `holder` goes on.
    pub(super) fn join_blockers(&self, waiter: WorkerId, id: ResourceId, holder: WorkerId, nth: u64) -> Blockers {
        let is_in_joined_life = |lane: &&Lane| {
            let is_known = lane.lost_events() == 0 && u64::from(lane.life_count()) == nth;
            lane.is_alive() && (is_known || lane.slot_life == nth && self.is_same_snapshot(waiter, holder))
        };
        match self.lanes.get(holder.index()).filter(is_in_joined_life) {
            Some(_) => {
                let edge = WaitEdge { waiter, holder, lock: id, is_timed: false, evidence: Evidence::Numbered };
                Blockers { edges: vec![edge], required: 1 }
            }
            None => Blockers::default(),
        }
    }

    /// Returns the writers that wait for an rwlock without a limit and that a reader with this request cannot overtake.
    /// The reader goes on later than such a writer. So it also waits for everything that the writer waits for, unless
    /// another worker may cancel the writer.
    pub(super) fn writers_ahead(&self, lock: &Lock, reader: LockRequest) -> impl Iterator<Item = WorkerId> {
        let waiters = lock.waiters().into_iter().map(|(worker, _)| worker);
        waiters.filter(move |w| reader.is_behind(self.lanes[w.index()].lock_request()) && self.has_unlimited_wait(*w))
    }

    /// Whether a hold is certain and comes before the waiter's next grant.
    fn is_blocking_hold(&self, hold: (WorkerId, Grant), id: ResourceId, waiter: WorkerId, lock: &Lock) -> bool {
        let (holder, grant) = hold;
        let holds = self.lanes[holder.index()].held_locks().contains(&(id, grant));
        holds && (lock.is_before_next_grant(waiter, grant) || self.is_same_snapshot(waiter, holder))
    }

    /// Whether a worker waits for a lock or a join without a limit, as far as its own events tell.
    pub(super) fn has_unlimited_wait(&self, worker: WorkerId) -> bool {
        self.lanes.get(worker.index()).is_some_and(|lane| lane.can_deadlock() && lane.is_alive())
    }

    /// Returns how many workers wait for an rwlock to write.
    pub fn writers_waiting(&self, id: ResourceId) -> usize {
        let is_writer = |(worker, _): &(WorkerId, Stamp)| {
            let lane = self.lanes.get(worker.index());
            matches!(lane.map(Lane::lock_request), Some(LockRequest::Write { .. }))
        };
        self.lock(id).map_or(0, |lock| lock.waiters().iter().filter(|waiter| is_writer(waiter)).count())
    }
}

impl Holders {
    fn none() -> Self {
        Self { workers: Vec::new(), required: 0 }
    }

    /// Returns the holders of holds that must all be released.
    fn all(holds: impl Iterator<Item = (WorkerId, Grant)>) -> Self {
        let mut workers: Vec<WorkerId> = holds.map(|(worker, _)| worker).collect();
        workers.sort_unstable(); // the result must not depend on the order of arrival
        Self { required: workers.len(), workers }
    }
}
