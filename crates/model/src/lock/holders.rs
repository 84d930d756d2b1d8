//! The holders of a lock, and how many it can have at once.

use super::{Lock, LockRequest, OpenHold};
use contend_trace::{Grant, ResourceKind, Stamp, WorkerId};

/// How many workers can hold a lock at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockCapacity {
    Exclusive,
    /// As many as there are permits. `scoped`: the worker that takes a permit also returns it, so that holders are
    /// known.
    Permits {
        permits: u32,
        scoped: bool,
    },
    /// Any number of readers, or one writer.
    ReadersWriter,
}

impl LockCapacity {
    pub(crate) fn of(kind: &ResourceKind) -> Self {
        match kind {
            ResourceKind::Semaphore { permits, scoped } => Self::Permits { permits: *permits, scoped: *scoped },
            ResourceKind::Rwlock { .. } => Self::ReadersWriter,
            _ => Self::Exclusive,
        }
    }
}

impl Lock {
    /// Returns the worker that holds the lock exclusively now, and since when. A dead worker still owns a lock that it
    /// did not release.
    pub fn owner(&self) -> Option<(WorkerId, Stamp)> {
        self.open_owner().map(|open| (open.worker, open.from))
    }

    /// Returns all holders now, and since when, in the order of their grants: one entry for each permit.
    pub fn holders(&self) -> Vec<(WorkerId, Stamp)> {
        let mut holders: Vec<&OpenHold> = match self.capacity {
            LockCapacity::Exclusive => self.open_owner().into_iter().collect(),
            LockCapacity::Permits { .. } | LockCapacity::ReadersWriter => {
                self.open_holds.iter().filter(|open| !open.is_uncertain).collect()
            }
        };
        holders.sort_by_key(|open| (open.grant.number(), open.worker));
        holders.iter().map(|open| (open.worker, open.from)).collect()
    }

    /// Returns all holders at `t`, and since when, in the order of their grants, as far back as exact holds are kept.
    /// From `now` on these are the present holders.
    pub fn holders_at(&self, t: Stamp, now: Stamp) -> Vec<(WorkerId, Stamp)> {
        if t >= now {
            return self.holders();
        }
        self.held_at(t, now).iter().map(|(_, worker, since)| (*worker, *since)).collect()
    }

    /// Returns the worker that held the lock exclusively at `t`, as far back as exact holds are kept.
    pub fn owner_at(&self, t: Stamp, now: Stamp) -> Option<WorkerId> {
        if t >= now {
            return self.owner().map(|(worker, _)| worker);
        }
        let held = self.held_at(t, now);
        match (self.capacity, held.as_slice()) {
            (LockCapacity::Exclusive, [.., (_, worker, _)]) => Some(*worker),
            (LockCapacity::ReadersWriter, [.., (grant, worker, _)]) if !grant.is_shared() => Some(*worker),
            _ => None,
        }
    }

    fn held_at(&self, t: Stamp, now: Stamp) -> Vec<(Grant, WorkerId, Stamp)> {
        let past = self.exact_holds.iter().map(|hold| (hold.grant, hold.worker, hold.from, hold.to));
        let open =
            self.open_holds.iter().map(|open| (open.grant, open.worker, open.from, self.open_hold_end(open, now)));
        let held = past.chain(open).filter(|(.., from, to)| (*from..*to).contains(&t));
        let mut held: Vec<_> = held.map(|(grant, worker, from, _)| (grant, worker, from)).collect();
        held.sort_by_key(|(grant, worker, _)| (grant.number(), *worker));
        if self.capacity == LockCapacity::Exclusive {
            held.drain(..held.len().saturating_sub(1)); // stamps of two threads can overlap: the later grant counts
        }
        held
    }

    /// Returns the holds that have not ended as far as is known, without those of workers whose events were lost.
    pub(crate) fn certain_holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open_holds.iter().filter(|open| !open.is_uncertain).map(|open| (open.worker, open.grant))
    }

    /// Returns the holds of former lives, which never end.
    pub(crate) fn former_holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open_holds
            .iter()
            .filter(|open| open.is_former_life && !open.is_uncertain)
            .map(|open| (open.worker, open.grant))
    }

    /// Whether a former life of a worker holds the lock, or died waiting for it.
    pub(crate) fn has_former_holds(&self) -> bool {
        !self.dead_requests.is_empty() || self.open_holds.iter().any(|open| open.is_former_life)
    }

    /// Returns when a dead worker left its hold behind, if that is known.
    pub(crate) fn dead_hold_end(&self, worker: WorkerId) -> Option<Stamp> {
        self.open_holds.iter().filter(|open| open.worker == worker).find_map(|open| open.died_at)
    }

    /// Whether this is the newest known grant.
    pub(crate) fn is_newest(&self, grant: Grant) -> bool {
        self.newest_grant == grant
    }

    /// Returns how many permits are certainly missing for a worker that wants this many. All permits that others are
    /// known to have taken, without a gap from the first on, were taken before it gets any.
    pub(crate) fn missing_permits(&self, wanted: u32) -> u64 {
        let LockCapacity::Permits { permits, .. } = self.capacity else { return 0 };
        let available = u64::from(permits).saturating_add(self.posts).saturating_add(self.returned);
        (self.grants.contiguous_end().saturating_add(wanted.into())).saturating_sub(available)
    }

    /// Records that a worker with this request for an rwlock died before it got it.
    pub(crate) fn record_dead_request(&mut self, request: LockRequest) {
        self.dead_requests.add(request);
    }

    /// Whether a worker with this request never gets the rwlock because dead workers are before it: those of former
    /// lives, or those with the requests `dead`.
    pub(crate) fn is_blocked_by_dead(
        &self,
        request: LockRequest,
        in_order: bool,
        dead: impl Iterator<Item = LockRequest>,
    ) -> bool {
        let mut requests = self.dead_requests;
        dead.for_each(|dead| requests.add(dead));
        requests.is_blocking(request, in_order)
    }

    /// Returns the workers that died waiting and have not begun another life.
    pub(crate) fn dead_waiters(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.waiters.iter().filter(|waiter| waiter.died_at.is_some()).map(|waiter| waiter.worker)
    }

    /// Whether a worker that waits now will certainly get a later grant than this one, and not an earlier grant whose
    /// event has not arrived yet.
    pub(crate) fn is_before_next_grant(&self, worker: WorkerId, grant: Grant) -> bool {
        let own = self.last_grant_of(worker).number();
        grant.number() <= own || self.grants.contains_range(own, grant.number())
    }

    /// Returns the exclusive holder with the newest known grant, if none of its events were lost.
    pub(crate) fn certain_newest_hold(&self) -> Option<(WorkerId, Grant)> {
        self.open_owner().map(|open| (open.worker, open.grant))
    }

    fn open_owner(&self) -> Option<&OpenHold> {
        // Two holders of one grant are impossible. If they occur, the result must not depend on the order of arrival.
        let is_exclusive = |open: &&OpenHold| match self.capacity {
            LockCapacity::Exclusive => true,
            LockCapacity::Permits { .. } => false,
            LockCapacity::ReadersWriter => !open.grant.is_shared(),
        };
        let is_newest = |open: &&OpenHold| open.grant == self.newest_grant && !open.is_uncertain;
        self.open_holds.iter().filter(is_newest).filter(is_exclusive).min_by_key(|open| open.worker)
    }
}
