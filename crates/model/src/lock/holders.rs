//! Who has a lock, and how many can.

use super::{Lock, OpenHold};
use crate::Model;
use crate::lane::LockRequest;
use contend_trace::{Grant, ResourceId, ResourceKind, Stamp, WorkerId};

/// How many can have a lock at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockCapacity {
    Exclusive,
    /// So many at once; `scoped`: whoever takes one gives it back, so that its holders are known.
    Permits {
        permits: u32,
        scoped: bool,
    },
    /// Readers together, or one writer.
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
    /// Who has it alone now, since when. A dead worker still has what it did not give back.
    pub fn owner(&self) -> Option<(WorkerId, Stamp)> {
        self.open_owner().map(|open| (open.worker, open.from))
    }

    /// All who have it now, since when, in the order they got it: one line for each permit.
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

    /// All who had it at `t`, since when, in the order they got it, as far back as exact holds are kept; from `now` on those
    /// that have it now.
    pub fn holders_at(&self, t: Stamp, now: Stamp) -> Vec<(WorkerId, Stamp)> {
        if t >= now {
            return self.holders();
        }
        self.held_at(t, now).iter().map(|(_, worker, since)| (*worker, *since)).collect()
    }

    /// Who had it alone at `t`, as far back as exact holds are kept.
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
        let over = self.exact_holds.iter().map(|hold| (hold.grant, hold.worker, hold.from, hold.to));
        let open =
            self.open_holds.iter().map(|open| (open.grant, open.worker, open.from, self.open_hold_end(open, now)));
        let then = over.chain(open).filter(|(.., from, to)| (*from..*to).contains(&t));
        let mut held: Vec<_> = then.map(|(grant, worker, from, _)| (grant, worker, from)).collect();
        held.sort_by_key(|(grant, worker, _)| (grant.number(), *worker));
        if self.capacity == LockCapacity::Exclusive {
            held.drain(..held.len().saturating_sub(1)); // stamps of two threads: the later grant counts
        }
        held
    }

    /// Holds that may not be over, with their grants, and of no holder that events were lost of.
    pub(crate) fn certain_holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open_holds.iter().filter(|open| !open.is_uncertain).map(|open| (open.worker, open.grant))
    }

    /// Holds that their holders' next lives have not got: they never end.
    pub(crate) fn former_holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open_holds
            .iter()
            .filter(|open| open.is_former_life && !open.is_uncertain)
            .map(|open| (open.worker, open.grant))
    }

    /// Whether a former life of some worker holds it, or died waiting for it.
    pub(crate) fn has_former_holds(&self) -> bool {
        !self.dead_requests.is_empty() || self.open_holds.iter().any(|open| open.is_former_life)
    }

    /// When a dead worker's hold was left, if it is known.
    pub(crate) fn dead_hold_end(&self, worker: WorkerId) -> Option<Stamp> {
        self.open_holds.iter().filter(|open| open.worker == worker).find_map(|open| open.died_at)
    }

    /// Whether this grant is the newest known.
    pub(crate) fn is_newest(&self, grant: Grant) -> bool {
        self.newest_grant == grant
    }

    /// How many permits are missing for one that wants so many, as far as is certain. Those that others are known to have
    /// taken, without a gap from the first on, were taken before it gets any.
    pub(crate) fn missing_permits(&self, wanted: u32) -> u64 {
        let LockCapacity::Permits { permits, .. } = self.capacity else { return 0 };
        let given = u64::from(permits).saturating_add(self.posts).saturating_add(self.returned);
        (self.grants.contiguous_end().saturating_add(wanted.into())).saturating_sub(given)
    }

    /// A worker that asked so for an rwlock died before it had it.
    pub(crate) fn record_dead_request(&mut self, asks: LockRequest) {
        self.dead_requests.add(asks);
    }

    /// Whether one that asks so never comes in, since workers that died are before it: former lives, or `dead` that asked
    /// like this.
    pub(crate) fn is_blocked_by_dead(
        &self,
        asks: LockRequest,
        in_order: bool,
        dead: impl Iterator<Item = LockRequest>,
    ) -> bool {
        let mut ghosts = self.dead_requests;
        dead.for_each(|asks| ghosts.add(asks));
        ghosts.is_blocking(asks, in_order)
    }

    /// Those that died waiting and have not begun another life.
    pub(crate) fn dead_waiters(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.waiters.iter().filter(|waiter| waiter.died_at.is_some()).map(|waiter| waiter.worker)
    }

    /// Whether a worker that waits for it now gets a later grant than this one, and not an earlier one that has not been told
    /// yet.
    pub(crate) fn is_before_next_grant(&self, worker: WorkerId, grant: Grant) -> bool {
        let own = self.last_grant_of(worker).number();
        grant.number() <= own || self.grants.contains_range(own, grant.number())
    }

    /// Who has the newest grant seen, if that hold is not over and no events of the holder were lost.
    pub(crate) fn certain_newest_hold(&self) -> Option<(WorkerId, Grant)> {
        self.open_owner().map(|open| (open.worker, open.grant))
    }

    fn open_owner(&self) -> Option<&OpenHold> {
        // Two with one grant cannot be; if they are, the order of arrival must not matter.
        let alone = |open: &&OpenHold| match self.capacity {
            LockCapacity::Exclusive => true,
            LockCapacity::Permits { .. } => false,
            LockCapacity::ReadersWriter => !open.grant.is_shared(),
        };
        let newest = |open: &&OpenHold| open.grant == self.newest_grant && !open.is_uncertain;
        self.open_holds.iter().filter(newest).filter(alone).min_by_key(|open| open.worker)
    }
}

impl Model {
    /// How many wait for an rwlock to write.
    pub fn writers_waiting(&self, id: ResourceId) -> usize {
        let writes = |(worker, _): &(WorkerId, Stamp)| {
            let asks = self.lanes.get(worker.index()).map(|lane| lane.lock_request);
            matches!(asks, Some((Some(lock), LockRequest::Write { .. })) if lock == id)
        };
        self.lock(id).map_or(0, |lock| lock.waiters().iter().filter(|waiter| writes(waiter)).count())
    }
}
