//! Results of a pool's tasks, in shared memory. A result is promised to the submitter of a task, available when the
//! task is finished, and kept until it is read or forgotten.

use std::time::Instant;

use crate::recorder::Recorder;
use crate::shared::monitor::{Monitor, MonitorGuard, has_passed};
use crate::shared::wake_counter::WakeCounter;
use contend_trace::{AwaitedResult, DropReason, EventKind, PoolId, ResourceId, State};

/// The total of promised results, and the number of available results that are not read.
const PROMISED: usize = 0;
const HELD: usize = 1;
/// The first free slot (from 1; 0 for none), and how many slots were ever used. Each free slot holds the next one.
const FREE_SLOT: usize = 2;
const USED_SLOTS: usize = 3;
/// Results that are read in the order of completion: how many were completed, and read.
const COMPLETED_COUNT: usize = 4;
const READ_COUNT: usize = 5;
const ANY_COMPLETED: WakeCounter = WakeCounter(6);
const FIRST_SLOT: usize = 8;

/// Stands for the next completed result, whichever it is.
const NEXT: u64 = AwaitedResult::NEXT;

/// The content of a slot: the number of its promise, and in the low bits its state. A free slot holds the next free
/// slot and state 0.
const PENDING: u64 = 1;
const OK: u64 = 2;
const FAILED: u64 = 3;
/// The result will not be read.
const FORGOTTEN: u64 = 4;
/// The reader takes results in the order of completion.
const PENDING_UNORDERED: u64 = 5;
/// The result is in the list of completed ones, or about to be if the worker was killed while it added it.
const PUBLISHED: u64 = 6;
/// Pending, and its reader takes tasks while it waits, so it must be woken at the queues.
const PENDING_HELPED: u64 = 7;
const STATE_BITS: u32 = 3;

/// A promise as a word: the slot is in the low bits, the number above.
const SLOT_BITS: u32 = 24;

/// A result that will become available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    slot: u32,
    /// Counted from 1.
    number: u64,
}

impl Promise {
    pub const fn to_word(self) -> u64 {
        self.number << SLOT_BITS | self.slot as u64
    }

    pub const fn from_word(word: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        Some(Self { slot: (word & ((1 << SLOT_BITS) - 1)) as u32, number: word >> SLOT_BITS })
    }

    /// Returns the number, modulo 2^40.
    pub const fn number(self) -> u64 {
        self.number
    }

    /// Returns the position of the promise's slot.
    const fn word_index(self) -> usize {
        slot_word(self.slot as u64)
    }

    /// Returns the content of the slot in this state.
    const fn state_word(self, state: u64) -> u64 {
        self.number << STATE_BITS | state
    }

