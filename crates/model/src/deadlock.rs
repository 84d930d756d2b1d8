//! Deadlocks, exactly: sets of workers each of which waits without a limit for what only others of the set can give. Each
//! separate ring is a deadlock of its own.

mod lost;
mod reduce;
mod rings;
mod stall;
mod stuck;
mod table;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

pub use stall::Stall;
pub use stuck::Stuck;

pub(super) use self::reduce::{Needs, never_live};
use self::rings::{Ring, separate, stuck_within};
use super::{Model, Res};
use contend_trace::{ResourceId, Stamp, WorkerId};

/// Most workers that one of a ring is said to wait for.
const MOST_NAMED: usize = 256;

/// Workers that can never run again because of one ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// When the ring closed: the newest wait that it took.
    pub at: Stamp,
    /// All that can never run again because of it, in order.
    pub set: Vec<WorkerId>,
    /// Workers that wait for each other. Usually each wants what the next one holds, and the last what the first holds; where
    /// some wait for several others (permits, readers), `waits_for` says for whom.
    pub ring: Vec<Link>,
    /// The set without the ring, in order. A worker that waits for two rings is a victim of both.
    pub victims: Vec<WorkerId>,
}

/// One worker of a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub worker: WorkerId,
    /// What it holds that another one of the ring wants.
    pub holds: ResourceId,
    /// It does not have that yet, but stands in line for it ahead of the one that wants it: a writer before a reader.
    pub in_line: bool,
    /// What it waits for.
    pub wants: ResourceId,
    /// Stuck workers that would have to give it that, in order; the first of them where they are very many.
    pub waits_for: Vec<WorkerId>,
    /// Since when it waits.
    pub since: Stamp,
}

impl Deadlock {
    /// Whether each of the ring waits for the next one alone, and the last for the first.
    pub fn is_simple(&self) -> bool {
        let next = self.ring.iter().cycle().skip(1);
        self.ring.iter().zip(next).all(|(link, next)| link.waits_for == [next.worker])
    }

    fn has_in_ring(&self, worker: WorkerId) -> bool {
        self.set.binary_search(&worker).is_ok() && self.victims.binary_search(&worker).is_err()
    }

    /// By what they are in order.
    fn key(&self) -> (Stamp, Option<WorkerId>) {
        (self.at, self.ring.first().map(|link| link.worker))
    }
}

/// The deadlocks found so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadlocks {
    /// In the order in which they closed.
    list: Vec<Deadlock>,
    /// All workers of all of them, in order.
    stuck: Vec<WorkerId>,
    /// Who was stuck, and on what, when it was last looked, as a hash: the same again tells nothing new.
    looked_at: Option<u64>,
}

impl Deadlocks {
    pub(super) fn all(&self) -> &[Deadlock] {
        &self.list
    }

    pub(super) fn stuck(&self) -> &[WorkerId] {
        &self.stuck
    }

    /// A worker has another life: what it was in is over.
    pub(super) fn forget(&mut self, worker: WorkerId) {
        if self.stuck.binary_search(&worker).is_ok() {
            self.list.retain(|deadlock| deadlock.set.binary_search(&worker).is_err());
            self.looked_at = None;
            self.tidy();
        }
    }

    /// Takes in what a ring is now known to be: it may be new, or more of one that was known. Part of one that is known
    /// changes nothing: what is not known any more was true nevertheless.
    fn learn(&mut self, found: Deadlock, is_alive: impl Fn(WorkerId) -> bool) {
        let place = self.list.binary_search_by_key(&found.key(), Deadlock::key);
        if place.is_ok_and(|place| self.list[place] == found) {
            return;
        }
        let within = |part: &[WorkerId], whole: &[WorkerId]| part.iter().all(|w| whole.binary_search(w).is_ok());
        let has_more = |known: &Deadlock| {
            let ring = found.ring.iter().all(|link| known.has_in_ring(link.worker));
            let fewer = found.ring.len() < known.ring.len() || found.set.len() < known.set.len();
            ring && fewer && within(&found.set, &known.set) && known.ring.iter().all(|link| is_alive(link.worker))
        };
        if self.list.iter().any(has_more) {
            return;
        }
        self.list.retain(|known| !known.ring.iter().any(|link| found.has_in_ring(link.worker)));
        self.list.push(found);
        self.tidy();
    }

    fn tidy(&mut self) {
        self.list.sort_by_key(Deadlock::key);
        self.stuck = self.list.iter().flat_map(|deadlock| &deadlock.set).copied().collect();
        self.stuck.sort_unstable();
        self.stuck.dedup();
    }
}

impl Model {
    /// All deadlocks, in the order in which they closed: one for each separate ring. They are stable: once there they stay,
    /// unless one of their workers is started anew.
    pub fn deadlocks(&self) -> &[Deadlock] {
        self.deadlocks.all()
    }

    /// The deadlock that closed first.
    pub fn deadlock(&self) -> Option<&Deadlock> {
        self.deadlocks().first()
    }

    /// Workers of all deadlocks, in order.
    pub fn deadlocked(&self) -> &[WorkerId] {
        self.deadlocks.stuck()
    }

