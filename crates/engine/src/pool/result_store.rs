//! Results of a pool's tasks, in shared memory: promised to whoever submits a task, there when it is over, and kept until
//! they are read or nobody can read them any more.

use std::time::Instant;

use crate::recorder::Recorder;
use crate::shared::monitor::{Monitor, MonitorGuard};
use crate::shared::wake_counter::WakeCounter;
use contend_trace::{AwaitedResult, DropReason, EventKind, PoolId, ResourceId, State};

/// How many were ever promised, and how many of them are there and not read.
const PROMISED: usize = 0;
const HELD: usize = 1;
/// A place that was given back, and how many places were ever in use; each free place tells the next one.
const FREE_PLACE: usize = 2;
const USED_PLACES: usize = 3;
/// Results that are to be read in the order of their coming: how many came, and were read.
const ARRIVED_COUNT: usize = 4;
const READ_COUNT: usize = 5;
const ANY_ARRIVED: WakeCounter = WakeCounter(6);
const FIRST_PLACE: usize = 8;

/// Any result: whatever comes next.
const NEXT: u64 = AwaitedResult::NEXT;

/// What is at a place: whose promise it is, by its number, and below what has become of it. A free one has the next free
/// one, and below nothing.
const PENDING: u64 = 1;
const OK: u64 = 2;
const FAILED: u64 = 3;
/// Nobody will read it.
const FORGOTTEN: u64 = 4;
/// Whoever reads takes what comes.
const PENDING_UNORDERED: u64 = 5;
/// It is among those that came; or about to be, if whoever brought it was killed at it.
const PUBLISHED: u64 = 6;
const STATE_BITS: u32 = 3;

/// A promise as a word: the number above, the place below.
const PLACE_BITS: u32 = 24;

/// A result that will be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    place: u32,
    /// Counted from 1.
    number: u64,
}

impl Promise {
    pub const fn to_word(self) -> u64 {
        self.number << PLACE_BITS | self.place as u64
    }

    pub const fn from_word(word: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        Some(Self { place: (word & ((1 << PLACE_BITS) - 1)) as u32, number: word >> PLACE_BITS })
    }

    /// The word of its place.
    const fn word_index(self) -> usize {
        place_word(self.place as u64)
    }

    /// What is at its place when this is what has become of it.
    const fn state_word(self, state: u64) -> u64 {
        self.number << STATE_BITS | state
    }

    /// What has become of it; `None` when its place was given back, and may be another's.
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

/// Words that so many results take.
pub const fn result_words(places: usize) -> usize {
    FIRST_PLACE + places * 2
}

impl ResultStore {
    /// Promises a result; `None` when too many are promised already.
    pub fn promise_result(self, as_it_comes: bool) -> Option<Promise> {
        let mut guard = self.monitor.enter();
        let place = match guard.get(FREE_PLACE) {
            0 if guard.get(USED_PLACES) >= self.capacity => return None,
            0 => {
                guard.set(USED_PLACES, guard.get(USED_PLACES) + 1);
                guard.get(USED_PLACES) - 1
            }
            free => {
                guard.set(FREE_PLACE, guard.get(place_word(free - 1)) >> STATE_BITS);
                free - 1
            }
        };
        let nth = guard.get(PROMISED) + 1;
        guard.set(PROMISED, nth);
        let promise = Promise { place: place as u32, number: nth };
        guard.set(place_word(place), promise.state_word(if as_it_comes { PENDING_UNORDERED } else { PENDING }));
        Some(promise)
    }

    /// The task is over: its result is there for whoever wants it. To be called once; and once more when whoever called it
    /// was killed at it, which makes up for what is missing.
    pub fn resolve_promise(self, promise: Promise, ok: bool, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let at = promise.word_index();
        let state = promise.state(&guard);
        let forgotten = state == Some(FORGOTTEN);
        match state {
            Some(FORGOTTEN) => free_place(&mut guard, promise),
            Some(PENDING | OK | FAILED) => guard.set_and_wake(at, promise.state_word(if ok { OK } else { FAILED })),
            Some(PENDING_UNORDERED) => self.publish(&mut guard, promise, ok),
            Some(PUBLISHED) if !self.is_published(&guard, promise) => self.publish(&mut guard, promise, ok),
            Some(PUBLISHED) => guard.wake_all(ANY_ARRIVED),
            _ => {} // it was read
        }
        // Also one that nobody will read: it is there, and was not read.
        let held = guard.get(HELD) + u64::from(matches!(state, Some(PENDING | PENDING_UNORDERED | FORGOTTEN)));
        guard.set(HELD, held);
        let at = recorder.now();
        drop(guard);
        recorder.write(
            at,
            EventKind::ResultReady { on: self.id, unread: saturate_u16(held), nth: promise.number as u32, ok },
        );
        if forgotten && !ok {
            recorder.write(at, EventKind::TaskDropped { pool: self.pool, reason: DropReason::UnreadFailure });
        }
    }

    /// Puts a result behind those that came.
    fn publish(self, guard: &mut MonitorGuard<'_>, promise: Promise, ok: bool) {
        let came = guard.get(ARRIVED_COUNT);
        guard.set(self.arrival_word(came), promise.to_word() << 1 | u64::from(ok));
        guard.set(promise.word_index(), promise.state_word(PUBLISHED)); // before it can be read: then the place may be another's
        guard.set(ARRIVED_COUNT, came + 1);
        guard.wake_all(ANY_ARRIVED);
    }

    /// Whether a result is among those that came and were not read.
    fn is_published(self, guard: &MonitorGuard<'_>, promise: Promise) -> bool {
        (guard.get(READ_COUNT)..guard.get(ARRIVED_COUNT))
            .any(|nth| guard.get(self.arrival_word(nth)) >> 1 == promise.to_word())
    }

