//! Rings among edges "takes this lock while it holds that one".

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use super::phases::Phases;

/// Edges kept; a scenario with more is looked at in part.
const EDGES: usize = 1_000;

/// One lock: which declaration, which of its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lock {
    pub resource: usize,
    pub at: u32,
}

/// A worker takes `to` while it holds `from`.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub from: Lock,
    pub to: Lock,
    /// Whether `from` is held, and `to` taken, together with other readers.
    pub shared: (bool, bool),
    pub worker: usize,
    /// Which of the worker's outermost steps.
    pub at: usize,
    pub name: String,
    /// What else it holds then: two edges with a common guard never happen at once.
    pub guards: BTreeSet<Lock>,
    pub span: Range<usize>,
}

/// Edges that close: each begins where the one before ends.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    pub edges: Vec<Edge>,
}

impl Ring {
    /// Where it stands in the file; the same for rings that differ in their workers only.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        let places: BTreeSet<(usize, usize)> = self.edges.iter().map(|edge| (edge.span.start, edge.span.end)).collect();
        places.into_iter().map(|(start, end)| start..end).collect()
    }
}

/// Adds an edge unless the same worker has it already with no more guards.
pub(super) fn add(edges: &mut Vec<Edge>, edge: Edge) {
    let same = |known: &Edge| {
        (known.from, known.to, known.shared) == (edge.from, edge.to, edge.shared)
            && (known.worker, known.at) == (edge.worker, edge.at)
    };
    match edges.iter().position(same) {
        Some(at) if edges[at].guards.len() > edge.guards.len() => edges[at] = edge,
        None if edges.len() < EDGES => edges.push(edge),
        _ => {}
    }
}

/// For each edge a shortest ring through it that different workers can close at the same time.
pub(super) fn find(edges: &[Edge], phases: &Phases) -> Vec<Ring> {
    let mut from: BTreeMap<Lock, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        from.entry(edge.from).or_default().push(edge);
    }
    edges.iter().filter_map(|first| back(first, &from, phases)).collect()
}

/// The shortest way from where an edge leads to where it begins. Every edge on it fits the first one; that all of
/// them fit each other is asked of the way that is found, so a longer ring may go unseen behind a shorter unfit one.
fn back(first: &Edge, from: &BTreeMap<Lock, Vec<&Edge>>, phases: &Phases) -> Option<Ring> {
    let mut came: BTreeMap<Lock, &Edge> = BTreeMap::new();
    let mut queue = VecDeque::from([first.to]);
    while let Some(lock) = queue.pop_front() {
        for edge in from.get(&lock).into_iter().flatten().filter(|edge| fit(first, edge, phases)) {
            if edge.to == first.from {
                return close(first, edge, &came, phases);
            }
            if edge.to != first.to && !came.contains_key(&edge.to) {
                came.insert(edge.to, edge);
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn close(first: &Edge, last: &Edge, came: &BTreeMap<Lock, &Edge>, phases: &Phases) -> Option<Ring> {
    let mut edges = vec![last.clone()];
    let mut at = last.from;
    while let Some(edge) = came.get(&at) {
        edges.push((*edge).clone());
        at = edge.from;
    }
    edges.push(first.clone());
    edges.reverse();
    let all_fit = (0..edges.len()).all(|a| (0..a).all(|b| fit(&edges[a], &edges[b], phases)));
    // A reader does not wait for another reader.
    let next = edges.iter().cycle().skip(1);
    let all_wait = edges.iter().zip(next).all(|(edge, next)| !(edge.shared.1 && next.shared.0));
    (all_fit && all_wait).then_some(Ring { edges })
}

/// Whether two edges can happen at the same time: different workers, no lock and no order that keeps them apart.
fn fit(one: &Edge, other: &Edge, phases: &Phases) -> bool {
    one.worker != other.worker && one.guards.is_disjoint(&other.guards) && !phases.keep_apart(one, other)
}