    /// Looks for deadlocks. Costs nothing while nobody who holds a lock waits for another.
    pub(super) fn look_for_deadlocks(&mut self) {
        if self.stuck_holders == 0 {
            return;
        }
        let needs: Vec<Needs> = (0..self.lanes.len()).map(|w| self.needs(WorkerId::from(w))).collect();
        let set = never_live(&needs);
        let looked_at = Some(self.fingerprint(&needs, &set));
        if set.is_empty() || self.deadlocks.looked_at == looked_at {
            return;
        }
        self.deadlocks.looked_at = looked_at;
        let found: Vec<Deadlock> =
            separate(&needs, &set).into_iter().map(|ring| self.deadlock_of(&needs, &set, ring)).collect();
        let lanes = &self.lanes;
        for found in found {
            self.deadlocks.learn(found, |worker| lanes[worker.index()].is_alive());
        }
    }

    /// Who is stuck, since when, and what each needs.
    fn fingerprint(&self, needs: &[Needs], set: &[usize]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for who in set {
            (who, self.since(*who), &needs[*who]).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn deadlock_of(&self, needs: &[Needs], set: &[usize], ring: Ring) -> Deadlock {
        let at = self.closed(needs, &ring.members);
        let links = self.links(needs, set, &in_ring_order(needs, ring.members.clone()));
        let victims: Vec<WorkerId> = ring.victims.into_iter().map(WorkerId::from).collect();
        let mut set: Vec<WorkerId> = ring.members.into_iter().map(WorkerId::from).chain(victims.clone()).collect();
        set.sort_unstable();
        Deadlock { at, set, ring: links, victims }
    }

    /// What a worker needs that waits without a limit.
    fn needs(&self, worker: WorkerId) -> Needs {
        if !self.waits_for_good(worker) {
            return Needs::Nothing;
        }
        let wants = self.wants(worker);
        let mut holders: Vec<usize> = wants.edges.iter().map(|edge| edge.holder.index()).collect();
        match holders.len() {
            0 => Needs::Nothing,
            n if n == wants.enough => {
                holders.extend(self.in_line_before(worker).map(WorkerId::index));
                Needs::All(holders)
            }
            _ => Needs::Some(wants.enough, holders),
        }
    }

    /// Writers that a reader waits behind, and that wait without a limit themselves: it goes on later than they do.
    fn in_line_before(&self, reader: WorkerId) -> impl Iterator<Item = WorkerId> {
        let lane = &self.lanes[reader.index()];
        let lock = lane.doing.on.and_then(|on| match self.resources.get(on.index()) {
            Some(Res::Lock(lock)) => Some(lock),
            _ => None,
        });
        lock.into_iter().flat_map(move |lock| self.ahead(lock, lane.asks.1))
    }

    fn since(&self, worker: usize) -> Stamp {
        self.lanes[worker].doing.since
    }

    /// When the first of these were stuck: the newest of the fewest oldest waits that leave somebody who can never go on.
    fn closed(&self, needs: &[Needs], members: &[usize]) -> Stamp {
        let mut order = members.to_vec();
        order.sort_by_key(|w| (self.since(*w), *w));
        // With every further wait only more are stuck.
        let (mut too_few, mut enough) = (0, order.len());
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if stuck_within(needs, &order[..middle]).is_empty() { too_few = middle } else { enough = middle }
        }
        self.since(order[enough - 1])
    }

    /// The ring with what each holds, wants, of whom, and since when.
    fn links(&self, needs: &[Needs], set: &[usize], ring: &[usize]) -> Vec<Link> {
        let mut waiters: BTreeMap<usize, usize> = BTreeMap::new();
        for who in ring {
            for on in needs[*who].of() {
                waiters.entry(*on).or_insert(*who);
            }
        }
        let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
        let link = |(worker, before): (&usize, &usize)| {
            // What the one before it wants of it; where that wants nothing of it, what another does.
            let waiter = if needs[*before].of().contains(worker) { before } else { waiters.get(worker)? };
            self.link(needs, set, *worker, *waiter)
        };
        ring.iter().zip(before).filter_map(link).collect()
    }

    /// What a worker of a ring wants, and holds of what `waiter` wants.
    fn link(&self, needs: &[Needs], set: &[usize], worker: usize, waiter: usize) -> Option<Link> {
        let lane = &self.lanes[worker];
        let (wants, holds) = (lane.doing.on?, self.lanes[waiter].doing.on?);
        let is_stuck = |on: &&usize| set.binary_search(on).is_ok();
        let mut waits_for: Vec<WorkerId> =
            needs[worker].of().iter().filter(is_stuck).copied().map(WorkerId::from).collect();
        waits_for.sort_unstable();
        waits_for.dedup();
        waits_for.truncate(MOST_NAMED);
        let has = lane.held().iter().any(|(lock, _)| *lock == holds);
        let in_line = wants == holds && !has && self.cast.whose_life(holds).is_none();
        Some(Link { worker: WorkerId::from(worker), holds, in_line, wants, waits_for, since: lane.doing.since })
    }
}

/// Members of a ring so that each needs the next one where that can be had, from the lowest on; else as they are.
fn in_ring_order(needs: &[Needs], members: Vec<usize>) -> Vec<usize> {
    let needs_next = |(who, next): (&usize, &usize)| needs[*who].of().contains(next);
    if members.iter().zip(members.iter().cycle().skip(1)).all(needs_next) {
        return members;
    }
    let mut order = vec![members[0]];
    while let Some(last) = order.last() {
        let [next] = needs[*last].of() else { return members };
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
