//! Results of a pool's tasks, in shared memory: promised to whoever submits a task, there when it is over, and kept until
//! they are read or nobody can read them any more.

use std::time::Instant;

use super::recorder::Recorder;
use super::shared::monitor::{Bell, Inside, Monitor};
use contend_trace::{Awaited, EventKind, Fate, PoolId, ResourceId, State};

/// How many were ever promised, and how many of them are there and not read.
const PROMISED: usize = 0;
const HELD: usize = 1;
/// A place that was given back, and how many places were ever in use; each free place tells the next one.
const FREE: usize = 2;
const USED: usize = 3;
/// Results that are to be read in the order of their coming: how many came, and were read.
const CAME: usize = 4;
const GONE: usize = 5;
const ANY: Bell = Bell(6);
const PLACES: usize = 8;

/// Any result: whatever comes next.
const NEXT: u64 = Awaited::NEXT;

/// What is at a place: whose promise it is, by its number, and below what has become of it. A free one has the next free
/// one, and below nothing.
const PENDING: u64 = 1;
const OK: u64 = 2;
const FAILED: u64 = 3;
/// Nobody will read it.
const FORGOTTEN: u64 = 4;
/// Whoever reads takes what comes.
const AS_IT_COMES: u64 = 5;
/// It is among those that came; or about to be, if whoever brought it was killed at it.
const COMES: u64 = 6;
const STATE_BITS: u32 = 3;

/// A promise as a word: the number above, the place below.
const PLACE_BITS: u32 = 24;

/// A result that will be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    place: u32,
    /// Counted from 1.
    nth: u64,
}

impl Promise {
    pub const fn word(self) -> u64 {
        self.nth << PLACE_BITS | self.place as u64
    }

    pub const fn of(word: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        Some(Self { place: (word & ((1 << PLACE_BITS) - 1)) as u32, nth: word >> PLACE_BITS })
    }

    /// The word of its place.
    const fn at(self) -> usize {
        place_of(self.place as u64)
    }

    /// What is at its place when this is what has become of it.
    const fn is(self, state: u64) -> u64 {
        self.nth << STATE_BITS | state
    }

