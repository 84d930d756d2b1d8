//! Locks in virtual time: their free capacity and their waiters.

use std::collections::VecDeque;

use super::WorkerPosition;
use super::simulator::{LockClaim, Simulator};
use crate::scenario::{Step, Target};
use crate::trace::State;

pub(super) struct SimLock {
    /// Free capacity: a reader takes one of many, a writer all.
    pub(super) free: u64,
    pub(super) capacity: u64,
    /// The waiters, and how much each wants.
    pub(super) waiters: VecDeque<(usize, u64)>,
    pub(super) is_open: bool,
}

impl SimLock {
    /// Admits the first waiter, if there is room for it.
    fn admit_next(&mut self) -> Option<usize> {
        let (next, much) = self.waiters.front().copied().filter(|(_, much)| *much <= self.free)?;
        self.free -= much;
        self.waiters.pop_front();
        Some(next)
    }
}

impl<'a> Simulator<'a> {
    pub(super) fn run_locked(&mut self, worker: usize, target: &Target, much: u64, body: &'a [Step], now: u64) {
        let lock = self.resolve_lock(target, self.position_of(worker), much);
        self.push_frame(worker, body, 0, lock);
        self.acquire(worker, lock, now);
    }

    /// Tries a lock once; failure shows the full timeout as waiting.
    pub(super) fn try_run_locked(
        &mut self,
        worker: usize,
        target: &Target,
        (body, otherwise): (&'a [Step], &'a [Step]),
        waited: u64,
        now: u64,
    ) {
        let lock = self.resolve_lock(target, self.position_of(worker), 1);
        if self.is_free(lock) {
            self.push_frame(worker, body, 0, lock);
            self.acquire(worker, lock, now);
        } else {
            self.push_frame(worker, otherwise, 0, None);
            self.spend(worker, now, State::Lock, waited);
        }
    }

    /// Returns the lock that a target names; `None` if it is not a lock, or is switched off.
    pub(super) fn resolve_lock(&self, target: &Target, place: WorkerPosition<'_>, much: u64) -> Option<LockClaim> {
        let index = self.resource_index(target, place);
        let lock = &self.locks[index];
        (!lock.is_open).then_some((index, much.clamp(1, lock.capacity.max(1))))
    }

    fn is_free(&self, lock: Option<LockClaim>) -> bool {
        lock.is_none_or(|(i, much)| self.locks[i].free >= much)
    }

    pub(super) fn acquire(&mut self, worker: usize, lock: Option<LockClaim>, now: u64) {
        let Some((lock, much)) = lock.map(|(i, much)| (&mut self.locks[i], much)) else { return };
        if lock.free >= much && lock.waiters.is_empty() {
            lock.free -= much;
        } else {
            lock.waiters.push_back((worker, much));
            self.block_worker(worker, now, State::Lock);
        }
    }

    pub(super) fn release(&mut self, lock: Option<LockClaim>, now: u64) {
        let Some((at, much)) = lock else { return };
        self.locks[at].free = self.locks[at].free.saturating_add(much);
        while let Some(next) = self.locks[at].admit_next() {
            self.wake(next, now);
        }
    }
}
