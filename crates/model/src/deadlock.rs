//! Exact deadlock detection. A deadlock is a set of workers each of which waits, without a time limit, for something
//! that only others of the set can release. Each separate cycle is a deadlock of its own.

mod cycles;
mod graph_reduction;
mod orphaned_holds;
mod rendezvous;
mod requirement_table;
mod select;
mod stall;
mod stuck_groups;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

pub use stall::Stall;
pub use stuck_groups::StuckGroup;

use self::cycles::{Cycle, permanently_blocked_within, separate_cycles};
pub(super) use self::graph_reduction::{Requirement, permanently_blocked};
use super::{Model, ResourceState};
use contend_trace::{Evidence, LaneRange, LockKind, ResourceId, ResourceKind, Stamp, WorkerId, WorkerKind};

/// Most workers listed that one worker of a cycle waits for.
const MAX_NAMED: usize = 256;

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

/// One worker of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleLink {
    pub worker: WorkerId,
    /// The resource it holds that another worker of the cycle wants.
    pub holds: ResourceId,
    /// Whether it does not hold that yet, but is queued for it ahead of the worker that wants it: a writer before a
    /// reader.
    pub is_ahead_in_queue: bool,
    /// The resource it waits for.
    pub wants: ResourceId,
    /// Stuck workers that would have to release that, in order; at most [`MAX_NAMED`].
    pub waits_for: Vec<WorkerId>,
    /// Start of its wait.
    pub since: Stamp,
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

    /// Removes the deadlocks that rest on what was seen from outside.
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

    /// Adds a deadlock, or replaces a known one that it extends. Part of a known one changes nothing: what is no longer
    /// known was true nevertheless.
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
        let needs: Vec<Requirement> =
            (0..self.lanes.len()).map(|w| self.cancellable_requirement(WorkerId::from(w))).collect();
        let set = permanently_blocked(&needs);
        let fingerprint = Some(self.fingerprint(&needs, &set));
        if self.deadlocks.last_fingerprint == fingerprint || set.is_empty() && !self.deadlocks.has_observed() {
            return;
        }
        self.deadlocks.last_fingerprint = fingerprint;
        self.deadlocks.drop_observed(); // what still holds is found again
        let found: Vec<Deadlock> =
            separate_cycles(&needs, &set).into_iter().map(|cycle| self.build_deadlock(&needs, &set, cycle)).collect();
        let lanes = &self.lanes;
        for found in found {
            self.deadlocks.merge_deadlock(found, |worker| lanes[worker.index()].is_alive());
        }
    }

    /// Hashes the stuck workers with the start of their waits and their requirements.
    fn fingerprint(&self, needs: &[Requirement], set: &[usize]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for worker in set {
            (worker, self.wait_start(*worker), &needs[*worker]).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn build_deadlock(&self, needs: &[Requirement], set: &[usize], cycle: Cycle) -> Deadlock {
        let at = self.closing_time(needs, &cycle.members);
        let links = self.cycle_links(needs, set, &in_cycle_order(needs, cycle.members.clone()));
        let victims: Vec<WorkerId> = cycle.victims.into_iter().map(WorkerId::from).collect();
        let mut set: Vec<WorkerId> = cycle.members.into_iter().map(WorkerId::from).chain(victims.clone()).collect();
        let evidence = set.iter().flat_map(|w| self.blockers(*w).edges).map(|edge| edge.evidence).max();
        set.sort_unstable();
        Deadlock { closed_at: at, workers: set, cycle: links, victims, evidence: evidence.unwrap_or_default() }
    }

    /// As [`Model::requirement`]; a worker that others may cancel continues with any of these, too.
    fn cancellable_requirement(&self, worker: WorkerId) -> Requirement {
        match self.requirement(worker) {
            Requirement::Nothing => Requirement::Nothing,
            _ if self.is_being_cancelled(worker) => Requirement::Nothing,
            needs if !self.could_be_cancelled(worker) => needs,
            needs => {
                let known = self.lanes.len();
                let ids = |by: LaneRange| by.known(known).iter().chain(by.unknown(known).iter().take(1));
                let by = self.cancellers(worker).flat_map(ids).filter(|by| self.can_still_cancel(*by));
                needs.or_any_of(&by.map(WorkerId::index).collect::<Vec<_>>())
            }
        }
    }

    /// Whether the present wait of a worker will end because another worker has cancelled it.
    pub(super) fn is_being_cancelled(&self, worker: WorkerId) -> bool {
        let lane = &self.lanes[worker.index()];
        let pending = lane.cancellation.filter(|(life, _)| lane.is_alive() && *life >= u64::from(lane.life_count));
        pending.is_some_and(|(_, kills)| kills || self.has_interruptible_wait(worker))
    }

    /// Whether a cancellation ends the present wait of a worker: any wait but those for a mutex of threads or processes
    /// and for a pipe alone.
    fn has_interruptible_wait(&self, worker: WorkerId) -> bool {
        if !self.lanes[worker.index()].awaited_alternatives().is_empty() {
            return true;
        }
        let on = self.lanes[worker.index()].activity.resource.and_then(|on| self.registry.resource(on));
        match on.map(|resource| &resource.kind) {
            Some(ResourceKind::Mutex { kind }) => matches!(kind, LockKind::Async | LockKind::AsyncReentrant),
            Some(ResourceKind::Pipe { .. }) => false,
            _ => true,
        }
    }

    /// Whether others could end the present wait of a worker by cancelling it. A process can be killed in any wait.
    pub(super) fn could_be_cancelled(&self, worker: WorkerId) -> bool {
        let is_process = self.registry.worker(worker).is_some_and(|info| info.kind == WorkerKind::Process);
        is_process || self.has_interruptible_wait(worker)
    }

    /// Whether a worker may still reach a step that cancels others: it has not ended for good.
    fn can_still_cancel(&self, worker: WorkerId) -> bool {
        let may_exist = worker.index() < self.lanes.len() || self.registry.is_open;
        may_exist && !(self.is_certainly_ended(worker) && self.spawners(worker).is_empty())
    }

    /// The requirement of a worker that waits without a time limit.
    fn requirement(&self, worker: WorkerId) -> Requirement {
        if !self.has_unlimited_wait(worker) && self.looks.is_empty() {
            return Requirement::Nothing;
        }
        let wants = self.blockers(worker);
        if wants.edges.iter().any(|edge| edge.is_timed) {
            return Requirement::Nothing;
        }
        let mut holders: Vec<usize> = wants.edges.iter().map(|edge| edge.holder.index()).collect();
        if holders.len() > wants.required {
            return Requirement::AtLeast(wants.required, holders);
        }
        // Nothing else is known to block a reader behind writers that others may cancel.
        if !holders.is_empty() || self.has_unlimited_wait(worker) {
            holders.extend(self.writers_ahead_of(worker).map(WorkerId::index));
        }
        if holders.is_empty() { Requirement::Nothing } else { Requirement::All(holders) }
    }

    /// Writers that a reader is queued behind and that wait without a time limit themselves: it continues after they
    /// have, also after a cancellation.
    fn writers_ahead_of(&self, reader: WorkerId) -> impl Iterator<Item = WorkerId> {
        let lane = &self.lanes[reader.index()];
        let lock = lane.activity.resource.and_then(|on| match self.resources.get(on.index()) {
            Some(ResourceState::Lock(lock)) => Some(lock),
            _ => None,
        });
        lock.into_iter().flat_map(move |lock| self.writers_ahead(lock, lane.lock_request()))
    }

    fn wait_start(&self, worker: usize) -> Stamp {
        self.wait_of(WorkerId::from(worker)).1
    }

    /// When the first of these workers were stuck: the last start among the fewest oldest waits that leave a stuck
    /// worker.
    fn closing_time(&self, needs: &[Requirement], members: &[usize]) -> Stamp {
        let mut order = members.to_vec();
        order.sort_by_key(|w| (self.wait_start(*w), *w));
        // Each further wait can only add stuck workers, so a binary search finds the number.
        let (mut too_few, mut enough) = (0, order.len());
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if permanently_blocked_within(needs, &order[..middle]).is_empty() {
                too_few = middle;
            } else {
                enough = middle;
            }
        }
        self.wait_start(order[enough - 1])
    }

    /// Links of a cycle: what each worker holds and wants, of which workers, and since when.
    fn cycle_links(&self, needs: &[Requirement], set: &[usize], cycle: &[usize]) -> Vec<CycleLink> {
        let mut waiters: BTreeMap<usize, usize> = BTreeMap::new();
        for worker in cycle {
            for on in needs[*worker].dependencies() {
                waiters.entry(*on).or_insert(*worker);
            }
        }
        let before = cycle.iter().cycle().skip(cycle.len().saturating_sub(1));
        let link = |(worker, before): (&usize, &usize)| {
            // The resource that the previous worker wants of it, or another worker if the previous one wants none.
            let waiter = if needs[*before].dependencies().contains(worker) { before } else { waiters.get(worker)? };
            self.cycle_link(needs, set, *worker, *waiter)
        };
        cycle.iter().zip(before).filter_map(link).collect()
    }

    /// The link of a worker: what it wants, and what it holds that `waiter` wants.
    fn cycle_link(&self, needs: &[Requirement], set: &[usize], worker: usize, waiter: usize) -> Option<CycleLink> {
        let lane = &self.lanes[worker];
        let (wants, since) = self.wait_of(WorkerId::from(worker));
        let (wants, holds) = (wants?, self.wait_of(WorkerId::from(waiter)).0?);
        let is_stuck = |on: &&usize| set.binary_search(on).is_ok();
        let mut waits_for: Vec<WorkerId> =
            needs[worker].dependencies().iter().filter(is_stuck).copied().map(WorkerId::from).collect();
        waits_for.sort_unstable();
        waits_for.dedup();
        waits_for.truncate(MAX_NAMED);
        let has = lane.held_locks().iter().any(|(lock, _)| *lock == holds);
        let is_numbered = self.registry.evidence(holds) == Evidence::Numbered;
        let in_line = wants == holds && !has && is_numbered && self.registry.life_owner(holds).is_none();
        Some(CycleLink { worker: WorkerId::from(worker), holds, is_ahead_in_queue: in_line, wants, waits_for, since })
    }
}

/// Orders the members of a cycle so that each needs the next, from the lowest on, where that is possible.
fn in_cycle_order(needs: &[Requirement], members: Vec<usize>) -> Vec<usize> {
    let needs_next = |(worker, next): (&usize, &usize)| needs[*worker].dependencies().contains(next);
    if members.iter().zip(members.iter().cycle().skip(1)).all(needs_next) {
        return members;
    }
    let mut order = vec![members[0]];
    while let Some(last) = order.last() {
        let [next] = needs[*last].dependencies() else { return members };
        if *next == order[0] {
            break;
        }
        if order.len() == members.len() {
            return members;
        }
        order.push(*next);
    }
    if order.len() == members.len() { order } else { members }
}
