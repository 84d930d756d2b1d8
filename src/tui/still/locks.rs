//! Locks in virtual time: what is free of each, and who waits for it.

use std::collections::VecDeque;

use super::Place;
use super::player::{Player, Taken};
use crate::scenario::{Step, Target};
use crate::trace::State;

pub(super) struct Lock {
    /// How many can still have it; a reader takes one of many, a writer all.
    pub(super) free: u64,
    pub(super) room: u64,
    /// Who waits, and for how many.
    pub(super) waiting: VecDeque<(usize, u64)>,
    pub(super) open: bool,
}

impl Lock {
    /// The next in line, if there is room for it now.
    fn let_in(&mut self) -> Option<usize> {
        let (next, much) = self.waiting.front().copied().filter(|(_, much)| *much <= self.free)?;
        self.free -= much;
        self.waiting.pop_front();
        Some(next)
    }
}

impl<'a> Player<'a> {
    pub(super) fn hold(&mut self, worker: usize, target: &Target, much: u64, body: &'a [Step], now: u64) {
        let lock = self.lock(target, self.place(worker), much);
        self.enter(worker, body, 0, lock);
        self.acquire(worker, lock, now);
    }

    /// One attempt; who fails at it has waited so long.
    pub(super) fn try_hold(
        &mut self,
        worker: usize,
        target: &Target,
        (body, otherwise): (&'a [Step], &'a [Step]),
        waited: u64,
        now: u64,
    ) {
        let lock = self.lock(target, self.place(worker), 1);
        if self.is_free(lock) {
            self.enter(worker, body, 0, lock);
            self.acquire(worker, lock, now);
        } else {
            self.enter(worker, otherwise, 0, None);
            self.spend(worker, now, State::Lock, waited);
        }
    }

    /// Which lock a target names; `None` for what is no lock, or one that is switched off.
    pub(super) fn lock(&self, target: &Target, place: Place<'_>, much: u64) -> Option<Taken> {
        let index = self.index(target, place);
        let lock = &self.locks[index];
        (!lock.open).then_some((index, much.clamp(1, lock.room.max(1))))
    }

    fn is_free(&self, lock: Option<Taken>) -> bool {
        lock.is_none_or(|(i, much)| self.locks[i].free >= much)
    }

    pub(super) fn acquire(&mut self, worker: usize, lock: Option<Taken>, now: u64) {
        let Some((lock, much)) = lock.map(|(i, much)| (&mut self.locks[i], much)) else { return };
        if lock.free >= much && lock.waiting.is_empty() {
            lock.free -= much;
        } else {
            lock.waiting.push_back((worker, much));
            self.halt(worker, now, State::Lock);
        }
    }

    pub(super) fn release(&mut self, lock: Option<Taken>, now: u64) {
        let Some((at, much)) = lock else { return };
        self.locks[at].free = self.locks[at].free.saturating_add(much);
        while let Some(next) = self.locks[at].let_in() {
            self.wake(next, now);
        }
    }
}
