//! A lock for many readers or one writer, with a policy for precedence.
//!
//! No reader waits for other readers alone: if it waits while readers hold the lock, a writer waits ahead of it, and
//! the reader does not overtake that writer. A reader that could be admitted stays admissible, whichever workers arrive
//! until it wakes. The proof of deadlocks relies on this. A process that is killed while it waits or holds the lock
//! counts forever, as with the system's rwlocks.

use super::monitor::{Monitor, MonitorGuard};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId, RwPolicy};

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

#[derive(Debug, Clone, Copy)]
pub struct Rwlock<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    policy: RwPolicy,
}

/// How many workers had arrived before a waiter.
#[derive(Debug, Clone, Copy)]
struct ArrivalCounts {
    writers: u64,
    readers: u64,
}

impl ArrivalCounts {
    fn now(guard: &MonitorGuard<'_>) -> Self {
        Self { writers: guard.get(WRITERS_ARRIVED), readers: guard.get(READERS_ARRIVED) }
    }
}

impl<'a> Rwlock<'a> {
    /// Returns the rwlock in this monitor's words.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, policy: RwPolicy) -> Self {
        Self { id, monitor, policy }
    }

    /// Initialises the lock. Called once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
    }

    /// Locks for reading.
    pub async fn read(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let before = ArrivalCounts::now(&guard);
        if !self.may_read(&guard, before) {
            let writers_ahead = if self.policy == RwPolicy::Readers { 0 } else { before.writers };
            self.record_wait(
                EventKind::RwlockRequest { lock: self.id, writers_ahead, shared: true },
                before.readers,
                recorder,
            );
            increment(&mut guard, READERS_ARRIVED);
            while !self.may_read(&guard, before) {
                guard = guard.wait(CHANGED).await;
            }
            increment(&mut guard, READERS_ADMITTED);
        }
        increment(&mut guard, READERS);
        self.record_grant(guard, Grant::shared, recorder);
    }

    /// Locks for writing.
    pub async fn write(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let before = ArrivalCounts::now(&guard);
        if !self.may_write(&guard, before) {
            let request = EventKind::RwlockRequest { lock: self.id, writers_ahead: before.writers, shared: false };
            self.record_wait(request, guard.get(READERS_ADMITTED_FIRST), recorder);
            increment(&mut guard, WRITERS_ARRIVED);
            while !self.may_write(&guard, before) {
                guard = guard.wait(CHANGED).await;
            }
            increment(&mut guard, WRITERS_ADMITTED);
        }
        guard.set(WRITER, 1);
        self.record_grant(guard, Grant, recorder);
    }

    /// Unlocks, whichever way the lock is held.
    pub fn unlock(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let was_writer = guard.get(WRITER) > 0;
        if was_writer {
            guard.set(WRITER, 0);
            if guard.get(WRITERS_ARRIVED) == guard.get(WRITERS_ADMITTED) {
                guard.set(READERS_ADMITTED_FIRST, guard.get(READERS_ARRIVED));
            }
        } else {
            guard.set(READERS, guard.get(READERS).saturating_sub(1));
        }
        let waiting = [(READERS_ARRIVED, READERS_ADMITTED), (WRITERS_ARRIVED, WRITERS_ADMITTED)];
        if guard.get(READERS) == 0
            && waiting.iter().any(|(arrived, admitted)| guard.get(*arrived) > guard.get(*admitted))
        {
            guard.wake_all(CHANGED);
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_released(at, self.id);
    }

    /// Records that the worker begins to wait. Only if writers take precedence does `count` matter: the number of
    /// readers that go before a writer, or the reader's own number.
    fn record_wait(self, request: EventKind, count: u64, recorder: &mut Recorder<'_>) {
        let requests = [request, EventKind::RwlockReaders { lock: self.id, count }];
        let recorded = if self.policy == RwPolicy::Writers { 2 } else { 1 };
        recorder.wait_for_lock_after(&requests[..recorded], self.id, false);
    }

    fn may_read(self, guard: &MonitorGuard<'_>, before: ArrivalCounts) -> bool {
        let writers_first = match self.policy {
            RwPolicy::Readers => 0,
            RwPolicy::Writers => guard.get(WRITERS_ARRIVED),
            RwPolicy::Fair => before.writers,
        };
        let in_turn =
            guard.get(WRITERS_ADMITTED) >= writers_first || guard.get(READERS_ADMITTED_FIRST) > before.readers;
        guard.get(WRITER) == 0 && in_turn
    }

    fn may_write(self, guard: &MonitorGuard<'_>, before: ArrivalCounts) -> bool {
        let free = guard.get(WRITER) == 0 && guard.get(READERS) == 0;
        let in_turn = guard.get(WRITERS_ADMITTED) >= before.writers && guard.get(READERS_ADMITTED) >= before.readers;
        free && (self.policy != RwPolicy::Fair || in_turn)
    }

    fn record_grant(self, mut guard: MonitorGuard<'_>, grant: impl Fn(u64) -> Grant, recorder: &mut Recorder<'_>) {
        increment(&mut guard, GRANTS);
        let (at, number) = (recorder.now(), guard.get(GRANTS));
        drop(guard);
        recorder.record_acquired_at(at, self.id, grant(number));
    }
}

fn increment(guard: &mut MonitorGuard<'_>, word: usize) {
    guard.set(word, guard.get(word) + 1);
}
