//! What keeps steps of different workers apart in time, as far as straight code tells: a start, an end that is waited for, an
//! event flag, an item of a queue, a permit that must be given first, a barrier.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::ring::{Edge, Lock};

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
pub(super) enum What {
    /// Gives what a worker that waits for this resource needs.
    Gives(Lock),
    /// Goes on only after something was given, ever.
    Needs(Lock),
    Meets(Lock),
    Spawns(usize),
    Joins(usize),
    /// Something else that may keep it apart from others: how is not looked at.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    worker: usize,
    /// Which of the worker's outermost steps.
    at: usize,
    /// Whether the worker cannot get past without doing it.
    must: bool,
    what: What,
}

/// The order between the steps of all workers.
#[derive(Debug, Default)]
pub(super) struct Phases {
    marks: Vec<Mark>,
    /// Workers that do their steps again and again: a pool's.
    again: Vec<usize>,
    /// Barriers whose parties are all that ever come to them.
    parties: BTreeMap<Lock, usize>,
    /// How often an order was looked for.
    looks: Cell<usize>,
}

impl Phases {
    pub(super) fn mark(&mut self, worker: usize, at: usize, must: bool, what: What) {
        if self.marks.len() <= MARKS {
            self.marks.push(Mark { worker, at, must, what });
        }
    }

    /// The worker does its steps for each of many tasks.
    pub(super) fn repeats(&mut self, worker: usize) {
        self.again.push(worker);
    }

    pub(super) fn parties(&mut self, barrier: Lock, parties: usize) {
        self.parties.insert(barrier, parties);
    }

    /// Whether the two never happen at the same time.
    pub(super) fn keep_apart(&self, one: &Edge, other: &Edge) -> bool {
        let (one, other) = ((one.worker, one.at), (other.worker, other.at));
        self.precedes(one, other, DEEP) || self.precedes(other, one, DEEP)
    }

    /// Whether nothing but locks decides when a worker does its steps.
    pub(super) fn is_alone(&self, worker: usize) -> bool {
        let touches = |mark: &Mark| mark.worker == worker || mark.what == What::Spawns(worker);
        self.marks.len() <= MARKS && !self.marks.iter().any(touches)
    }

    fn once(&self, worker: usize) -> bool {
        let mut spawns = self.marks.iter().filter(|mark| mark.what == What::Spawns(worker));
        let spawned_once = match (spawns.next(), spawns.next()) {
            (None, _) => true,
            (Some(mark), None) => mark.must && !self.again.contains(&mark.worker) && self.once_begun(mark.worker),
            _ => false,
        };
        spawned_once && !self.again.contains(&worker)
    }

    /// Whether nobody spawns it.
    fn once_begun(&self, worker: usize) -> bool {
        !self.marks.iter().any(|mark| mark.what == What::Spawns(worker))
    }

    /// Whether all that a worker does in one of its steps is over before another begins one of its.
    fn precedes(&self, first: (usize, usize), then: (usize, usize), deep: usize) -> bool {
        self.looks.set(self.looks.get() + 1);
        if deep == 0 || self.marks.is_empty() || self.marks.len() > MARKS || self.looks.get() > LOOKS {
            return false;
        }
        let before = |mark: &&Mark| mark.worker == then.0 && mark.at < then.1 && mark.must;
        self.starts_after(first, then.0, deep)
            || self.marks.iter().filter(before).any(|mark| self.waits(first, mark, deep))
    }

    /// Whether a worker is spawned only after a step of another.
    fn starts_after(&self, first: (usize, usize), worker: usize, deep: usize) -> bool {
        let mut spawns = self.marks.iter().filter(|mark| mark.what == What::Spawns(worker)).peekable();
        spawns.peek().is_some() && spawns.all(|mark| self.is_done(first, (mark.worker, mark.at), deep))
    }

    /// Whether what a worker waits for comes only after a step of another.
    fn waits(&self, first: (usize, usize), mark: &Mark, deep: usize) -> bool {
        match mark.what {
            What::Needs(what) => {
                let mut gives = self.marks.iter().filter(|other| other.what == What::Gives(what)).peekable();
                gives.peek().is_some() && gives.all(|other| self.is_done(first, (other.worker, other.at), deep))
            }
            What::Joins(worker) => {
                // One that was not spawned yet is not waited for.
                let mut spawns = self.marks.iter().filter(|other| other.what == What::Spawns(worker));
                let is_there = spawns.all(|other| other.must && other.worker == mark.worker && other.at < mark.at);
                is_there && self.once(worker) && self.is_done(first, (worker, END), deep)
            }
            What::Meets(barrier) => self.meets_after(first, mark, barrier, deep),
            What::Gives(_) | What::Spawns(_) | What::Other => false,
        }
    }

    /// Whether somebody comes to the same round of a barrier only after a step of another.
    fn meets_after(&self, first: (usize, usize), mark: &Mark, barrier: Lock, deep: usize) -> bool {
        let all: Vec<&Mark> = self.marks.iter().filter(|other| other.what == What::Meets(barrier)).collect();
        let mut users: Vec<usize> = all.iter().map(|other| other.worker).collect();
        users.dedup();
        let straight = all.iter().all(|other| other.must) && users.iter().all(|user| self.once(*user));
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
        step.0 == point.0 && step.1 < point.1 && self.once(step.0) || self.precedes(step, point, deep - 1)
    }
}
