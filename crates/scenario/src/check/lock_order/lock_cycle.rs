//! Cycles of locks that workers take while they hold others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use super::lock_edge::{LockEdge, LockInstance};
use super::step_order::StepOrder;

/// Most edges; further ones are ignored.
const EDGES: usize = 1_000;

/// A cycle: each edge begins at the lock where the one before it ends.
#[derive(Debug, Clone)]
pub(super) struct LockCycle {
    pub edges: Vec<LockEdge>,
}

impl LockCycle {
    /// The places of its edges, which are equal for cycles that differ in their workers only.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        let places: BTreeSet<(usize, usize)> = self.edges.iter().map(|edge| (edge.span.start, edge.span.end)).collect();
        places.into_iter().map(|(start, end)| start..end).collect()
    }
}

/// Adds an edge, unless the same worker already has that edge with the same guards or fewer.
pub(super) fn add_edge(edges: &mut Vec<LockEdge>, edge: LockEdge) {
    let same = |known: &LockEdge| {
        (known.from, known.to, known.shared) == (edge.from, edge.to, edge.shared)
            && (known.worker, known.at) == (edge.worker, edge.at)
    };
    match edges.iter().position(same) {
        Some(at) if edges[at].guards.len() > edge.guards.len() => edges[at] = edge,
        None if edges.len() < EDGES => edges.push(edge),
        _ => {}
    }
}

/// Finds for each edge a shortest cycle through it that different workers can close at the same time.
pub(super) fn find_cycles(edges: &[LockEdge], order: &StepOrder) -> Vec<LockCycle> {
    let mut from: BTreeMap<LockInstance, Vec<&LockEdge>> = BTreeMap::new();
    for edge in edges {
        from.entry(edge.from).or_default().push(edge);
    }
    edges.iter().filter_map(|first| shortest_cycle(first, &from, order)).collect()
}

/// Finds the shortest path from the end of an edge to its start, over edges that can overlap with the first one.
/// Whether all of them overlap with each other is tested for that path only, so a shorter impossible cycle may hide a
/// longer one.
fn shortest_cycle(
    first: &LockEdge,
    from: &BTreeMap<LockInstance, Vec<&LockEdge>>,
    order: &StepOrder,
) -> Option<LockCycle> {
    let mut came: BTreeMap<LockInstance, &LockEdge> = BTreeMap::new();
    let mut queue = VecDeque::from([first.to]);
    while let Some(lock) = queue.pop_front() {
        for edge in from.get(&lock).into_iter().flatten().filter(|edge| can_overlap(first, edge, order)) {
            if edge.to == first.from {
                return close_cycle(first, edge, &came, order);
            }
            if edge.to != first.to && !came.contains_key(&edge.to) {
                came.insert(edge.to, edge);
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn close_cycle(
    first: &LockEdge,
    last: &LockEdge,
    came: &BTreeMap<LockInstance, &LockEdge>,
    order: &StepOrder,
) -> Option<LockCycle> {
    let mut edges = vec![last.clone()];
    let mut at = last.from;
    while let Some(edge) = came.get(&at) {
        edges.push((*edge).clone());
        at = edge.from;
    }
    edges.push(first.clone());
    edges.reverse();
    let all_fit = (0..edges.len()).all(|a| (0..a).all(|b| can_overlap(&edges[a], &edges[b], order)));
    // A reader does not wait for another reader.
    let next = edges.iter().cycle().skip(1);
    let all_wait = edges.iter().zip(next).all(|(edge, next)| !(edge.shared.1 && next.shared.0));
    (all_fit && all_wait).then_some(LockCycle { edges })
}

/// Whether two edges can happen at the same time: they are of different workers that no lock and no order keeps apart.
fn can_overlap(one: &LockEdge, other: &LockEdge, order: &StepOrder) -> bool {
    one.worker != other.worker && one.guards.is_disjoint(&other.guards) && !order.never_overlap(one, other)
}
