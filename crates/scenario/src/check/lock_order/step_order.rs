//! The order between steps of different workers, as far as it follows from steps outside of branches and loops: spawns,
//! joins, event flags, items of queues, permits that must be released first, and barriers.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::lock_edge::{LockEdge, LockInstance};

/// Most synchronization points. With more, no order is concluded.
const MARKS: usize = 256;

/// Most lookups in one combination of knobs: the lint must not take longer than reading the file.
const LOOKS: usize = 20_000;

/// How many workers an order is followed across.
const DEEP: usize = 6;

/// A position after all steps of a worker.
const END: usize = usize::MAX;

/// How a step synchronizes a worker with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncKind {
    /// Gives something to a waiter of this resource.
    Gives(LockInstance),
    /// Continues only after at least one step gave something.
    Needs(LockInstance),
    Meets(LockInstance),
    Spawns(usize),
    Joins(usize),
    /// Another synchronization, which is not analyzed.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct SyncPoint {
    worker: usize,
    /// The number of the worker's outermost step.
    at: usize,
    /// Whether the worker always runs this step.
    is_unconditional: bool,
    kind: SyncKind,
}

/// The order between the steps of different workers.
#[derive(Debug, Default)]
pub(super) struct StepOrder {
    sync_points: Vec<SyncPoint>,
    /// Workers that run their steps for each of many tasks.
    repeating: Vec<usize>,
    /// The number of parties of each barrier.
    parties: BTreeMap<LockInstance, usize>,
    /// The number of lookups so far.
    lookups: Cell<usize>,
}

impl StepOrder {
    pub(super) fn mark(&mut self, worker: usize, at: usize, must: bool, what: SyncKind) {
        if self.sync_points.len() <= MARKS {
            self.sync_points.push(SyncPoint { worker, at, is_unconditional: must, kind: what });
        }
    }

    /// Notes that the worker runs its steps for each of many tasks.
    pub(super) fn repeats(&mut self, worker: usize) {
        self.repeating.push(worker);
    }

    pub(super) fn parties(&mut self, barrier: LockInstance, parties: usize) {
        self.parties.insert(barrier, parties);
    }

    /// Whether two edges never happen at the same time.
    pub(super) fn never_overlap(&self, one: &LockEdge, other: &LockEdge) -> bool {
        let (one, other) = ((one.worker, one.at), (other.worker, other.at));
        self.precedes(one, other, DEEP) || self.precedes(other, one, DEEP)
    }

    /// Whether only locks decide the order of a worker's steps and those of others.
    pub(super) fn is_unsynchronized(&self, worker: usize) -> bool {
        let touches = |mark: &SyncPoint| mark.worker == worker || mark.kind == SyncKind::Spawns(worker);
        self.sync_points.len() <= MARKS && !self.sync_points.iter().any(touches)
    }

    fn runs_once(&self, worker: usize) -> bool {
        let mut spawns = self.sync_points.iter().filter(|mark| mark.kind == SyncKind::Spawns(worker));
        let spawned_once = match (spawns.next(), spawns.next()) {
            (None, _) => true,
            (Some(mark), None) => {
                mark.is_unconditional && !self.repeating.contains(&mark.worker) && self.starts_once(mark.worker)
            }
            _ => false,
        };
        spawned_once && !self.repeating.contains(&worker)
    }

    /// Whether no step spawns it.
    fn starts_once(&self, worker: usize) -> bool {
        !self.sync_points.iter().any(|mark| mark.kind == SyncKind::Spawns(worker))
    }

    /// Whether a step of one worker ends before a step of another begins.
    fn precedes(&self, first: (usize, usize), then: (usize, usize), deep: usize) -> bool {
        self.lookups.set(self.lookups.get() + 1);
        if deep == 0 || self.sync_points.is_empty() || self.sync_points.len() > MARKS || self.lookups.get() > LOOKS {
            return false;
        }
        let before = |mark: &&SyncPoint| mark.worker == then.0 && mark.at < then.1 && mark.is_unconditional;
        self.starts_after(first, then.0, deep)
            || self.sync_points.iter().filter(before).any(|mark| self.waits_for_step(first, mark, deep))
    }

    /// Whether a worker is spawned only after a step of another.
    fn starts_after(&self, first: (usize, usize), worker: usize, deep: usize) -> bool {
        let mut spawns = self.sync_points.iter().filter(|mark| mark.kind == SyncKind::Spawns(worker)).peekable();
        spawns.peek().is_some() && spawns.all(|mark| self.is_done(first, (mark.worker, mark.at), deep))
    }

    /// Whether the wait at a synchronization point ends only after a step of another worker.
    fn waits_for_step(&self, first: (usize, usize), mark: &SyncPoint, deep: usize) -> bool {
        match mark.kind {
            SyncKind::Needs(what) => {
                let mut gives = self.sync_points.iter().filter(|other| other.kind == SyncKind::Gives(what)).peekable();
                gives.peek().is_some() && gives.all(|other| self.is_done(first, (other.worker, other.at), deep))
            }
            SyncKind::Joins(worker) => {
                // A join does not wait for a worker that is not spawned yet.
                let mut spawns = self.sync_points.iter().filter(|other| other.kind == SyncKind::Spawns(worker));
                let is_there =
                    spawns.all(|other| other.is_unconditional && other.worker == mark.worker && other.at < mark.at);
                is_there && self.runs_once(worker) && self.is_done(first, (worker, END), deep)
            }
            SyncKind::Meets(barrier) => self.meets_after(first, mark, barrier, deep),
            SyncKind::Gives(_) | SyncKind::Spawns(_) | SyncKind::Other => false,
        }
    }

    /// Whether a worker arrives at the same round of a barrier only after a step of another worker.
    fn meets_after(&self, first: (usize, usize), mark: &SyncPoint, barrier: LockInstance, deep: usize) -> bool {
        let all: Vec<&SyncPoint> =
            self.sync_points.iter().filter(|other| other.kind == SyncKind::Meets(barrier)).collect();
        let mut users: Vec<usize> = all.iter().map(|other| other.worker).collect();
        users.dedup();
        let straight = all.iter().all(|other| other.is_unconditional) && users.iter().all(|user| self.runs_once(*user));
        if !straight || self.parties.get(&barrier) != Some(&users.len()) {
            return false;
        }
        let of = |user: usize| all.iter().filter(move |other| other.worker == user);
        let Some(round) = of(mark.worker).position(|other| std::ptr::eq(*other, mark)) else { return false };
        let others = users.iter().filter(|user| **user != mark.worker);
        let mut there = others.filter_map(|user| of(*user).nth(round));
        there.any(|other| self.is_done(first, (other.worker, other.at), deep))
    }

    /// Whether a step has ended when the same or another worker reaches a point.
    fn is_done(&self, step: (usize, usize), point: (usize, usize), deep: usize) -> bool {
        step.0 == point.0 && step.1 < point.1 && self.runs_once(step.0) || self.precedes(step, point, deep - 1)
    }
}
