//! The links of a deadlock's cycle: what each worker holds and wants, and which workers it waits for.

use std::collections::BTreeMap;

use super::graph_reduction::Requirement;
use super::waiters::Waiters;
use crate::Model;
use contend_trace::{Evidence, ResourceId, Stamp, WorkerId};

/// Most workers listed that one worker of a cycle waits for.
const MAX_NAMED: usize = 256;

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

impl Model {
    /// Links of a cycle: what each worker holds and wants, of which workers, and since when.
    pub(super) fn cycle_links(&self, waiting: &Waiters, set: &[usize], cycle: &[usize]) -> Vec<CycleLink> {
        let needs = waiting.needs_without_cancellations();
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
            self.cycle_link(waiting, set, *worker, *waiter)
        };
        cycle.iter().zip(before).filter_map(link).collect()
    }

    /// The link of a worker: what it wants, and what it holds that `waiter` wants.
    fn cycle_link(&self, waiting: &Waiters, set: &[usize], place: usize, waiter: usize) -> Option<CycleLink> {
        let worker = waiting.id(place);
        let lane = &self.lanes[worker.index()];
        let (wants, since) = self.wait_of(worker);
        let (wants, holds) = (wants?, self.wait_of(waiting.id(waiter)).0?);
        let is_stuck = |on: &usize| set.binary_search(on).is_ok();
        let mut waits_for = waiting
            .ids_of(waiting.needs_without_cancellations()[place].dependencies().iter().copied().filter(is_stuck));
        waits_for.sort_unstable();
        waits_for.dedup();
        waits_for.truncate(MAX_NAMED);
        let has = lane.held_locks().iter().any(|(lock, _)| *lock == holds);
        let is_numbered = self.registry.evidence(holds) == Evidence::Numbered;
        let in_line = wants == holds && !has && is_numbered && self.registry.life_owner(holds).is_none();
        Some(CycleLink { worker, holds, is_ahead_in_queue: in_line, wants, waits_for, since })
    }
}

/// Orders the members of a cycle so that each needs the next, from the lowest on, where that is possible.
pub(super) fn in_cycle_order(needs: &[Requirement], members: Vec<usize>) -> Vec<usize> {
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
