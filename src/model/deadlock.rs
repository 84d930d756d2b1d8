//! Deadlocks, exactly: a set of workers each of which waits without a limit for what only others of the set can give.

mod reduce;
mod stall;

pub use stall::Stall;

use self::reduce::{Needs, never_live, shortest_ring};
use super::Model;
use super::waits::Edge;
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
        let edges: Vec<Option<Edge>> = (0..self.lanes.len()).map(|w| self.untimed_edge(WorkerId::from(w))).collect();
        let needs: Vec<Needs> = edges.iter().map(|edge| need(edge.as_ref())).collect();
        let set = never_live(&needs);
        let is_known = |w: &usize| self.deadlock.as_ref().is_some_and(|known| known.set.contains(&WorkerId::from(*w)));
        if set.iter().all(is_known) {
            return;
        }
        let ring = self.first_ring(&needs, &set, &edges);
        let set: Vec<WorkerId> = set.into_iter().map(WorkerId::from).collect();
        let in_ring = |w: &&WorkerId| ring.iter().any(|link| link.worker == **w);
        let victims = set.iter().filter(|w| !in_ring(w)).copied().collect();
        let at = ring.iter().map(|link| link.since).max().unwrap_or_default();
        self.deadlock = Some(Deadlock { at, set, ring, victims });
    }

    fn untimed_edge(&self, worker: WorkerId) -> Option<Edge> {
        self.waits_for_good(worker).then(|| self.edge(worker)).flatten()
    }

    /// Of the shortest rings through each worker of the set, the one that closed first.
    fn first_ring(&self, needs: &[Needs], set: &[usize], edges: &[Option<Edge>]) -> Vec<Link> {
        let mut best: Option<(Stamp, usize, Vec<Link>)> = None;
        for &start in set {
            // Rings are told from their lowest worker on.
            let ring = shortest_ring(needs, set, start);
            if ring.iter().min() != Some(&start) {
                continue;
            }
            let links = self.links(&ring, edges);
            let closed = links.iter().map(|link| link.since).max().unwrap_or_default();
            let key = (closed, ring.len());
            if !links.is_empty() && best.as_ref().is_none_or(|(at, len, _)| key < (*at, *len)) {
                best = Some((closed, ring.len(), links));
            }
        }
        best.map_or_else(Vec::new, |(_, _, links)| links)
    }

    /// The ring with what each holds, wants, and since when.
    fn links(&self, ring: &[usize], edges: &[Option<Edge>]) -> Vec<Link> {
        let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
        let link = |(worker, before): (&usize, &usize)| {
            let (own, other) = (edges.get(*worker)?.as_ref()?, edges.get(*before)?.as_ref()?);
            let since = self.lanes.get(*worker)?.doing.since;
            Some(Link { worker: own.waiter, holds: other.lock, wants: own.lock, since })
        };
        ring.iter().zip(before).filter_map(link).collect()
    }
}

fn need(edge: Option<&Edge>) -> Needs {
    edge.map_or(Needs::Nothing, |edge| Needs::All(vec![edge.holder.index()]))
}
