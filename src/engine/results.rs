//! Results of a pool's tasks, in shared memory: promised to whoever submits a task, there when it is over, and kept until
//! they are read or nobody can read them any more.

use std::time::Instant;

use super::recorder::Recorder;
use super::shared::monitor::{Bell, Inside, Monitor};
use crate::trace::{Awaited, EventKind, Fate, PoolId, ResourceId, State};

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

/// What is at a place; a free one has the next free one instead.
const PENDING: u64 = 1;
const OK: u64 = 2;
const FAILED: u64 = 3;
/// Nobody will read it.
const FORGOTTEN: u64 = 4;
/// Whoever reads takes what comes.
const AS_IT_COMES: u64 = 5;

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
                inside.set(FREE, inside.get(place_of(free - 1)));
                free - 1
            }
        };
        let nth = inside.get(PROMISED) + 1;
        inside.set(PROMISED, nth);
        inside.set(place_of(place), if as_it_comes { AS_IT_COMES } else { PENDING });
        Some(Promise { place: place as u32, nth })
    }

    /// The task is over: its result is there for whoever wants it.
    pub fn resolve(self, promise: Promise, ok: bool, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let at = place_of(u64::from(promise.place));
        let state = inside.get(at);
        let forgotten = state == FORGOTTEN;
        match state {
            FORGOTTEN => give_back(&mut inside, promise),
            PENDING => inside.change(at, if ok { OK } else { FAILED }),
            AS_IT_COMES => {
                let came = inside.get(CAME);
                inside.set(self.came(came), promise.word() << 1 | u64::from(ok));
                inside.set(CAME, came + 1);
                inside.wake_all(ANY);
            }
            _ => return, // it is there already
        }
        let held = inside.get(HELD) + u64::from(!forgotten);
        inside.set(HELD, held);
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::Resolved { on: self.id, held: short(held), nth: promise.nth as u32, ok });
        if forgotten && !ok {
            pen.write(at, EventKind::Met { pool: self.pool, fate: Fate::Unseen });
        }
    }

    /// The word in which the `nth` that came is kept.
    fn came(self, nth: u64) -> usize {
        place_of(self.places + nth % self.places)
    }

    /// Waits for a result and reads it; `None` when it was not there before the deadline.
    pub async fn read(self, promise: Promise, deadline: Option<Instant>, pen: &mut Recorder<'_>) -> Option<bool> {
        let at = place_of(u64::from(promise.place));
        let there = |inside: &Inside<'_>| inside.get(at) != PENDING;
        let mut inside = self.wait(promise.nth, Bell(at), there, deadline, pen).await?;
        let ok = inside.get(at) == OK;
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
        let at = place_of(u64::from(promise.place));
        let state = inside.get(at);
        match state {
            PENDING | AS_IT_COMES => return inside.set(at, FORGOTTEN),
            _ => give_back(&mut inside, promise),
        }
        drop(inside);
        if state == FAILED {
            pen.write(pen.now(), EventKind::Met { pool: self.pool, fate: Fate::Unseen });
        }
    }
}

fn give_back(inside: &mut Inside<'_>, promise: Promise) {
    let place = u64::from(promise.place);
    inside.set(place_of(place), inside.get(FREE));
    inside.set(FREE, place + 1);
}

const fn place_of(place: u64) -> usize {
    PLACES + place as usize
}

fn short(held: u64) -> u16 {
    u16::try_from(held).unwrap_or(u16::MAX)
}