    /// The word in which the `nth` that came is kept.
    fn arrival_word(self, nth: u64) -> usize {
        place_word(self.capacity + nth % self.capacity)
    }

    /// Waits for a result and reads it; `None` when it was not there before the deadline.
    pub async fn read(self, promise: Promise, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Option<bool> {
        let there = |guard: &MonitorGuard<'_>| promise.state(guard) != Some(PENDING);
        let mut guard = self.wait(promise.number, WakeCounter(promise.word_index()), there, deadline, recorder).await?;
        let ok = promise.state(&guard) == Some(OK);
        free_place(&mut guard, promise);
        self.record_read(guard, promise, ok, recorder);
        Some(ok)
    }

    /// Waits for the result that comes next, of those that are read as they come.
    pub async fn read_next(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Option<bool> {
        let there = |guard: &MonitorGuard<'_>| guard.get(ARRIVED_COUNT) > guard.get(READ_COUNT);
        let mut guard = self.wait(NEXT, ANY_ARRIVED, there, deadline, recorder).await?;
        let gone = guard.get(READ_COUNT);
        guard.set(READ_COUNT, gone + 1);
        let word = guard.get(self.arrival_word(gone));
        let promise = Promise::from_word(word >> 1)?;
        free_place(&mut guard, promise);
        self.record_read(guard, promise, word & 1 == 1, recorder);
        Some(word & 1 == 1)
    }

    async fn wait(
        self,
        nth: u64,
        wake_counter: WakeCounter,
        there: impl Fn(&MonitorGuard<'_>) -> bool,
        deadline: Option<Instant>,
        recorder: &mut Recorder<'_>,
    ) -> Option<MonitorGuard<'static>> {
        let mut guard = self.monitor.enter();
        if there(&guard) {
            return Some(guard);
        }
        let timed = deadline.is_some();
        if !timed {
            recorder.write(recorder.now(), EventKind::AwaitsResult { on: self.id, nth });
        }
        recorder.block(State::Signal, Some(self.id));
        while !there(&guard) {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                drop(guard);
                recorder.write(recorder.now(), EventKind::WaitTimedOut { lock: self.id });
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

    /// A promise that was never given to a task.
    pub fn withdraw(self, promise: Promise) {
        free_place(&mut self.monitor.enter(), promise);
    }

    /// Nobody will read this result.
    pub fn forget(self, promise: Promise, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        let state = promise.state(&guard);
        match state {
            Some(PENDING | PENDING_UNORDERED) => return guard.set(promise.word_index(), promise.state_word(FORGOTTEN)),
            Some(OK | FAILED) => free_place(&mut guard, promise),
            _ => return, // whoever reads what came gives the place back
        }
        drop(guard);
        if state == Some(FAILED) {
            recorder
                .write(recorder.now(), EventKind::TaskDropped { pool: self.pool, reason: DropReason::UnreadFailure });
        }
    }
}

fn free_place(guard: &mut MonitorGuard<'_>, promise: Promise) {
    let place = u64::from(promise.place);
    guard.set(place_word(place), guard.get(FREE_PLACE) << STATE_BITS);
    guard.set(FREE_PLACE, place + 1);
}

const fn place_word(place: u64) -> usize {
    FIRST_PLACE + place as usize
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

    /// Room for two results, and a pen. They stay as long as this process, as in a run.
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
    fn a_result_that_is_brought_twice_is_read_once_and_is_no_other_s() {
        let (results, mut recorder) = results();
        let first = results.promise_result(false).expect("there is room");
        results.resolve_promise(first, true, &mut recorder);
        results.resolve_promise(first, true, &mut recorder);
        assert_eq!(block_on(results.read(first, None, &mut recorder)), Some(true));
        let next = results.promise_result(false).expect("there is room");
        assert_eq!(next.place, first.place);
        results.resolve_promise(first, true, &mut recorder);
        assert_eq!((state(results, first), state(results, next)), (None, Some(PENDING)));
        results.resolve_promise(next, false, &mut recorder);
        assert_eq!(block_on(results.read(next, None, &mut recorder)), Some(false));
    }

    #[test]
    fn a_result_that_somebody_died_at_while_it_came_comes_once() {
        for has_come in [false, true] {
            let (results, mut recorder) = results();
            let promise = results.promise_result(true).expect("there is room");
            let mut guard = results.monitor.enter();
            results.publish(&mut guard, promise, true);
            guard.set(ARRIVED_COUNT, u64::from(has_come)); // its last step but to wake those who wait
            drop(guard);
            results.resolve_promise(promise, true, &mut recorder);
            assert_eq!(block_on(results.read_next(None, &mut recorder)), Some(true));
            results.resolve_promise(promise, true, &mut recorder);
            let guard = results.monitor.enter();
            assert_eq!((guard.get(ARRIVED_COUNT), guard.get(READ_COUNT)), (1, 1), "and not again");
        }
    }

    #[test]
    fn every_place_is_given_back_whatever_becomes_of_its_result() {
        let (results, mut recorder) = results();
        for _ in 0..10 {
            let [read, forgotten] = [false, false].map(|comes| results.promise_result(comes).expect("there is room"));
            assert_eq!(results.promise_result(false), None, "two are under way");
            results.forget(forgotten, &mut recorder);
            for promise in [read, forgotten] {
                results.resolve_promise(promise, true, &mut recorder);
            }
            assert_eq!(block_on(results.read(read, None, &mut recorder)), Some(true));
        }
        let withdrawn = results.promise_result(true).expect("there is room");
        results.withdraw(withdrawn);
        assert_eq!(results.promise_result(true).map(|promise| promise.place), Some(withdrawn.place));
    }
}
