//! Locks that dead workers hold and will never release.
//!
//! All events of a dead worker are known: what it holds by them it held when it died, and will never release. A worker
//! that waits for such a lock, and whose turn comes after the dead holder's, never gets it. The worker's next life does
//! not hold it. Mutexes of processes are different: the system releases them.

use super::Model;
use crate::lock::LockRequest;
use crate::{Lock, LockCapacity, ResourceState};
use contend_trace::{Evidence, Grant, ResourceId, ResourceKind, RwPolicy, Stamp, WorkerId};

impl Model {
    /// Whether a worker is dead and all its events have arrived.
    pub(crate) fn is_certainly_dead(&self, w: WorkerId) -> bool {
        self.is_dead(w) && self.is_certainly_absent(w)
    }

    /// Whether a worker is in no life and all its events have arrived.
    pub(super) fn is_certainly_absent(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        let is_complete = lane.dead_since().is_none_or(|at| self.complete_until.is_some_and(|through| at < through));
        !lane.is_alive() && is_complete
    }

    /// Whether a dead worker's hold of a lock lasts: the system does not release it.
    fn can_be_orphaned(&self, lock: ResourceId) -> bool {
        !self.is_robust_lock(lock)
    }

    /// Whether a dead worker's hold of a lock certainly lasts forever: its grants are numbered.
    fn is_certainly_orphaned(&self, lock: ResourceId) -> bool {
        self.can_be_orphaned(lock) && self.registry.evidence(lock) == Evidence::Numbered
    }

    /// Whether a dead worker holds a lock, or died while it waited for an rwlock.
    pub(super) fn has_orphaned_holds(&self) -> bool {
        let died =
            |lane: &crate::Lane| !lane.is_alive() && (!lane.held_locks().is_empty() || lane.lock_wait().is_some());
        let kept = |res: &ResourceState| matches!(res, ResourceState::Lock(lock) if lock.has_former_holds());
        self.lanes.entries().any(|(_, lane)| died(lane)) || self.resources.entries().any(|(_, resource)| kept(resource))
    }

    /// Workers that died with a lock which the system does not release, with the time, in order. The last events of a
    /// worker whose death was only noticed may not have arrived yet.
    pub fn orphaned_holds(&self, id: ResourceId) -> Vec<(WorkerId, Stamp)> {
        let Some(ResourceState::Lock(lock)) = self.resources.get(id.index()).filter(|_| self.can_be_orphaned(id))
        else {
            return Vec::new();
        };
        let since =
            |(w, _): (WorkerId, Grant)| (w, lock.dead_hold_end(w).unwrap_or(self.lanes[w.index()].activity().since));
        let mut lost: Vec<(WorkerId, Stamp)> = self.orphaned_hold_iter(id, lock, Self::is_dead).map(since).collect();
        lost.sort_unstable_by_key(|(w, since)| (*since, *w));
        lost.dedup_by_key(|(w, _)| *w);
        lost
    }

    /// How many times a dead worker holds a lock: for a semaphore, the number of lost permits.
    pub fn orphaned_count(&self, id: ResourceId) -> usize {
        self.lock(id)
            .filter(|_| self.can_be_orphaned(id))
            .map_or(0, |lock| self.orphaned_hold_iter(id, lock, Self::is_dead).count())
    }

    fn is_dead(&self, w: WorkerId) -> bool {
        self.lanes[w.index()].life_count() > 0 && !self.lanes[w.index()].is_alive()
    }

    /// Holds of former lives, and of `dead` workers.
    fn orphaned_hold_iter<'a>(
        &'a self,
        id: ResourceId,
        lock: &'a Lock,
        dead: impl Fn(&Self, WorkerId) -> bool + 'a,
    ) -> impl Iterator<Item = (WorkerId, Grant)> + 'a {
        let of_dead = move |(w, grant): &(WorkerId, Grant)| {
            dead(self, *w) && self.lanes[w.index()].held_locks().contains(&(id, *grant))
        };
        let stands =
            move |(_, grant): &(WorkerId, Grant)| lock.capacity() != LockCapacity::Exclusive || lock.is_newest(*grant);
        lock.certain_holds().filter(of_dead).chain(lock.former_holds()).filter(stands)
    }

    /// Whether a worker waits for a mutex or an rwlock that it can never get, because a dead worker holds it.
    pub(super) fn is_blocked_by_orphan(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        let Some(id) = lane.activity.resource.filter(|id| self.is_certainly_orphaned(*id)) else { return false };
        let Some(ResourceState::Lock(lock)) = self.resources.get(id.index()) else { return false };
        let asks = lane.lock_request();
        let reads = matches!(asks, LockRequest::Read { .. });
        let blocks =
            |(_, grant): &(WorkerId, Grant)| !(reads && grant.is_shared()) && lock.is_before_next_grant(w, *grant);
        match lock.capacity() {
            LockCapacity::Permits { .. } => false,
            LockCapacity::Exclusive => {
                self.orphaned_hold_iter(id, lock, Self::is_certainly_dead).any(|hold| blocks(&hold))
            }
            LockCapacity::ReadersWriter => {
                self.orphaned_hold_iter(id, lock, Self::is_certainly_dead).any(|hold| blocks(&hold))
                    || self.is_behind_dead_waiter(id, lock, asks)
                    || reads
                        && self
                            .writers_ahead(lock, asks)
                            .any(|writer| !self.registry.is_cancellable(writer) && self.is_blocked_by_orphan(writer))
            }
        }
    }

    /// Whether a request for an rwlock is queued behind workers that died waiting: the rwlock still counts them.
    fn is_behind_dead_waiter(&self, id: ResourceId, lock: &Lock, asks: LockRequest) -> bool {
        let kind = self.registry.resource(id).map(|resource| &resource.kind);
        let in_order = matches!(kind, Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }));
        let dead =
            lock.dead_waiters().filter(|w| self.is_certainly_dead(*w)).map(|w| self.lanes[w.index()].lock_request());
        lock.is_blocked_by_dead(asks, in_order, dead)
    }

    /// Records that a worker died while it waited for an rwlock, which still counts it.
    pub(crate) fn record_dead_rwlock_wait(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let (waits, asks) = (lane.lock_wait().is_some(), lane.lock_request());
        if let Some(ResourceState::Lock(lock)) =
            lane.activity.resource.filter(|_| waits).and_then(|on| self.resources.get_mut(on.index()))
        {
            lock.record_dead_request(asks);
        }
    }
}
