//! Observed evidence: waits that two looks from outside agree on.
//!
//! A look tells for each worker a count that grows whenever the worker runs, and what it was blocked on. If two looks
//! in a row see the worker blocked on the same resource, held by the same workers, and neither its own count nor a
//! holder's grew, and no event of them is newer than the first of these looks, then all of them stood still in between:
//! the holder did not release anything and the waiter got nothing. Of a worker that records events itself, all up to
//! the first look must have arrived. So each such edge of the wait-for graph was true at
//! one common moment, that of the second look. A set of workers that wait only for each other by such edges cannot have
//! gone on since. An event of one of them proves that the look erred, and takes the verdict back.

use std::collections::BTreeMap;

use super::Model;
use super::lane::Lane;
use super::wait_graph::{Blockers, WaitEdge};
use contend_trace::{Evidence, Look, ResourceId, SeenWait, SeenWorker, Stamp, WorkerId};

/// The two newest looks, each with its moment if there was one.
#[derive(Debug, Clone, Default)]
pub(super) struct Looks {
    older: (Option<Stamp>, BTreeMap<WorkerId, SeenWorker>),
    newer: (Option<Stamp>, BTreeMap<WorkerId, SeenWorker>),
    /// The first of all looks in a row that saw a worker as the newest one does.
    unchanged_since: BTreeMap<WorkerId, Stamp>,
}

impl Looks {
    /// Whether the newest look saw no worker.
    pub(super) fn is_empty(&self) -> bool {
        self.newer.1.is_empty()
    }

    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        self.older.1.remove(&worker);
        self.newer.1.remove(&worker);
        self.unchanged_since.remove(&worker);
    }

    /// Adds a look. One that is not newer than the others says nothing about the present.
    fn add(&mut self, at: Stamp, seen: BTreeMap<WorkerId, SeenWorker>) {
        if Some(at) <= self.newer.0 {
            return;
        }
        self.older = std::mem::replace(&mut self.newer, (Some(at), seen));
        let (looks, since) = (&self.newer.1, std::mem::take(&mut self.unchanged_since));
        let unchanged = looks.iter().filter(|(worker, seen)| self.older.1.get(worker) == Some(seen));
        let first = |worker: &WorkerId| Some((*worker, since.get(worker).copied().or(self.older.0)?));
        self.unchanged_since = unchanged.filter_map(|(worker, _)| first(worker)).collect();
    }

    /// Whether both looks saw the worker, and it did not move in between.
    fn is_unmoved(&self, worker: WorkerId) -> bool {
        let moved = |look: &BTreeMap<WorkerId, SeenWorker>| look.get(&worker).map(|seen| seen.moved);
        moved(&self.older.1).is_some_and(|before| moved(&self.newer.1) == Some(before))
    }

    /// Returns the wait of a worker that both looks agree on.
    fn wait(&self, worker: WorkerId) -> Option<&SeenWait> {
        let wait = self.newer.1.get(&worker)?.wait.as_ref()?;
        let before = self.older.1.get(&worker)?.wait.as_ref()?;
        (wait == before && self.is_unmoved(worker)).then_some(wait)
    }
}

impl Model {
    pub(super) fn apply_look(&mut self, look: &Look) {
        self.newest_stamp = self.newest_stamp.max(look.at);
        let seen = look.workers.iter().map(|seen| (seen.worker, seen.clone())).collect();
        let is_known = |worker: &WorkerId| self.lanes.get(worker.index()).is_some();
        self.health.anomalies += look.workers.iter().filter(|seen| !is_known(&seen.worker)).count() as u64;
        self.looks.add(look.at, seen);
    }

    /// Whether a worker stood still from the older look on, as far as looks and its own events tell.
    fn stood_still(&self, worker: WorkerId) -> bool {
        let older = self.looks.older.0;
        let has_no_newer_event = |lane: &Lane| {
            let is_complete = lane.life_count() == 0 || self.complete_until >= older;
            is_complete && Some(lane.newest_stamp) <= older
        };
        self.looks.is_unmoved(worker) && self.lanes.get(worker.index()).is_some_and(has_no_newer_event)
    }

    /// Returns the observed wait of a worker for a resource without numbers.
    fn observed_wait(&self, waiter: WorkerId) -> Option<&SeenWait> {
        let wait = self.looks.wait(waiter).filter(|_| self.stood_still(waiter))?;
        (self.registry.evidence(wait.on) == Evidence::Observed).then_some(wait)
    }

    /// Returns the workers that a worker was seen to wait for.
    pub(super) fn observed_blockers(&self, waiter: WorkerId) -> Blockers {
        let Some(wait) = self.observed_wait(waiter) else { return Blockers::default() };
        if wait.held_by.is_empty() || !wait.held_by.iter().all(|holder| self.stood_still(*holder)) {
            return Blockers::default();
        }
        let edge = |holder: &WorkerId| WaitEdge {
            waiter,
            holder: *holder,
            lock: wait.on,
            is_timed: wait.is_timed,
            evidence: Evidence::Observed,
        };
        let mut edges: Vec<WaitEdge> = wait.held_by.iter().map(edge).collect();
        edges.sort_by_key(|edge| edge.holder);
        edges.dedup_by_key(|edge| edge.holder);
        Blockers { required: edges.len(), edges }
    }

    /// Returns what a worker waits for in a verdict, and since when: as its own events tell, or else as it was seen.
    pub(super) fn wait_of(&self, worker: WorkerId) -> (Option<ResourceId>, Stamp) {
        let activity = self.lanes[worker.index()].activity;
        match self.observed_wait(worker) {
            Some(wait) if activity.resource != Some(wait.on) => {
                let since = self.looks.unchanged_since.get(&worker).copied().or(self.looks.older.0);
                (Some(wait.on), since.unwrap_or_default())
            }
            _ => (activity.resource, activity.since),
        }
    }
}
