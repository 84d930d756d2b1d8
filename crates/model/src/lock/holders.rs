//! Who has a lock, and how many can.

use super::{Lock, Open};
use crate::Model;
use crate::lane::Asks;
use contend_trace::{Grant, ResourceId, ResourceKind, Stamp, WorkerId};

/// How many can have a lock at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    One,
    /// So many at once; `scoped`: whoever takes one gives it back, so that its holders are known.
    Permits {
        permits: u32,
        scoped: bool,
    },
    /// Readers together, or one writer.
    Readers,
}

impl Room {
    pub(crate) fn of(kind: &ResourceKind) -> Self {
        match kind {
            ResourceKind::Semaphore { permits, scoped } => Self::Permits { permits: *permits, scoped: *scoped },
            ResourceKind::Rwlock { .. } => Self::Readers,
            _ => Self::One,
        }
    }
}

impl Lock {
    /// Who has it alone now, since when. A dead worker still has what it did not give back.
    pub fn owner(&self) -> Option<(WorkerId, Stamp)> {
        self.owning().map(|open| (open.worker, open.from))
    }

    /// All who have it now, since when, in the order they got it: one line for each permit.
    pub fn holders(&self) -> Vec<(WorkerId, Stamp)> {
        let mut holders: Vec<&Open> = match self.room {
            Room::One => self.owning().into_iter().collect(),
            Room::Permits { .. } | Room::Readers => self.open.iter().filter(|open| !open.doubtful).collect(),
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
        match (self.room, held.as_slice()) {
            (Room::One, [.., (_, worker, _)]) => Some(*worker),
            (Room::Readers, [.., (grant, worker, _)]) if !grant.is_shared() => Some(*worker),
            _ => None,
        }
    }

    fn held_at(&self, t: Stamp, now: Stamp) -> Vec<(Grant, WorkerId, Stamp)> {
        let over = self.exact.iter().map(|hold| (hold.grant, hold.worker, hold.from, hold.to));
        let open = self.open.iter().map(|open| (open.grant, open.worker, open.from, self.end_of(open, now)));
        let then = over.chain(open).filter(|(.., from, to)| (*from..*to).contains(&t));
        let mut held: Vec<_> = then.map(|(grant, worker, from, _)| (grant, worker, from)).collect();
        held.sort_by_key(|(grant, worker, _)| (grant.number(), *worker));
        if self.room == Room::One {
            held.drain(..held.len().saturating_sub(1)); // stamps of two threads: the later grant counts
        }
        held
    }

    /// Holds that may not be over, with their grants, and of no holder that events were lost of.
    pub(crate) fn holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open.iter().filter(|open| !open.doubtful).map(|open| (open.worker, open.grant))
    }

    /// Holds that their holders' next lives have not got: they never end.
    pub(crate) fn former_holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open.iter().filter(|open| open.former && !open.doubtful).map(|open| (open.worker, open.grant))
    }

    /// Whether a former life of some worker holds it, or died waiting for it.
    pub(crate) fn has_former(&self) -> bool {
        !self.ghosts.is_empty() || self.open.iter().any(|open| open.former)
    }

    /// When a dead worker's hold was left, if it is known.
    pub(crate) fn hold_ended(&self, worker: WorkerId) -> Option<Stamp> {
        self.open.iter().filter(|open| open.worker == worker).find_map(|open| open.until)
    }

    /// Whether this grant is the newest known.
    pub(crate) fn is_newest(&self, grant: Grant) -> bool {
        self.newest == grant
    }

    /// How many permits are missing for one that wants so many, as far as is certain. Those that others are known to have
    /// taken, without a gap from the first on, were taken before it gets any.
    pub(crate) fn missing(&self, wanted: u32) -> u64 {
        let Room::Permits { permits, .. } = self.room else { return 0 };
        let given = u64::from(permits).saturating_add(self.posted).saturating_add(self.returned);
        (self.seen.first_run().saturating_add(wanted.into())).saturating_sub(given)
    }

    /// A worker that asked so for an rwlock died before it had it.
    pub(crate) fn haunt(&mut self, asks: Asks) {
        self.ghosts.add(asks);
    }

    /// Whether one that asks so never comes in, since workers that died are before it: former lives, or `dead` that asked
    /// like this.
    pub(crate) fn keeps_out(&self, asks: Asks, in_order: bool, dead: impl Iterator<Item = Asks>) -> bool {
        let mut ghosts = self.ghosts;
        dead.for_each(|asks| ghosts.add(asks));
        ghosts.keep_out(asks, in_order)
    }

    /// Those that died waiting and have not begun another life.
    pub(crate) fn dead_waiters(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.waiters.iter().filter(|waiter| waiter.until.is_some()).map(|waiter| waiter.worker)
    }

    /// Whether a worker that waits for it now gets a later grant than this one, and not an earlier one that has not been told
    /// yet.
    pub(crate) fn is_before_next_of(&self, worker: WorkerId, grant: Grant) -> bool {
        let own = self.last_of(worker).number();
        grant.number() <= own || self.seen.complete(own, grant.number())
    }

    /// Who has the newest grant seen, if that hold is not over and no events of the holder were lost.
    pub(crate) fn believed(&self) -> Option<(WorkerId, Grant)> {
        self.owning().map(|open| (open.worker, open.grant))
    }

    fn owning(&self) -> Option<&Open> {
        // Two with one grant cannot be; if they are, the order of arrival must not matter.
        let alone = |open: &&Open| match self.room {
            Room::One => true,
            Room::Permits { .. } => false,
            Room::Readers => !open.grant.is_shared(),
        };
        let newest = |open: &&Open| open.grant == self.newest && !open.doubtful;
        self.open.iter().filter(newest).filter(alone).min_by_key(|open| open.worker)
    }
}

impl Model {
    /// How many wait for an rwlock to write.
    pub fn writers_waiting(&self, id: ResourceId) -> usize {
        let writes = |(worker, _): &(WorkerId, Stamp)| {
            let asks = self.lanes.get(worker.index()).map(|lane| lane.asks);
            matches!(asks, Some((Some(lock), Asks::Write { .. })) if lock == id)
        };
        self.lock(id).map_or(0, |lock| lock.waiters().iter().filter(|waiter| writes(waiter)).count())
    }
}
