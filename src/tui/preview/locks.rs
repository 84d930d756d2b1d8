//! Steps on locks in virtual time.

use super::WorkerPosition;
use super::sim_resources::LockClaim;
use super::simulator::Simulator;
use crate::scenario::{Step, Target};
use crate::trace::State;

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
