//! The handle with which one worker records its events.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{EventKind, ExitKind, Grant, MarkId, Record, ResourceId, RingWriter, State};
use contend_shm::Clock;

/// Records the events of one worker: stamps them and writes them to its ring.
///
/// An event costs one clock read and one 16-byte store, without a system call or a lock. [`WorkerWriter::record`] takes
/// any event; the other methods are for events that go with others or with the wait slot: beginning and end of a life,
/// locks, and waits for something that another worker must provide.
///
/// Methods that end in `_at` take a stamp from [`WorkerWriter::now`]. One stamp can serve several events of one moment.
#[derive(Debug)]
pub struct WorkerWriter<'a> {
    ring: RingWriter<'a>,
    clock: Clock,
    /// Locks held now with their grants, oldest first.
    held: Vec<(ResourceId, Grant)>,
    /// The records of a wait, collected here to be written together.
    wait_records: Vec<Record>,
    /// Marks the worker as having a writer, for as long as this one exists.
    _claim: Option<WriterClaim<'a>>,
}

/// The right to write for a worker, which returns when it is dropped.
#[derive(Debug)]
pub(super) struct WriterClaim<'a>(&'a AtomicBool);

impl<'a> WriterClaim<'a> {
    /// Returns `None` if the right is taken.
    pub(super) fn take(is_taken: &'a AtomicBool) -> Option<Self> {
        // Acquire: a later writer continues after everything that a former one wrote.
        (!is_taken.swap(true, Ordering::Acquire)).then_some(Self(is_taken))
    }
}

impl Drop for WriterClaim<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl<'a> WorkerWriter<'a> {
    /// Writes to this ring with stamps of this clock. [`Trace::writer`](super::Trace::writer) does this for a program
    /// that has a trace.
    pub fn new(ring: RingWriter<'a>, clock: Clock) -> Self {
        Self { ring, clock, held: Vec::with_capacity(8), wait_records: Vec::with_capacity(10), _claim: None }
    }

    pub(super) fn with_claim(self, claim: WriterClaim<'a>) -> Self {
        Self { _claim: Some(claim), ..self }
    }

    /// Returns the time now, in ticks of the run's clock.
    #[inline]
    pub fn now(&self) -> u64 {
        self.clock.ticks()
    }

    /// Records an event that happens now.
    #[inline]
    pub fn record(&mut self, kind: EventKind) {
        self.record_at(self.now(), kind);
    }

    /// Records an event that happened at `at`.
    #[inline]
    pub fn record_at(&mut self, at: u64, kind: EventKind) {
        self.ring.write(Record::new(at, kind));
    }

    /// Records that the worker's life begins. This is its first event.
    pub fn begin_life(&mut self) {
        self.begin_life_at(self.now());
    }

    /// As [`WorkerWriter::begin_life`], at `at`.
    pub fn begin_life_at(&mut self, at: u64) {
        self.ring.begin_life();
        self.held.clear();
        self.record_at(at, EventKind::LifeBegan);
    }

    /// Records that the worker's life ends. This is its last event, unless another life begins.
    pub fn end_life(&mut self, exit: ExitKind) {
        self.end_life_at(self.now(), exit);
    }

    /// As [`WorkerWriter::end_life`], at `at`.
    pub fn end_life_at(&mut self, at: u64, exit: ExitKind) {
        self.wait_records.clear();
        self.wait_records.push(Record::new(at, EventKind::LifeEnded(exit)));
        self.ring.write_all(&self.wait_records);
        self.ring.write_wait_slot(&self.wait_records);
    }

    /// Records that the worker is about to wait for a lock that it did not get at once. Call it before the wait, so
    /// that a deadlock shows: [`WorkerWriter::acquired`] never follows then.
    pub fn wait_for_lock(&mut self, lock: ResourceId) {
        self.wait_for_lock_at(self.now(), &[], lock, false);
    }

    /// As [`WorkerWriter::wait_for_lock`], at `at`. `before` are events that describe the request; a `timed` wait gives
    /// up by itself, with [`EventKind::WaitTimedOut`].
    ///
    /// The wait is written together with all locks that the worker holds, so that a reader can rely on it without
    /// having seen any earlier event.
    pub fn wait_for_lock_at(&mut self, at: u64, before: &[EventKind], lock: ResourceId, timed: bool) {
        let held_count = self.collect_held(at, before);
        self.wait_records.push(Record::new(at, EventKind::LockWait { lock, held_count, timed }));
        self.ring.write_all(&self.wait_records);
        self.ring.write_wait_slot(&self.wait_records);
    }

    /// Records that the worker has the lock. Call it while holding the lock, with the grant number that was counted
    /// inside it.
    #[inline]
    pub fn acquired(&mut self, lock: ResourceId, grant: Grant) {
        self.acquired_at(self.now(), lock, grant);
    }

    /// As [`WorkerWriter::acquired`], at `at`, a stamp taken while holding the lock.
    #[inline]
    pub fn acquired_at(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.held.push((lock, grant));
        self.record_at(at, EventKind::Acquired { lock, grant });
    }

    /// Records in the name of a worker whose life has ended that it got the lock at `at`: it died in line.
    pub fn acquired_after_end(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.acquired_at(at, lock, grant);
        self.ring.write_wait_slot(&self.wait_records); // the end of its life, as before
    }