    /// What has become of it; `None` when its place was given back, and may be another's.
    fn state(self, inside: &Inside<'_>) -> Option<u64> {
        let word = inside.get(self.at());
        let state = word & ((1 << STATE_BITS) - 1);
        (state != 0 && word >> STATE_BITS == self.nth).then_some(state)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Results {
    pub id: ResourceId,
    pub pool: PoolId,
    pub places: u64,
    pub monitor: Monitor<'static>,
}

/// Words that so many results take.
pub const fn result_words(places: usize) -> usize {
    PLACES + places * 2
}

impl Results {
    /// Promises a result; `None` when too many are promised already.
    pub fn promise(self, as_it_comes: bool) -> Option<Promise> {
        let mut inside = self.monitor.enter();
        let place = match inside.get(FREE) {
            0 if inside.get(USED) >= self.places => return None,
            0 => {
                inside.set(USED, inside.get(USED) + 1);
                inside.get(USED) - 1
            }
            free => {
                inside.set(FREE, inside.get(place_of(free - 1)) >> STATE_BITS);
                free - 1
            }
        };
        let nth = inside.get(PROMISED) + 1;
        inside.set(PROMISED, nth);
        let promise = Promise { place: place as u32, nth };
        inside.set(place_of(place), promise.is(if as_it_comes { AS_IT_COMES } else { PENDING }));
        Some(promise)
    }

    /// The task is over: its result is there for whoever wants it. To be called once; and once more when whoever called it
    /// was killed at it, which makes up for what is missing.
    pub fn resolve(self, promise: Promise, ok: bool, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let at = promise.at();
        let state = promise.state(&inside);
        let forgotten = state == Some(FORGOTTEN);
        match state {
            Some(FORGOTTEN) => give_back(&mut inside, promise),
            Some(PENDING | OK | FAILED) => inside.change(at, promise.is(if ok { OK } else { FAILED })),
            Some(AS_IT_COMES) => self.bring(&mut inside, promise, ok),
            Some(COMES) if !self.has_come(&inside, promise) => self.bring(&mut inside, promise, ok),
            Some(COMES) => inside.wake_all(ANY),
            _ => {} // it was read
        }
        // Also one that nobody will read: it is there, and was not read.
        let held = inside.get(HELD) + u64::from(matches!(state, Some(PENDING | AS_IT_COMES | FORGOTTEN)));
        inside.set(HELD, held);
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::Resolved { on: self.id, held: short(held), nth: promise.nth as u32, ok });
        if forgotten && !ok {
            pen.write(at, EventKind::Met { pool: self.pool, fate: Fate::Unseen });
        }
    }

    /// Puts a result behind those that came.
    fn bring(self, inside: &mut Inside<'_>, promise: Promise, ok: bool) {
        let came = inside.get(CAME);
        inside.set(self.came(came), promise.word() << 1 | u64::from(ok));
        inside.set(promise.at(), promise.is(COMES)); // before it can be read: then the place may be another's
        inside.set(CAME, came + 1);
        inside.wake_all(ANY);
    }

    /// Whether a result is among those that came and were not read.
    fn has_come(self, inside: &Inside<'_>, promise: Promise) -> bool {
        (inside.get(GONE)..inside.get(CAME)).any(|nth| inside.get(self.came(nth)) >> 1 == promise.word())
    }

    /// The word in which the `nth` that came is kept.
    fn came(self, nth: u64) -> usize {
        place_of(self.places + nth % self.places)
    }

    /// Waits for a result and reads it; `None` when it was not there before the deadline.
    pub async fn read(self, promise: Promise, deadline: Option<Instant>, pen: &mut Recorder<'_>) -> Option<bool> {
        let there = |inside: &Inside<'_>| promise.state(inside) != Some(PENDING);
        let mut inside = self.wait(promise.nth, Bell(promise.at()), there, deadline, pen).await?;
        let ok = promise.state(&inside) == Some(OK);
        give_back(&mut inside, promise);
        self.has_read(inside, promise, ok, pen);
        Some(ok)
    }

    /// Waits for the result that comes next, of those that are read as they come.
    pub async fn read_next(self, deadline: Option<Instant>, pen: &mut Recorder<'_>) -> Option<bool> {
        let there = |inside: &Inside<'_>| inside.get(CAME) > inside.get(GONE);
        let mut inside = self.wait(NEXT, ANY, there, deadline, pen).await?;
        let gone = inside.get(GONE);
        inside.set(GONE, gone + 1);
        let word = inside.get(self.came(gone));
        let promise = Promise::of(word >> 1)?;
        give_back(&mut inside, promise);
        self.has_read(inside, promise, word & 1 == 1, pen);
        Some(word & 1 == 1)
    }

    async fn wait(
        self,
        nth: u64,
        bell: Bell,
        there: impl Fn(&Inside<'_>) -> bool,
        deadline: Option<Instant>,
        pen: &mut Recorder<'_>,
    ) -> Option<Inside<'static>> {
        let mut inside = self.monitor.enter();
        if there(&inside) {
            return Some(inside);
        }
        let timed = deadline.is_some();
        if !timed {
            pen.write(pen.now(), EventKind::Awaits { on: self.id, nth });
        }
        pen.block(State::Signal, Some(self.id));
        while !there(&inside) {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                drop(inside);
                pen.write(pen.now(), EventKind::GaveUp { lock: self.id });
                return None;
            }
            inside = inside.wait_until(bell, deadline).await;
        }
        Some(inside)
    }

