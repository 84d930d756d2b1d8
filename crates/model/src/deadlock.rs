//! Exact deadlock detection. A deadlock is a set of workers each of which waits, without a time limit, for something
//! that only others of the set can release. Each separate cycle is a deadlock of its own.

mod cancellation;
mod cycle_links;
mod cycles;
mod graph_reduction;
mod holder_requirement;
mod orphaned_holds;
mod rendezvous;
mod requirement_table;
mod select;
mod stall;
mod stuck_groups;
mod waiters;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use cycle_links::CycleLink;
pub use stall::Stall;
pub use stuck_groups::StuckGroup;

use self::cycle_links::in_cycle_order;
use self::cycles::{Cycle, permanently_blocked_within, separate_cycles};
pub(super) use self::graph_reduction::{Requirement, permanently_blocked};
use self::waiters::Waiters;
use super::Model;
use contend_trace::{Evidence, Stamp, WorkerId};

/// Workers that can never run again because of one cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// When the cycle closed: the start of the last wait that it needed.
    pub closed_at: Stamp,
    /// All workers that can never run again because of it, in order.
    pub workers: Vec<WorkerId>,
    /// Workers that wait for each other. Usually each wants what the next one holds, and the last what the first holds.
    /// If one waits for several others (permits, readers), its `waits_for` lists them.
    pub cycle: Vec<CycleLink>,
    /// The stuck workers outside the cycle, in order. A worker that waits for two cycles is a victim of both.
    pub victims: Vec<WorkerId>,
    /// The weakest evidence that it rests on.
    pub evidence: Evidence,
}

impl Deadlock {
    /// Whether each worker of the cycle waits only for the next, and the last for the first.
    pub fn is_simple_cycle(&self) -> bool {
        let next = self.cycle.iter().cycle().skip(1);
        self.cycle.iter().zip(next).all(|(link, next)| link.waits_for == [next.worker])
    }

    fn is_in_cycle(&self, worker: WorkerId) -> bool {
        self.workers.binary_search(&worker).is_ok() && self.victims.binary_search(&worker).is_err()
    }

    /// The key that orders deadlocks.
    fn sort_key(&self) -> (Stamp, Option<WorkerId>) {
        (self.closed_at, self.cycle.first().map(|link| link.worker))
    }
}

/// The deadlocks found so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadlocks {
    /// In the order in which they closed.
    list: Vec<Deadlock>,
    /// The workers of all deadlocks, in order.
    stuck_workers: Vec<WorkerId>,
    /// Hash of the stuck workers and their requirements at the last search: equal means nothing new.
    last_fingerprint: Option<u64>,
}

impl Deadlocks {
    pub(super) fn all(&self) -> &[Deadlock] {
        &self.list
    }

    pub(super) fn stuck_workers(&self) -> &[WorkerId] {
        &self.stuck_workers
    }

    fn has_observed(&self) -> bool {
        self.list.iter().any(|deadlock| deadlock.evidence == Evidence::Observed)
    }

    /// Removes the deadlocks that rest on looks from outside.
    fn drop_observed(&mut self) {
        if self.has_observed() {
            self.list.retain(|deadlock| deadlock.evidence == Evidence::Numbered);
            self.restore_order();
        }
    }

    /// Removes the deadlocks of a worker that begins another life.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        if self.stuck_workers.binary_search(&worker).is_ok() {
            self.list.retain(|deadlock| deadlock.workers.binary_search(&worker).is_err());
            self.last_fingerprint = None;
            self.restore_order();
        }
    }

    /// Adds a deadlock, or replaces a known one that it extends. Part of a known one changes nothing: the rest of
    /// that one was true as well.
    fn merge_deadlock(&mut self, found: Deadlock, is_alive: impl Fn(WorkerId) -> bool) {
        let place = self.list.binary_search_by_key(&found.sort_key(), Deadlock::sort_key);
        if place.is_ok_and(|place| self.list[place] == found) {
            return;
        }
        let is_subset = |part: &[WorkerId], whole: &[WorkerId]| part.iter().all(|w| whole.binary_search(w).is_ok());
        let has_more = |known: &Deadlock| {
            let is_within_cycle = found.cycle.iter().all(|link| known.is_in_cycle(link.worker));
            let is_smaller = found.cycle.len() < known.cycle.len() || found.workers.len() < known.workers.len();
            is_within_cycle
                && is_smaller
                && is_subset(&found.workers, &known.workers)
                && known.cycle.iter().all(|link| is_alive(link.worker))
        };
        if self.list.iter().any(has_more) {
            return;
        }
        self.list.retain(|known| !known.cycle.iter().any(|link| found.is_in_cycle(link.worker)));
        self.list.push(found);
        self.restore_order();
    }

    fn restore_order(&mut self) {
        self.list.sort_by_key(Deadlock::sort_key);
        self.stuck_workers = self.list.iter().flat_map(|deadlock| &deadlock.workers).copied().collect();
        self.stuck_workers.sort_unstable();
        self.stuck_workers.dedup();
    }
}

