//! Who waits for whom.

use super::lane::{Asks, Lane};
use super::{Lock, Model, Res, Room};
use contend_trace::{Grant, ResourceId, WorkerId};

/// One worker waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    pub lock: ResourceId,
    /// The wait ends by itself.
    pub timed: bool,
}

/// The wait-for graph at one moment, edges in order of the waiter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitFor {
    pub edges: Vec<Edge>,
}

/// Whom a worker waits for, and how many of the edges must give way before it can go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wants {
    pub edges: Vec<Edge>,
    pub enough: usize,
}

impl Model {
    /// The wait-for graph now: edges that are certain.
    pub fn wait_for(&self) -> WaitFor {
        let ids = (0..self.lanes.len()).map(WorkerId::from);
        WaitFor { edges: ids.flat_map(|waiter| self.wants(waiter).edges).collect() }
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
    pub(super) fn wants(&self, waiter: WorkerId) -> Wants {
        let waits = |lane: &&Lane| lane.is_alive() && (lane.stuck || lane.waits_timed());
        let Some(lane) = self.lanes.get(waiter.index()).filter(waits) else { return Wants::default() };
        let Some(id) = lane.doing.on else { return Wants::default() };
        let lock = match self.resources.get(id.index()) {
            Some(Res::Lock(lock)) => lock,
            Some(Res::Life(life)) => return self.wants_end(waiter, id, life.of()),
            _ => return Wants::default(),
        };
        let edge = |holder| Edge { waiter, holder, lock: id, timed: lane.timed };
        let (holders, enough) = match (lock.room(), lane.asks.1) {
            (Room::One, _) => {
                all(lock.believed().into_iter().filter(|hold| self.holds_against(*hold, id, waiter, lock)))
            }
            (Room::Permits { permits, scoped: true }, asks) => {
                let wanted = if let Asks::Many(wanted) = asks { wanted } else { 1 };
                let (holders, held) = all(lock.holds().filter(|hold| self.holds_against(*hold, id, waiter, lock)));
                // Permits that nobody is known to have may be free.
                let missing = (held + wanted.min(permits) as usize).saturating_sub(permits as usize);
                if missing > 0 { (holders, missing) } else { (Vec::new(), 0) }
            }
            (Room::Permits { .. }, _) => (Vec::new(), 0),
            (Room::Readers, Asks::Read { .. }) => {
                let writers = lock.holds().filter(|(_, grant)| !grant.is_shared());
                let (mut holders, _) = all(writers.filter(|hold| self.holds_against(*hold, id, waiter, lock)));
                holders.extend(
                    self.ahead(lock, lane.asks.1).flat_map(|writer| self.wants(writer).edges).map(|e| e.holder),
                );
                holders.sort_unstable();
                holders.dedup();
                let enough = holders.len();
                (holders, enough)
            }
            (Room::Readers, _) => all(lock.holds().filter(|hold| self.holds_against(*hold, id, waiter, lock))),
        };
        Wants { edges: holders.into_iter().map(edge).collect(), enough }
    }

    /// Whoever joins another waits for it, if that is in the very life that is waited for, and nothing of it is missing: it
    /// ends only when it goes on.
    fn wants_end(&self, waiter: WorkerId, id: ResourceId, holder: WorkerId) -> Wants {
        let goes_on = |lane: &&Lane| {
            let joins = self.lanes[waiter.index()].joins;
            let told = lane.lost() == 0 && u64::from(lane.lives()) == joins;
            lane.is_alive() && (told || lane.life == joins && self.were_at_once(waiter, holder))
        };
        match self.lanes.get(holder.index()).filter(goes_on) {
            Some(_) => Wants { edges: vec![Edge { waiter, holder, lock: id, timed: false }], enough: 1 },
            None => Wants::default(),
        }
    }

    /// Writers that wait for good for an rwlock, and that a reader that asks so cannot pass. What such a writer
    /// waits for, those behind it wait for as well: they go on later than it.
    pub(super) fn ahead(&self, lock: &Lock, reader: Asks) -> impl Iterator<Item = WorkerId> {
        let waiters = lock.waiters().into_iter().map(|(worker, _)| worker);
        waiters.filter(move |w| reader.is_behind(self.lanes[w.index()].asks.1) && self.waits_for_good(*w))
    }

    /// Whether a hold is certain and came before the waiter's next grant.
    fn holds_against(&self, hold: (WorkerId, Grant), id: ResourceId, waiter: WorkerId, lock: &Lock) -> bool {
        let (holder, grant) = hold;
        let holds = self.lanes[holder.index()].held().contains(&(id, grant));
        holds && (lock.is_before_next_of(waiter, grant) || self.were_at_once(waiter, holder))
    }

    /// Whether a worker waits for a lock without a limit, as far as its own events tell.
    pub(super) fn waits_for_good(&self, worker: WorkerId) -> bool {
        self.lanes.get(worker.index()).is_some_and(|lane| lane.stuck && lane.is_alive())
    }
}

/// All of these must give way.
fn all(holds: impl Iterator<Item = (WorkerId, Grant)>) -> (Vec<WorkerId>, usize) {
    let mut holders: Vec<WorkerId> = holds.map(|(worker, _)| worker).collect();
    holders.sort_unstable(); // the order of arrival must not matter
    let enough = holders.len();
    (holders, enough)
}