    /// Returns the state; `None` if the slot was freed and may belong to another promise.
    fn state(self, guard: &MonitorGuard<'_>) -> Option<u64> {
        let word = guard.get(self.word_index());
        let state = word & ((1 << STATE_BITS) - 1);
        (state != 0 && word >> STATE_BITS == self.number).then_some(state)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ResultStore {
    pub id: ResourceId,
    pub pool: PoolId,
    pub capacity: u64,
    pub monitor: Monitor<'static>,
}

/// Returns the number of words that `results` results take.
pub const fn result_words(results: usize) -> usize {
    FIRST_SLOT + results * 2
}

impl ResultStore {
    /// Promises a result; `None` if too many are promised already. An `unordered` result is read in the order of
    /// completion.
    pub fn promise_result(self, unordered: bool) -> Option<Promise> {
        let mut guard = self.monitor.enter();
        let slot = match guard.get(FREE_SLOT) {
            0 if guard.get(USED_SLOTS) >= self.capacity => return None,
            0 => {
                guard.set(USED_SLOTS, guard.get(USED_SLOTS) + 1);
                guard.get(USED_SLOTS) - 1
            }
            free => {
                guard.set(FREE_SLOT, guard.get(slot_word(free - 1)) >> STATE_BITS);
                free - 1
            }
        };
        let nth = guard.get(PROMISED) + 1;
        guard.set(PROMISED, nth);
        let promise = Promise { slot: slot as u32, number: nth };
        guard.set(slot_word(slot), promise.state_word(if unordered { PENDING_UNORDERED } else { PENDING }));
        Some(promise)
    }

    /// Makes the result of a finished task available. Called once, and once more if the caller was killed inside it:
    /// the second call completes the rest. Returns whether its reader takes tasks meanwhile: then wake the
    /// takers of all queues.
    pub fn resolve_promise(self, promise: Promise, ok: bool, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.monitor.enter();
        let at = promise.word_index();
        let state = promise.state(&guard);
        let forgotten = state == Some(FORGOTTEN);
        match state {
            Some(FORGOTTEN) => free_slot(&mut guard, promise),
            Some(PENDING | PENDING_HELPED | OK | FAILED) => {
                guard.set_and_wake(at, promise.state_word(if ok { OK } else { FAILED }));
            }
            Some(PENDING_UNORDERED) => self.publish(&mut guard, promise, ok),
            Some(PUBLISHED) if !self.is_published(&guard, promise) => self.publish(&mut guard, promise, ok),
            Some(PUBLISHED) => guard.wake_all(ANY_COMPLETED),
            _ => {} // already read
        }
        // A forgotten result counts too: it is available and was not read.
        let held = guard.get(HELD)
            + u64::from(matches!(state, Some(PENDING | PENDING_HELPED | PENDING_UNORDERED | FORGOTTEN)));
        guard.set(HELD, held);
        let at = recorder.now();
        drop(guard);
        recorder.write(
            at,
            EventKind::ResultReady { on: self.id, unread: saturate_u16(held), nth: promise.number as u32, ok },
        );
        if forgotten && !ok {
            recorder.write(at, EventKind::TaskDropped { pool: self.pool, reason: DropReason::UnreadFailure, nth: 0 });
        }
        state == Some(PENDING_HELPED)
    }

    /// Notes that the reader of a result takes tasks while it waits. Returns `false` if the result is available.
    pub fn mark_helped(self, promise: Promise) -> bool {
        let mut guard = self.monitor.enter();
        let is_pending = is_pending(&guard, promise);
        if is_pending {
            guard.set(promise.word_index(), promise.state_word(PENDING_HELPED));
        }
        is_pending
    }

    /// Whether a result is available.
    pub fn is_available(self, promise: Promise) -> bool {
        !is_pending(&self.monitor.enter(), promise)
    }

    /// Adds a result to the list of completed ones.
    fn publish(self, guard: &mut MonitorGuard<'_>, promise: Promise, ok: bool) {
        let completed = guard.get(COMPLETED_COUNT);
        guard.set(self.completed_word(completed), promise.to_word() << 1 | u64::from(ok));
        // Before it can be read: then the slot may belong to another.
        guard.set(promise.word_index(), promise.state_word(PUBLISHED));
        guard.set(COMPLETED_COUNT, completed + 1);
        guard.wake_all(ANY_COMPLETED);
    }

    /// Whether a result is completed and not read.
    fn is_published(self, guard: &MonitorGuard<'_>, promise: Promise) -> bool {
        (guard.get(READ_COUNT)..guard.get(COMPLETED_COUNT))
            .any(|nth| guard.get(self.completed_word(nth)) >> 1 == promise.to_word())
    }

    /// Returns the position of the `nth` completed result.
    fn completed_word(self, nth: u64) -> usize {
        slot_word(self.capacity + nth % self.capacity)
    }

    /// Waits for a result and reads it; `None` if it was not available before the deadline.
    pub async fn read(self, promise: Promise, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Option<bool> {
        let is_available = |guard: &MonitorGuard<'_>| !is_pending(guard, promise);
        let mut guard =
            self.wait(promise.number, WakeCounter(promise.word_index()), is_available, deadline, recorder).await?;
        let ok = promise.state(&guard) == Some(OK);
        free_slot(&mut guard, promise);
        self.record_read(guard, promise, ok, recorder);
        Some(ok)
    }

    /// Waits for the next completed result, of those that are read in the order of completion.
    pub async fn read_next(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Option<bool> {
        let is_available = |guard: &MonitorGuard<'_>| guard.get(COMPLETED_COUNT) > guard.get(READ_COUNT);
        let mut guard = self.wait(NEXT, ANY_COMPLETED, is_available, deadline, recorder).await?;
        let read = guard.get(READ_COUNT);
        guard.set(READ_COUNT, read + 1);
        let word = guard.get(self.completed_word(read));
        let promise = Promise::from_word(word >> 1)?;
        free_slot(&mut guard, promise);
        self.record_read(guard, promise, word & 1 == 1, recorder);
        Some(word & 1 == 1)
    }

    async fn wait(
        self,
        nth: u64,
        wake_counter: WakeCounter,
        is_available: impl Fn(&MonitorGuard<'_>) -> bool,
        deadline: Option<Instant>,
        recorder: &mut Recorder<'_>,
    ) -> Option<MonitorGuard<'static>> {
        let mut guard = self.monitor.enter();
        if is_available(&guard) {
            return Some(guard);
        }
        if deadline.is_none() {
            recorder.write(recorder.now(), EventKind::AwaitsResult { on: self.id, nth, helps: false });
        }
        recorder.block(State::Signal, Some(self.id));
        while !is_available(&guard) {
            if has_passed(deadline) {
                drop(guard);
                recorder.record_gave_up(recorder.now(), self.id);
                return None;
            }
            guard = guard.wait_until(wake_counter, deadline).await;
        }
        Some(guard)
    }

    fn record_read(self, mut guard: MonitorGuard<'_>, promise: Promise, ok: bool, recorder: &mut Recorder<'_>) {
        let held = guard.get(HELD).saturating_sub(1);
        guard.set(HELD, held);
        let at = recorder.now();
        drop(guard);
        recorder.write(
            at,
            EventKind::ResultRead { on: self.id, unread: saturate_u16(held), nth: promise.number as u32, ok },
        );
    }

    /// Withdraws a promise whose task the pool did not accept.
    pub fn withdraw(self, promise: Promise) {
        free_slot(&mut self.monitor.enter(), promise);
    }

    /// Forgets a result: it will not be read.
    pub fn forget(self, promise: Promise, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let state = promise.state(&guard);
        match state {
            Some(PENDING | PENDING_HELPED | PENDING_UNORDERED) => {
                return guard.set(promise.word_index(), promise.state_word(FORGOTTEN));
            }
            Some(OK | FAILED) => free_slot(&mut guard, promise),
            _ => return, // reading it frees the slot
        }
        drop(guard);
        if state == Some(FAILED) {
            recorder.write(
                recorder.now(),
                EventKind::TaskDropped { pool: self.pool, reason: DropReason::UnreadFailure, nth: 0 },
            );
        }
    }
}

fn is_pending(guard: &MonitorGuard<'_>, promise: Promise) -> bool {
    matches!(promise.state(guard), Some(PENDING | PENDING_HELPED))
}

fn free_slot(guard: &mut MonitorGuard<'_>, promise: Promise) {
    let slot = u64::from(promise.slot);
    guard.set(slot_word(slot), guard.get(FREE_SLOT) << STATE_BITS);
    guard.set(FREE_SLOT, slot + 1);
}

const fn slot_word(slot: u64) -> usize {
    FIRST_SLOT + slot as usize
}

fn saturate_u16(held: u64) -> u16 {
    u16::try_from(held).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_on::block_on;
    use contend_trace::{RingWriter, RunMemory, RunMemorySize, WorkerId};

    const RESULTS: usize = 2;

    /// Returns a store for two results, and a recorder. They live as long as this process, as in a run.
    fn results() -> (ResultStore, Recorder<'static>) {
        let size = RunMemorySize { workers: 1, active: 1, knobs: 0, resources: 1, extra: result_words(RESULTS) };
        let memory: &'static RunMemory = Box::leak(Box::new(RunMemory::create(size).expect("memory")));
        let monitor = Monitor::at_words(memory.resource(ResourceId(0)), memory.extra());
        monitor.init();
        let recorder = Recorder::new(RingWriter::new(memory.ring(WorkerId(0))), memory.clock());
        (ResultStore { id: ResourceId(0), pool: PoolId(0), capacity: RESULTS as u64, monitor }, recorder)
    }

    fn state(results: ResultStore, promise: Promise) -> Option<u64> {
        promise.state(&results.monitor.enter())
    }

    #[test]
    fn result_that_is_resolved_twice_is_read_once() {
        let (results, mut recorder) = results();
        let first = results.promise_result(false).expect("there is room");
        results.resolve_promise(first, true, &mut recorder);
        results.resolve_promise(first, true, &mut recorder);
        assert_eq!(block_on(results.read(first, None, &mut recorder)), Some(true));
        let next = results.promise_result(false).expect("there is room");
        assert_eq!(next.slot, first.slot);
        results.resolve_promise(first, true, &mut recorder);
        assert_eq!((state(results, first), state(results, next)), (None, Some(PENDING)));
        results.resolve_promise(next, false, &mut recorder);
        assert_eq!(block_on(results.read(next, None, &mut recorder)), Some(false));
    }

    #[test]
    fn result_whose_worker_died_while_resolving_it_is_read_once() {
        for is_counted in [false, true] {
            let (results, mut recorder) = results();
            let promise = results.promise_result(true).expect("there is room");
            let mut guard = results.monitor.enter();
            results.publish(&mut guard, promise, true);
            guard.set(COMPLETED_COUNT, u64::from(is_counted)); // the last step before the wake-up
            drop(guard);
            results.resolve_promise(promise, true, &mut recorder);
            assert_eq!(block_on(results.read_next(None, &mut recorder)), Some(true));
            results.resolve_promise(promise, true, &mut recorder);
            let guard = results.monitor.enter();
            assert_eq!((guard.get(COMPLETED_COUNT), guard.get(READ_COUNT)), (1, 1), "only once");
        }
    }

    #[test]
    fn slot_is_freed_whatever_happens_to_its_result() {
        let (results, mut recorder) = results();
        for _ in 0..10 {
            let [read, forgotten] =
                [false, false].map(|unordered| results.promise_result(unordered).expect("there is room"));
            assert_eq!(results.promise_result(false), None, "two are pending");
            results.forget(forgotten, &mut recorder);
            for promise in [read, forgotten] {
                results.resolve_promise(promise, true, &mut recorder);
            }
            assert_eq!(block_on(results.read(read, None, &mut recorder)), Some(true));
        }
        let withdrawn = results.promise_result(true).expect("there is room");
        results.withdraw(withdrawn);
        assert_eq!(results.promise_result(true).map(|promise| promise.slot), Some(withdrawn.slot));
    }
}
