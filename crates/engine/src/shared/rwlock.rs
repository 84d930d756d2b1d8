//! A lock for many readers or one writer, with a policy for precedence.
//!
//! No reader waits for other readers alone: if it waits while readers hold the lock, a writer waits ahead of it, and
//! the reader does not overtake that writer. A reader that could be admitted stays admissible, whichever workers arrive
//! until it wakes. The proof of deadlocks relies on this. A process that is killed while it waits or holds the lock
//! counts forever, as with the system's rwlocks.

use std::time::Instant;

use super::monitor::{Monitor, MonitorGuard, has_passed};
use super::rwlock_line::{LinePlace, RwCounts, RwlockLine};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId, RwPolicy, WorkerId};

/// Readers that hold the lock.
const READERS: usize = 0;
/// 1 while a writer holds the lock.
const WRITER: usize = 1;
/// The number of grants.
const GRANTS: usize = 2;
/// The total of writers that had to wait, and how many of them were admitted.
const WRITERS_ARRIVED: usize = 3;
const WRITERS_ADMITTED: usize = 4;
/// The same for readers.
const READERS_ARRIVED: usize = 5;
const READERS_ADMITTED: usize = 6;
/// The number of readers, the first of those that had to wait, that are admitted whichever writers arrive.
const READERS_ADMITTED_FIRST: usize = 7;
/// Wakes waiters when one may be admitted.
const CHANGED: WakeCounter = WakeCounter(8);
/// How many writers, and readers, gave up while they waited.
const WRITERS_LEFT: usize = 9;
const READERS_LEFT: usize = 10;

#[derive(Debug, Clone, Copy)]
pub struct Rwlock<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    policy: RwPolicy,
    line: Option<RwlockLine<'a>>,
}

