//! Deadlocks, exactly: a set of workers each of which waits without a limit for what only others of the set can give.

mod lost;
mod reduce;
mod stall;
mod table;

pub use stall::Stall;

use self::reduce::shortest_ring;
pub(super) use self::reduce::{Needs, never_live};
use super::Model;
use crate::trace::{ResourceId, Stamp, WorkerId};

/// Workers that can never run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// When the ring closed: the newest wait in it.
    pub at: Stamp,
    /// All that can never run again.
    pub set: Vec<WorkerId>,
    /// A ring inside the set: each wants what the next one holds, the last what the first holds.
    pub ring: Vec<Link>,
    /// The set without the ring.
    pub victims: Vec<WorkerId>,
}

/// One worker of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub worker: WorkerId,
    /// What it holds that the one before it wants.
    pub holds: ResourceId,
    /// What it wants of the next one.
    pub wants: ResourceId,
    /// Since when it waits.
    pub since: Stamp,
}

impl Model {
    /// Looks for a deadlock. Costs nothing while nobody who holds a lock waits for another.
    pub(super) fn look_for_deadlock(&mut self) {
        if self.stuck_holders == 0 {
            return;
        }
        let needs: Vec<Needs> = (0..self.lanes.len()).map(|w| self.needs(WorkerId::from(w))).collect();
        let set = never_live(&needs);
        // The same set again: another edge in it may have come to light. A part of it: it stays as it was.
        let known = self.deadlock.as_ref().map_or(&[][..], |known| &known.set);
        let is_part = set.len() < known.len() && set.iter().all(|w| known.contains(&WorkerId::from(*w)));
        if set.is_empty() || is_part {
            return;
        }
        let (core, last) = self.first_closed(&needs, &set);
        let ring = self.links(&ring_in(&needs, &core, last));
        let set: Vec<WorkerId> = set.into_iter().map(WorkerId::from).collect();
        let in_ring = |w: &&WorkerId| ring.iter().any(|link| link.worker == **w);
        let victims = set.iter().filter(|w| !in_ring(w)).copied().collect();
        self.deadlock = Some(Deadlock { at: self.since(last), set, ring, victims });
    }

    /// What a worker needs that waits without a limit.
    fn needs(&self, worker: WorkerId) -> Needs {
        if !self.waits_for_good(worker) {
            return Needs::Nothing;
        }
        let wants = self.wants(worker);
        let holders: Vec<usize> = wants.edges.iter().map(|edge| edge.holder.index()).collect();
        match holders.len() {
            0 => Needs::Nothing,
            n if n == wants.enough => Needs::All(holders),
            _ => Needs::Some(wants.enough, holders),
        }
    }

    fn since(&self, worker: usize) -> Stamp {
        self.lanes[worker].doing.since
    }

    /// Those that were stuck when the first of them were, and the one whose wait made them so: the fewest of the oldest waits
    /// that leave somebody who can never go on.
    fn first_closed(&self, needs: &[Needs], set: &[usize]) -> (Vec<usize>, usize) {
        let mut order = set.to_vec();
        order.sort_by_key(|w| (self.since(*w), *w));
        let stuck_with = |oldest: usize| {
            let mut then = vec![Needs::Nothing; needs.len()];
            order[..oldest].iter().for_each(|w| then[*w] = needs[*w].clone());
            never_live(&then)
        };
        // With every further wait only more are stuck.
        let (mut too_few, mut enough) = (0, order.len());
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if stuck_with(middle).is_empty() { too_few = middle } else { enough = middle }
        }
        (stuck_with(enough), order[enough - 1])
    }

    /// The ring with what each holds, wants, and since when.
    fn links(&self, ring: &[usize]) -> Vec<Link> {
        let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
        let wants = |worker: usize| self.lanes.get(worker)?.doing.on;
        let link = |(worker, before): (&usize, &usize)| {
            let (own, other) = (wants(*worker)?, wants(*before)?);
            Some(Link { worker: WorkerId::from(*worker), holds: other, wants: own, since: self.since(*worker) })
        };
        ring.iter().zip(before).filter_map(link).collect()
    }
}

/// A ring through `last`, all of it in `core`, told from its lowest worker on. Where one holder of many would be enough a
/// short ring tells too little: then all of them, if each needs the next.
fn ring_in(needs: &[Needs], core: &[usize], last: usize) -> Vec<usize> {
    let many = core.iter().any(|who| matches!(needs[*who], Needs::Some(..) | Needs::Any(_)));
    let mut pairs = core.iter().zip(core.iter().cycle().skip(1));
    if many && pairs.all(|(who, next)| needs[*who].of().contains(next)) {
        return core.to_vec();
    }
    let mut ring = shortest_ring(needs, core, last);
    let lowest = ring.iter().enumerate().min_by_key(|(_, who)| **who).map_or(0, |(at, _)| at);
    ring.rotate_left(lowest);
    ring
}
