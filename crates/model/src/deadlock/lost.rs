//! Locks that dead workers hold, and never give back.
//!
//! All events of a dead worker are known: what it holds by them it held when it died, and none can be given back. Whoever
//! waits for such a lock, and gets it later than the dead worker had it, never does. A next life of the worker has nothing of
//! it. Mutexes of processes are different: those the system gives back.

use super::Model;
use crate::lane::Asks;
use crate::{Lock, Res, Room};
use contend_trace::{Grant, ResourceId, ResourceKind, RwPolicy, Stamp, WorkerId};

impl Model {
    /// Whether a worker is dead, and all that it told before is known.
    pub(crate) fn is_certainly_dead(&self, w: WorkerId) -> bool {
        self.is_dead(w) && self.is_certainly_out(w)
    }

    /// Whether a worker is in no life, and all that it told before is known.
    pub(super) fn is_certainly_out(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        let told = lane.dead_since().is_none_or(|at| self.through.is_some_and(|through| at < through));
        !lane.is_alive() && told
    }

    /// Whether a dead worker holds a lock that stays lost, or some died waiting for an rwlock.
    pub(super) fn has_lost_holds(&self) -> bool {
        let died = |lane: &crate::Lane| !lane.is_alive() && (!lane.held().is_empty() || lane.waits_since.is_some());
        let kept = |res: &Res| matches!(res, Res::Lock(lock) if lock.has_former());
        self.lanes.iter().any(died) || self.resources.iter().any(kept)
    }

    /// Those that died with a lock that nobody returns, since when, in order. Of one whose death was only noticed the last
    /// events may still be on their way.
    pub fn lost_holds(&self, id: ResourceId) -> Vec<(WorkerId, Stamp)> {
        let Some(Res::Lock(lock)) = self.resources.get(id.index()).filter(|_| !self.recovers(id)) else {
            return Vec::new();
        };
        let since = |(w, _): (WorkerId, Grant)| (w, lock.hold_ended(w).unwrap_or(self.lanes[w.index()].doing().since));
        let mut lost: Vec<(WorkerId, Stamp)> = self.lost(id, lock, Self::is_dead).map(since).collect();
        lost.sort_unstable_by_key(|(w, since)| (*since, *w));
        lost.dedup_by_key(|(w, _)| *w);
        lost
    }

    /// How many times a lock is lost: for a semaphore, how many permits.
    pub fn lost_count(&self, id: ResourceId) -> usize {
        self.lock(id).filter(|_| !self.recovers(id)).map_or(0, |lock| self.lost(id, lock, Self::is_dead).count())
    }

    fn is_dead(&self, w: WorkerId) -> bool {
        self.lanes[w.index()].lives() > 0 && !self.lanes[w.index()].is_alive()
    }

    /// Holds of former lives, and of `dead` workers.
    fn lost<'a>(
        &'a self,
        id: ResourceId,
        lock: &'a Lock,
        dead: impl Fn(&Self, WorkerId) -> bool + 'a,
    ) -> impl Iterator<Item = (WorkerId, Grant)> + 'a {
        let of_dead = move |(w, grant): &(WorkerId, Grant)| {
            dead(self, *w) && self.lanes[w.index()].held().contains(&(id, *grant))
        };
        let stands = move |(_, grant): &(WorkerId, Grant)| lock.room() != Room::One || lock.is_newest(*grant);
        lock.holds().filter(of_dead).chain(lock.former_holds()).filter(stands)
    }

    /// Whether a worker waits for a mutex or an rwlock that is lost to it.
    pub(super) fn lost_hold_for(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        let Some(id) = lane.doing.on.filter(|id| !self.recovers(*id)) else { return false };
        let Some(Res::Lock(lock)) = self.resources.get(id.index()) else { return false };
        let asks = lane.asks.1;
        let reads = matches!(asks, Asks::Read { .. });
        let against =
            |(_, grant): &(WorkerId, Grant)| !(reads && grant.is_shared()) && lock.is_before_next_of(w, *grant);
        match lock.room() {
            Room::Permits { .. } => false,
            Room::One => self.lost(id, lock, Self::is_certainly_dead).any(|hold| against(&hold)),
            Room::Readers => {
                self.lost(id, lock, Self::is_certainly_dead).any(|hold| against(&hold))
                    || self.is_behind_the_dead(id, lock, asks)
                    || reads && self.ahead(lock, asks).any(|writer| self.lost_hold_for(writer))
            }
        }
    }

    /// Whether one that asks so for an rwlock waits behind some that died waiting: the rwlock goes on counting them.
    fn is_behind_the_dead(&self, id: ResourceId, lock: &Lock, asks: Asks) -> bool {
        let kind = self.cast.resource(id).map(|resource| &resource.kind);
        let in_order = matches!(kind, Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }));
        let dead = lock.dead_waiters().filter(|w| self.is_certainly_dead(*w)).map(|w| self.lanes[w.index()].asks.1);
        lock.keeps_out(asks, in_order, dead)
    }

    /// The worker's life ends, or another begins: if it waited for an rwlock, that goes on counting it.
    pub(crate) fn haunt(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let (waits, asks) = (lane.waits_since.is_some(), lane.asks.1);
        if let Some(Res::Lock(lock)) = lane.doing.on.filter(|_| waits).and_then(|on| self.resources.get_mut(on.index()))
        {
            lock.haunt(asks);
        }
    }
}