    fn has_read(self, mut inside: Inside<'_>, promise: Promise, ok: bool, pen: &mut Recorder<'_>) {
        let held = inside.get(HELD).saturating_sub(1);
        inside.set(HELD, held);
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::Read { on: self.id, held: short(held), nth: promise.nth as u32, ok });
    }

    /// A promise that was never given to a task.
    pub fn withdraw(self, promise: Promise) {
        give_back(&mut self.monitor.enter(), promise);
    }

    /// Nobody will read this result.
    pub fn forget(self, promise: Promise, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let state = promise.state(&inside);
        match state {
            Some(PENDING | AS_IT_COMES) => return inside.set(promise.at(), promise.is(FORGOTTEN)),
            Some(OK | FAILED) => give_back(&mut inside, promise),
            _ => return, // whoever reads what came gives the place back
        }
        drop(inside);
        if state == Some(FAILED) {
            pen.write(pen.now(), EventKind::Met { pool: self.pool, fate: Fate::Unseen });
        }
    }
}

fn give_back(inside: &mut Inside<'_>, promise: Promise) {
    let place = u64::from(promise.place);
    inside.set(place_of(place), inside.get(FREE) << STATE_BITS);
    inside.set(FREE, place + 1);
}

const fn place_of(place: u64) -> usize {
    PLACES + place as usize
}

fn short(held: u64) -> u16 {
    u16::try_from(held).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_on::block_on;
    use contend_trace::{Board, BoardSize, RingWriter, WorkerId};

    const RESULTS: usize = 2;

    /// Room for two results, and a pen. They stay as long as this process, as in a run.
    fn results() -> (Results, Recorder<'static>) {
        let size = BoardSize { workers: 1, active: 1, knobs: 0, resources: 1, extra: result_words(RESULTS) };
        let board: &'static Board = Box::leak(Box::new(Board::create(size).expect("memory")));
        let monitor = Monitor::over(board.resource(ResourceId(0)), board.extra());
        monitor.init();
        let pen = Recorder::new(RingWriter::new(board.ring(WorkerId(0))), board.clock());
        (Results { id: ResourceId(0), pool: PoolId(0), places: RESULTS as u64, monitor }, pen)
    }

    fn state(results: Results, promise: Promise) -> Option<u64> {
        promise.state(&results.monitor.enter())
    }

    #[test]
    fn a_result_that_is_brought_twice_is_read_once_and_is_no_other_s() {
        let (results, mut pen) = results();
        let first = results.promise(false).expect("there is room");
        results.resolve(first, true, &mut pen);
        results.resolve(first, true, &mut pen);
        assert_eq!(block_on(results.read(first, None, &mut pen)), Some(true));
        let next = results.promise(false).expect("there is room");
        assert_eq!(next.place, first.place);
        results.resolve(first, true, &mut pen);
        assert_eq!((state(results, first), state(results, next)), (None, Some(PENDING)));
        results.resolve(next, false, &mut pen);
        assert_eq!(block_on(results.read(next, None, &mut pen)), Some(false));
    }

    #[test]
    fn a_result_that_somebody_died_at_while_it_came_comes_once() {
        for has_come in [false, true] {
            let (results, mut pen) = results();
            let promise = results.promise(true).expect("there is room");
            let mut inside = results.monitor.enter();
            results.bring(&mut inside, promise, true);
            inside.set(CAME, u64::from(has_come)); // its last step but to wake those who wait
            drop(inside);
            results.resolve(promise, true, &mut pen);
            assert_eq!(block_on(results.read_next(None, &mut pen)), Some(true));
            results.resolve(promise, true, &mut pen);
            let inside = results.monitor.enter();
            assert_eq!((inside.get(CAME), inside.get(GONE)), (1, 1), "and not again");
        }
    }

    #[test]
    fn every_place_is_given_back_whatever_becomes_of_its_result() {
        let (results, mut pen) = results();
        for _ in 0..10 {
            let [read, forgotten] = [false, false].map(|comes| results.promise(comes).expect("there is room"));
            assert_eq!(results.promise(false), None, "two are under way");
            results.forget(forgotten, &mut pen);
            for promise in [read, forgotten] {
                results.resolve(promise, true, &mut pen);
            }
            assert_eq!(block_on(results.read(read, None, &mut pen)), Some(true));
        }
        let withdrawn = results.promise(true).expect("there is room");
        results.withdraw(withdrawn);
        assert_eq!(results.promise(true).map(|promise| promise.place), Some(withdrawn.place));
    }
}
