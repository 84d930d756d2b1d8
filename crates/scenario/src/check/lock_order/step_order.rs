//! What keeps steps of different workers apart in time, as far as straight code tells: a start, an end that is waited for, an
//! event flag, an item of a queue, a permit that must be given first, a barrier.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::lock_cycle::{LockEdge, LockInstance};

/// Steps of this kind that are kept; of more nothing is concluded.
const MARKS: usize = 256;

/// Looks at them in one variant: a lint may not take longer than reading the file.
const LOOKS: usize = 20_000;

/// How far an order is followed from worker to worker.
const DEEP: usize = 6;

/// The end of a worker's steps.
const END: usize = usize::MAX;

/// A step of a worker that others wait for, or that waits for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncKind {
    /// Gives what a worker that waits for this resource needs.
    Gives(LockInstance),
    /// Goes on only after something was given, ever.
    Needs(LockInstance),
    Meets(LockInstance),
    Spawns(usize),
    Joins(usize),
    /// Something else that may keep it apart from others: how is not looked at.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct SyncPoint {
    worker: usize,
    /// Which of the worker's outermost steps.
    at: usize,
    /// Whether the worker cannot get past without doing it.
    is_unconditional: bool,
    kind: SyncKind,
}

/// The order between the steps of all workers.
#[derive(Debug, Default)]
pub(super) struct StepOrder {
    sync_points: Vec<SyncPoint>,
    /// Workers that do their steps again and again: a pool's.
    repeating: Vec<usize>,
    /// Barriers whose parties are all that ever come to them.
    parties: BTreeMap<LockInstance, usize>,
    /// How often an order was looked for.
    lookups: Cell<usize>,
}

impl StepOrder {
    pub(super) fn mark(&mut self, worker: usize, at: usize, must: bool, what: SyncKind) {
        if self.sync_points.len() <= MARKS {
            self.sync_points.push(SyncPoint { worker, at, is_unconditional: must, kind: what });
        }
    }

    /// The worker does its steps for each of many tasks.
    pub(super) fn repeats(&mut self, worker: usize) {
        self.repeating.push(worker);
    }

    pub(super) fn parties(&mut self, barrier: LockInstance, parties: usize) {
        self.parties.insert(barrier, parties);
    }

    /// Whether the two never happen at the same time.
    pub(super) fn never_overlap(&self, one: &LockEdge, other: &LockEdge) -> bool {
        let (one, other) = ((one.worker, one.at), (other.worker, other.at));
        self.precedes(one, other, DEEP) || self.precedes(other, one, DEEP)
    }

    /// Whether nothing but locks decides when a worker does its steps.
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

    /// Whether nobody spawns it.
    fn starts_once(&self, worker: usize) -> bool {
        !self.sync_points.iter().any(|mark| mark.kind == SyncKind::Spawns(worker))
    }

    /// Whether all that a worker does in one of its steps is over before another begins one of its.
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

    /// Whether what a worker waits for comes only after a step of another.
    fn waits_for_step(&self, first: (usize, usize), mark: &SyncPoint, deep: usize) -> bool {
        match mark.kind {
            SyncKind::Needs(what) => {
                let mut gives = self.sync_points.iter().filter(|other| other.kind == SyncKind::Gives(what)).peekable();
                gives.peek().is_some() && gives.all(|other| self.is_done(first, (other.worker, other.at), deep))
            }
            SyncKind::Joins(worker) => {
                // One that was not spawned yet is not waited for.
                let mut spawns = self.sync_points.iter().filter(|other| other.kind == SyncKind::Spawns(worker));
                let is_there =
                    spawns.all(|other| other.is_unconditional && other.worker == mark.worker && other.at < mark.at);
                is_there && self.runs_once(worker) && self.is_done(first, (worker, END), deep)
            }
            SyncKind::Meets(barrier) => self.meets_after(first, mark, barrier, deep),
            SyncKind::Gives(_) | SyncKind::Spawns(_) | SyncKind::Other => false,
        }
    }

    /// Whether somebody comes to the same round of a barrier only after a step of another.
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

    /// Whether a step of one worker is over when a point in another's steps, or its own, is reached.
    fn is_done(&self, step: (usize, usize), point: (usize, usize), deep: usize) -> bool {
        step.0 == point.0 && step.1 < point.1 && self.runs_once(step.0) || self.precedes(step, point, deep - 1)
    }
}