impl Model {
    /// All deadlocks, in the order in which they closed: one for each separate cycle. A deadlock stays until one of its
    /// workers is restarted.
    pub fn deadlocks(&self) -> &[Deadlock] {
        self.deadlocks.all()
    }

    /// The deadlock that closed first.
    pub fn first_deadlock(&self) -> Option<&Deadlock> {
        self.deadlocks().first()
    }

    /// Workers of all deadlocks, in order.
    pub fn deadlocked_workers(&self) -> &[WorkerId] {
        self.deadlocks.stuck_workers()
    }

    /// Searches for deadlocks. Costs nothing while no worker that holds a lock waits for another.
    pub(super) fn detect_deadlocks(&mut self) {
        if self.stuck_holders == 0 && self.looks.is_empty() && !self.deadlocks.has_observed() {
            return;
        }
        let waiters = self.waiters();
        let set = waiters.permanently_blocked();
        let fingerprint = Some(self.fingerprint(&waiters, &set));
        if self.deadlocks.last_fingerprint == fingerprint || set.is_empty() && !self.deadlocks.has_observed() {
            return;
        }
        self.deadlocks.last_fingerprint = fingerprint;
        self.deadlocks.drop_observed(); // what still holds is found again
        // Who can cancel a stuck worker is stuck as well, or gone: no link of a cycle.
        let cycles = separate_cycles(waiters.needs_without_cancellations(), &set).into_iter();
        let found: Vec<Deadlock> = cycles.map(|cycle| self.build_deadlock(&waiters, &set, cycle)).collect();
        let lanes = &self.lanes;
        for found in found {
            self.deadlocks.merge_deadlock(found, |worker| lanes[worker.index()].is_alive());
        }
    }

    /// Hashes the stuck workers with the start of their waits and their requirements.
    fn fingerprint(&self, waiters: &Waiters, set: &[usize]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for place in set {
            let worker = waiters.id(*place);
            (worker, self.wait_of(worker).1).hash(&mut hasher);
            waiters.hash_needs(*place, &mut hasher);
        }
        hasher.finish()
    }

    fn build_deadlock(&self, waiters: &Waiters, set: &[usize], cycle: Cycle) -> Deadlock {
        let at = self.closing_time(waiters, set, &cycle.members);
        let order = in_cycle_order(waiters.needs_without_cancellations(), cycle.members.clone());
        let links = self.cycle_links(waiters, set, &order);
        let victims = waiters.ids_of(cycle.victims);
        let mut set: Vec<WorkerId> = waiters.ids_of(cycle.members).into_iter().chain(victims.clone()).collect();
        let evidence = set.iter().flat_map(|w| self.blockers(*w).edges).map(|edge| edge.evidence).max();
        set.sort_unstable();
        Deadlock { closed_at: at, workers: set, cycle: links, victims, evidence: evidence.unwrap_or_default() }
    }

    /// When the first of these workers were stuck: the last start among the fewest oldest waits that leave one of them
    /// stuck. Waits of workers that could have cancelled them count as well.
    fn closing_time(&self, waiters: &Waiters, set: &[usize], members: &[usize]) -> Stamp {
        let wait_start = |place: usize| self.wait_of(waiters.id(place)).1;
        let mut order = if self.registry.cancellers.is_empty() { members.to_vec() } else { set.to_vec() };
        order.sort_by_key(|place| (wait_start(*place), *place));
        // Each further wait can only add stuck workers, so a binary search finds the number.
        let (mut too_few, mut enough) = (0, order.len());
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            let stuck = permanently_blocked_within(&waiters.needs, &order[..middle]);
            if stuck.iter().any(|place| members.binary_search(place).is_ok()) {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        wait_start(order[enough - 1])
    }
}