impl<'a> Rwlock<'a> {
    /// Returns the rwlock in this monitor's words. `line` is needed where waiters of a fair one may give up.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, policy: RwPolicy, line: Option<RwlockLine<'a>>) -> Self {
        Self { id, monitor, policy, line }
    }

    /// Initialises the lock. Called once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
    }

    /// Locks for reading, before the deadline. Returns whether it did.
    pub async fn read(self, worker: WorkerId, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.monitor.enter();
        let mut place = end_of_line(&guard);
        if !self.may_read(&guard, place) {
            let writers_ahead = if self.policy == RwPolicy::Readers { 0 } else { place.before.writers };
            let request = EventKind::RwlockRequest { lock: self.id, writers_ahead, shared: true };
            self.record_wait(request, place.before.readers, deadline, recorder);
            self.enter_line(worker, place);
            increment(&mut guard, READERS_ARRIVED);
            while !self.may_read(&guard, place) {
                if has_passed(deadline) {
                    self.line.inspect(|line| line.close_gap_of_reader(self.id, place));
                    increment(&mut guard, READERS_LEFT);
                    self.give_up(guard, worker, recorder);
                    return false;
                }
                guard = guard.wait_until(CHANGED, deadline).await;
                place.needed = self.needed(worker, place);
            }
            self.leave_line(worker);
            increment(&mut guard, READERS_ADMITTED);
        } else if deadline.is_some() {
            recorder.write(recorder.now(), EventKind::TimedAttempt { lock: self.id });
        }
        increment(&mut guard, READERS);
        self.record_grant(guard, Grant::shared, recorder);
        true
    }

    /// Locks for writing, before the deadline. Returns whether it did.
    pub async fn write(self, worker: WorkerId, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.monitor.enter();
        let mut place = end_of_line(&guard);
        if !self.may_write(&guard, place) {
            let writers_ahead = place.before.writers;
            let request = EventKind::RwlockRequest { lock: self.id, writers_ahead, shared: false };
            self.record_wait(request, guard.get(READERS_ADMITTED_FIRST), deadline, recorder);
            self.enter_line(worker, place);
            increment(&mut guard, WRITERS_ARRIVED);
            while !self.may_write(&guard, place) {
                if has_passed(deadline) {
                    self.line.inspect(|line| line.close_gap_of_writer(self.id, place));
                    increment(&mut guard, WRITERS_LEFT);
                    self.give_up(guard, worker, recorder);
                    return false;
                }
                guard = guard.wait_until(CHANGED, deadline).await;
                place.needed = self.needed(worker, place);
            }
            self.leave_line(worker);
            increment(&mut guard, WRITERS_ADMITTED);
        } else if deadline.is_some() {
            recorder.write(recorder.now(), EventKind::TimedAttempt { lock: self.id });
        }
        guard.set(WRITER, 1);
        self.record_grant(guard, Grant, recorder);
        true
    }

    fn enter_line(self, worker: WorkerId, place: LinePlace) {
        self.line.inspect(|line| line.enter(worker, self.id, place));
    }

    fn leave_line(self, worker: WorkerId) {
        self.line.inspect(|line| line.leave(worker));
    }

    /// Returns how many must be admitted before the worker now: fewer than at first if some ahead gave up.
    fn needed(self, worker: WorkerId, place: LinePlace) -> RwCounts {
        self.line.and_then(|line| line.needed(worker)).unwrap_or(place.needed)
    }

    /// Ends a wait whose deadline has passed. Workers behind may be admissible now.
    fn give_up(self, mut guard: MonitorGuard<'_>, worker: WorkerId, recorder: &mut Recorder<'_>) {
        self.leave_line(worker);
        if guard.get(WRITER) == 0 {
            admit_readers_before_later_writers(&mut guard);
        }
        if waiting_readers(&guard) + waiting_writers(&guard) > 0 {
            guard.wake_all(CHANGED);
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_gave_up(at, self.id);
    }

    /// Unlocks, whichever way the lock is held.
    pub fn unlock(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let was_writer = guard.get(WRITER) > 0;
        if was_writer {
            guard.set(WRITER, 0);
            admit_readers_before_later_writers(&mut guard);
        } else {
            guard.set(READERS, guard.get(READERS).saturating_sub(1));
        }
        if guard.get(READERS) == 0 && waiting_readers(&guard) + waiting_writers(&guard) > 0 {
            guard.wake_all(CHANGED);
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_released(at, self.id);
    }

    /// Records that the worker begins to wait. Only if writers take precedence does `count` matter: the number of
    /// readers that go before a writer, or the reader's own number.
    fn record_wait(self, request: EventKind, count: u64, deadline: Option<Instant>, recorder: &mut Recorder<'_>) {
        let requests = [request, EventKind::RwlockReaders { lock: self.id, count }];
        let recorded = if self.policy == RwPolicy::Writers { 2 } else { 1 };
        recorder.wait_for_lock_after(&requests[..recorded], self.id, deadline.is_some());
    }

    fn may_read(self, guard: &MonitorGuard<'_>, place: LinePlace) -> bool {
        let in_turn = match self.policy {
            RwPolicy::Readers => true,
            RwPolicy::Writers => waiting_writers(guard) == 0,
            RwPolicy::Fair => guard.get(WRITERS_ADMITTED) >= place.needed.writers,
        };
        guard.get(WRITER) == 0 && (in_turn || guard.get(READERS_ADMITTED_FIRST) > place.before.readers)
    }

    fn may_write(self, guard: &MonitorGuard<'_>, place: LinePlace) -> bool {
        let free = guard.get(WRITER) == 0 && guard.get(READERS) == 0;
        let needed = place.needed;
        let in_turn = guard.get(WRITERS_ADMITTED) >= needed.writers && guard.get(READERS_ADMITTED) >= needed.readers;
        free && (self.policy != RwPolicy::Fair || in_turn)
    }

    fn record_grant(self, mut guard: MonitorGuard<'_>, grant: impl Fn(u64) -> Grant, recorder: &mut Recorder<'_>) {
        increment(&mut guard, GRANTS);
        let (at, number) = (recorder.now(), guard.get(GRANTS));
        drop(guard);
        recorder.record_acquired_at(at, self.id, grant(number));
    }
}

/// Returns the place of a worker that arrives now.
fn end_of_line(guard: &MonitorGuard<'_>) -> LinePlace {
    let before = RwCounts { writers: guard.get(WRITERS_ARRIVED), readers: guard.get(READERS_ARRIVED) };
    let needed = RwCounts {
        writers: before.writers - guard.get(WRITERS_LEFT),
        readers: before.readers - guard.get(READERS_LEFT),
    };
    LinePlace { before, needed }
}

fn waiting_writers(guard: &MonitorGuard<'_>) -> u64 {
    guard.get(WRITERS_ARRIVED) - guard.get(WRITERS_ADMITTED) - guard.get(WRITERS_LEFT)
}

fn waiting_readers(guard: &MonitorGuard<'_>) -> u64 {
    guard.get(READERS_ARRIVED) - guard.get(READERS_ADMITTED) - guard.get(READERS_LEFT)
}

/// If no writer waits, admits the readers that wait, whichever writers arrive before they wake.
fn admit_readers_before_later_writers(guard: &mut MonitorGuard<'_>) {
    if waiting_writers(guard) == 0 {
        guard.set(READERS_ADMITTED_FIRST, guard.get(READERS_ARRIVED));
    }
}

fn increment(guard: &mut MonitorGuard<'_>, word: usize) {
    guard.set(word, guard.get(word) + 1);
}
