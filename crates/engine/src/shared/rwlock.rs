//! A lock that many readers, or one writer, can have, with a policy for who goes first.
//!
//! No reader waits for other readers alone: if it waits while readers are in, a writer waits before it, and it will not go
//! in before that one. A reader that could go in stays able to, whoever comes until it wakes. The proof that a deadlock is
//! one rests on this. A process that is killed while it waits or is in counts for ever, as with the rwlocks of systems.

use super::monitor::{Monitor, MonitorGuard};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId, RwPolicy};

/// Readers that are in.
const READERS: usize = 0;
/// 1 while a writer is in.
const WRITER: usize = 1;
/// How often it was granted.
const GRANTS: usize = 2;
/// Writers that ever had to wait, and those of them that have gone in.
const WRITERS_ARRIVED: usize = 3;
const WRITERS_ADMITTED: usize = 4;
/// The same of readers.
const READERS_ARRIVED: usize = 5;
const READERS_ADMITTED: usize = 6;
/// Of readers that had to wait the first so many may go in, whatever writers come.
const READERS_ADMITTED_FIRST: usize = 7;
/// Rung when somebody who waits may go in.
const CHANGED: WakeCounter = WakeCounter(8);

#[derive(Debug, Clone, Copy)]
pub struct Rwlock<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    policy: RwPolicy,
}

/// How many had come before one that waits.
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
    /// The rwlock in this monitor's words.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, policy: RwPolicy) -> Self {
        Self { id, monitor, policy }
    }

    /// Makes it usable: once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
    }

    /// Goes in as a reader.
    pub async fn read(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let before = ArrivalCounts::now(&guard);
        if !self.may_read(&guard, before) {
            let behind = if self.policy == RwPolicy::Readers { 0 } else { before.writers };
            self.record_wait(
                EventKind::RwlockRequest { lock: self.id, writers_ahead: behind, shared: true },
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

    /// Goes in as the writer.
    pub async fn write(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let before = ArrivalCounts::now(&guard);
        if !self.may_write(&guard, before) {
            let ask = EventKind::RwlockRequest { lock: self.id, writers_ahead: before.writers, shared: false };
            self.record_wait(ask, guard.get(READERS_ADMITTED_FIRST), recorder);
            increment(&mut guard, WRITERS_ARRIVED);
            while !self.may_write(&guard, before) {
                guard = guard.wait(CHANGED).await;
            }
            increment(&mut guard, WRITERS_ADMITTED);
        }
        guard.set(WRITER, 1);
        self.record_grant(guard, Grant, recorder);
    }

    /// Leaves, as whatever it is in.
    pub fn unlock(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let writer = guard.get(WRITER) > 0;
        if writer {
            guard.set(WRITER, 0);
            if guard.get(WRITERS_ARRIVED) == guard.get(WRITERS_ADMITTED) {
                guard.set(READERS_ADMITTED_FIRST, guard.get(READERS_ARRIVED));
            }
        } else {
            guard.set(READERS, guard.get(READERS).saturating_sub(1));
        }
        let waiting = [(READERS_ARRIVED, READERS_ADMITTED), (WRITERS_ARRIVED, WRITERS_ADMITTED)];
        if guard.get(READERS) == 0 && waiting.iter().any(|(came, went)| guard.get(*came) > guard.get(*went)) {
            guard.wake_all(CHANGED);
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_released(at, self.id);
    }

    /// Tells that it begins to wait. Where writers go first it matters which readers those that wait let in before them, and
    /// which reader one is.
    fn record_wait(self, ask: EventKind, count: u64, recorder: &mut Recorder<'_>) {
        let asks = [ask, EventKind::RwlockReaders { lock: self.id, count }];
        let told = if self.policy == RwPolicy::Writers { 2 } else { 1 };
        recorder.wait_for_lock_after(&asks[..told], self.id, false);
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
