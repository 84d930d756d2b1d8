//! Who waits for whom.

use super::lane::{Lane, LockRequest};
use super::{Lock, LockCapacity, Model, ResourceState};
use contend_trace::{Grant, ResourceId, WorkerId};

/// One worker waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitEdge {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    pub lock: ResourceId,
    /// The wait ends by itself.
    pub is_timed: bool,
}

/// The wait-for graph at one moment, edges in order of the waiter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitForGraph {
    pub edges: Vec<WaitEdge>,
}

/// Whom a worker waits for, and how many of the edges must give way before it can go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Blockers {
    pub edges: Vec<WaitEdge>,
    pub required: usize,
}

impl Model {
    /// The wait-for graph now: edges that are certain.
    pub fn wait_for_graph(&self) -> WaitForGraph {
        let ids = (0..self.lanes.len()).map(WorkerId::from);
        WaitForGraph { edges: ids.flat_map(|waiter| self.blockers(waiter).edges).collect() }
    }

    /// Whom a worker waits for, as far as that is certain.
    ///
    /// The waiter's last event is its wait, and nothing of it is missing since. A holder is believed if its own stream says
    /// that it has the lock with grant k, and k is known to come before the waiter's next grant. Why a set of workers that all
    /// wait for what only others of the set can give is a deadlock: let the one of them that in truth goes on first get its
    /// lock with grant g. All it waits for were granted before g, and each of these holders goes on later than it, so none of
    /// them has given anything back: it cannot have got it. A contradiction. No clock is needed, nor any order of arrival
    /// between workers; lost events can hide an edge but never make one.
    ///
    /// Or their slots showed both of them as they are known to be, at one and the same moment: while the one held the lock
    /// the other had not gone on, so k comes before g. That needs no event but these two, and is there when others were lost.
    ///
    /// Else that k comes before g is known because every grant after the waiter's own last one, up to k, has been seen as
    /// somebody's; g is the waiter's own, whose last known event is the wait, so it is none of these.
    pub(super) fn blockers(&self, waiter: WorkerId) -> Blockers {
        let waits = |lane: &&Lane| lane.is_alive() && (lane.is_deadlock_candidate || lane.is_wait_timed());
        let Some(lane) = self.lanes.get(waiter.index()).filter(waits) else { return Blockers::default() };
        let Some(id) = lane.activity.resource else { return Blockers::default() };
        let lock = match self.resources.get(id.index()) {
            Some(ResourceState::Lock(lock)) => lock,
            Some(ResourceState::Life(life)) => return self.join_blockers(waiter, id, life.worker()),
            _ => return Blockers::default(),
        };
        let edge = |holder| WaitEdge { waiter, holder, lock: id, is_timed: lane.is_lock_wait_timed };
        let (holders, enough) = match (lock.capacity(), lane.lock_request.1) {
            (LockCapacity::Exclusive, _) => require_all(
                lock.certain_newest_hold().into_iter().filter(|hold| self.is_blocking_hold(*hold, id, waiter, lock)),
            ),
            (LockCapacity::Permits { permits, scoped: true }, asks) => {
                let wanted = if let LockRequest::Many(wanted) = asks { wanted } else { 1 };
                let (holders, held) =
                    require_all(lock.certain_holds().filter(|hold| self.is_blocking_hold(*hold, id, waiter, lock)));
                // Permits that nobody is known to have may be free.
                let missing = (held + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { (holders, missing) } else { (Vec::new(), 0) }
            }
            (LockCapacity::Permits { .. }, _) => (Vec::new(), 0),
            (LockCapacity::ReadersWriter, LockRequest::Read { .. }) => {
                let writers = lock.certain_holds().filter(|(_, grant)| !grant.is_shared());
                let (mut holders, _) =
                    require_all(writers.filter(|hold| self.is_blocking_hold(*hold, id, waiter, lock)));
                holders.extend(
                    self.writers_ahead(lock, lane.lock_request.1)
                        .flat_map(|writer| self.blockers(writer).edges)
                        .map(|e| e.holder),
                );
                holders.sort_unstable();
                holders.dedup();
                let enough = holders.len();
                (holders, enough)
            }
            (LockCapacity::ReadersWriter, _) => {
                require_all(lock.certain_holds().filter(|hold| self.is_blocking_hold(*hold, id, waiter, lock)))
            }
        };
        Blockers { edges: holders.into_iter().map(edge).collect(), required: enough }
    }

    /// Whoever joins another waits for it, if that is in the very life that is waited for, and nothing of it is missing: it
    /// ends only when it goes on.
    fn join_blockers(&self, waiter: WorkerId, id: ResourceId, holder: WorkerId) -> Blockers {
        let goes_on = |lane: &&Lane| {
            let joins = self.lanes[waiter.index()].joined_life;
            let told = lane.lost_events() == 0 && u64::from(lane.life_count()) == joins;
            lane.is_alive() && (told || lane.slot_life == joins && self.is_same_snapshot(waiter, holder))
        };
        match self.lanes.get(holder.index()).filter(goes_on) {
            Some(_) => Blockers { edges: vec![WaitEdge { waiter, holder, lock: id, is_timed: false }], required: 1 },
            None => Blockers::default(),
        }
    }

    /// Writers that wait for good for an rwlock, and that a reader that asks so cannot pass. What such a writer
    /// waits for, those behind it wait for as well: they go on later than it.
    pub(super) fn writers_ahead(&self, lock: &Lock, reader: LockRequest) -> impl Iterator<Item = WorkerId> {
        let waiters = lock.waiters().into_iter().map(|(worker, _)| worker);
        waiters.filter(move |w| reader.is_behind(self.lanes[w.index()].lock_request.1) && self.has_unlimited_wait(*w))
    }

    /// Whether a hold is certain and came before the waiter's next grant.
    fn is_blocking_hold(&self, hold: (WorkerId, Grant), id: ResourceId, waiter: WorkerId, lock: &Lock) -> bool {
        let (holder, grant) = hold;
        let holds = self.lanes[holder.index()].held_locks().contains(&(id, grant));
        holds && (lock.is_before_next_grant(waiter, grant) || self.is_same_snapshot(waiter, holder))
    }

    /// Whether a worker waits for a lock without a limit, as far as its own events tell.
    pub(super) fn has_unlimited_wait(&self, worker: WorkerId) -> bool {
        self.lanes.get(worker.index()).is_some_and(|lane| lane.is_deadlock_candidate && lane.is_alive())
    }
}

/// All of these must give way.
fn require_all(holds: impl Iterator<Item = (WorkerId, Grant)>) -> (Vec<WorkerId>, usize) {
    let mut holders: Vec<WorkerId> = holds.map(|(worker, _)| worker).collect();
    holders.sort_unstable(); // the order of arrival must not matter
    let enough = holders.len();
    (holders, enough)
}
