//! Who has a lock, and how many can.

use super::{Lock, Open};
use crate::trace::{Grant, ResourceKind, Stamp, WorkerId};

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
    pub(in crate::model) fn of(kind: &ResourceKind) -> Self {
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
    pub(in crate::model) fn holds(&self) -> impl Iterator<Item = (WorkerId, Grant)> + '_ {
        self.open.iter().filter(|open| !open.doubtful).map(|open| (open.worker, open.grant))
    }

    /// Whether a worker that waits for it now gets a later grant than this one, and not an earlier one that has not been told
    /// yet.
    pub(in crate::model) fn is_before_next_of(&self, worker: WorkerId, grant: Grant) -> bool {
        let own = self.last_of(worker).number();
        grant.number() <= own || self.seen.complete(own, grant.number())
    }

    /// Who has the newest grant seen, if that hold is not over and no events of the holder were lost.
    pub(in crate::model) fn believed(&self) -> Option<(WorkerId, Grant)> {
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