    /// Records that the worker released the lock. Take the stamp `at` while the lock is still held, and call this after
    /// its release: the hold then lasts no longer because it is recorded.
    ///
    /// Records nothing if the worker does not hold the lock.
    #[inline]
    pub fn released_at(&mut self, at: u64, lock: ResourceId) {
        // Nearly always, the lock acquired last is released first.
        let is_newest = self.held.last().is_some_and(|(held, _)| *held == lock);
        let hold = if is_newest { self.held.pop() } else { self.remove_held(lock) };
        if let Some((lock, grant)) = hold {
            self.record_at(at, EventKind::Released { lock, grant });
        }
    }

    /// Returns whether the worker holds this lock.
    pub fn holds(&self, lock: ResourceId) -> bool {
        self.held.iter().any(|(held, _)| *held == lock)
    }

    /// Records that the worker stops running for `state`: it sleeps, or waits for I/O. `on` names the resource, if
    /// there is one. [`WorkerWriter::resume`] ends it.
    pub fn block(&mut self, state: State, on: Option<ResourceId>) {
        self.record(EventKind::Blocked { state, on });
    }

    /// Records that the worker runs again.
    pub fn resume(&mut self) {
        self.record(EventKind::Resumed);
    }

    /// Records that the worker waits for something that another worker must provide: an item, room or a signal. The
    /// event that says what it got ends the wait; call [`WorkerWriter::end_wait`] first.
    pub fn wait_for(&mut self, state: State, on: ResourceId) {
        self.wait_at(self.now(), &[EventKind::Blocked { state, on: Some(on) }]);
    }

    /// Records the events `wait`, with which a wait begins at `at`, and writes them to the wait slot with all locks
    /// held.
    pub fn wait_at(&mut self, at: u64, wait: &[EventKind]) {
        for event in wait {
            self.record_at(at, *event);
        }
        self.collect_held(at, &[]);
        self.wait_records.extend(wait.iter().map(|event| Record::new(at, *event)));
        self.ring.write_wait_slot(&self.wait_records);
    }

    /// Sets a mark on the time axis, with a text of the registry. `number` replaces a `{n}` in the text.
    #[inline]
    pub fn mark(&mut self, text: MarkId, number: u64) {
        self.record(EventKind::Mark { text, number });
    }

    /// Clears the wait slot: the worker has what it waited for. Call it before another thread can see that the item or
    /// signal is taken.
    #[inline]
    pub fn end_wait(&mut self) {
        self.ring.clear_wait_slot();
    }

    /// Continues after another process wrote to the ring in the meantime.
    pub fn resync(&mut self) {
        self.ring.resync();
    }

    /// Collects `before` and then the newest 255 locks held, newest last. Returns the number of those locks.
    fn collect_held(&mut self, at: u64, before: &[EventKind]) -> u8 {
        let count = self.held.len().min(usize::from(u8::MAX));
        let newest = &self.held[self.held.len() - count..];
        self.wait_records.clear();
        self.wait_records.extend(before.iter().map(|event| Record::new(at, *event)));
        self.wait_records.extend(newest.iter().map(|&(lock, grant)| Record::new(at, EventKind::Held { lock, grant })));
        count as u8
    }

    #[cold]
    fn remove_held(&mut self, lock: ResourceId) -> Option<(ResourceId, Grant)> {
        let i = self.held.iter().rposition(|(held, _)| *held == lock)?;
        Some(self.held.remove(i))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::{Ring, RingReader, ring_words};

    const A: ResourceId = ResourceId(0);
    const B: ResourceId = ResourceId(1);

    fn recorded(write: impl FnOnce(&mut WorkerWriter<'_>)) -> Vec<EventKind> {
        let words: Vec<AtomicU64> = (0..ring_words(64)).map(|_| AtomicU64::new(0)).collect();
        let ring = Ring::new(&words);
        write(&mut WorkerWriter::new(RingWriter::new(ring), Clock::Monotonic));
        let mut events = Vec::new();
        RingReader::new(ring).drain(usize::MAX, |record| events.push(record.kind()));
        events
    }

    #[test]
    fn lock_wait_lists_all_held_locks_with_their_grants() {
        let events = recorded(|writer| {
            writer.acquired(A, Grant(4));
            writer.wait_for_lock(B);
        });
        let wait = EventKind::LockWait { lock: B, held_count: 1, timed: false };
        let held = EventKind::Held { lock: A, grant: Grant(4) };
        assert_eq!(events, [EventKind::Acquired { lock: A, grant: Grant(4) }, held, wait]);
    }

    #[test]
    fn locks_are_released_in_any_order_with_their_own_grants() {
        let events = recorded(|writer| {
            writer.acquired(A, Grant(4));
            writer.acquired(B, Grant(9));
            for lock in [A, B, B] {
                writer.released_at(writer.now(), lock);
            }
            assert!(!writer.holds(A) && !writer.holds(B));
        });
        let released =
            [EventKind::Released { lock: A, grant: Grant(4) }, EventKind::Released { lock: B, grant: Grant(9) }];
        assert_eq!(events[2..], released, "the third release is of a lock that is not held");
    }

    #[test]
    fn new_life_holds_no_locks_of_the_former_one() {
        let events = recorded(|writer| {
            writer.begin_life();
            writer.acquired(A, Grant(1));
            writer.begin_life();
            writer.wait_for_lock(B);
        });
        assert_eq!(events[3], EventKind::LockWait { lock: B, held_count: 0, timed: false });
    }
}
