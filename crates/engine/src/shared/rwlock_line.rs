//! The line of waiters at fair rwlocks where a waiter may give up. A worker that leaves the line shortens the wait of
//! those behind it, in their own words of shared memory, and of no others: counting it as admitted would let workers
//! ahead of it be overtaken.
//!
//! A worker waits for one rwlock at a time, so it has one place. The monitor of that rwlock guards it.
//!
//! ```text
//! word 0   1 + the rwlock; 0 if the worker waits for none
//! word 1-2 writers and readers that had arrived before it
//! word 3-4 writers and readers that must be admitted first
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use contend_trace::{ResourceId, WorkerId};

/// Words of each worker.
pub const LINE_WORDS: usize = 5;

/// The places of all workers.
#[derive(Debug, Clone, Copy)]
pub struct RwlockLine<'a>(pub &'a [AtomicU64]);

/// Writers and readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RwCounts {
    pub writers: u64,
    pub readers: u64,
}

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePlace {
    /// How many had ever arrived before; those of its own kind are its number.
    pub before: RwCounts,
    /// How many must be admitted before this worker.
    pub needed: RwCounts,
}

impl<'a> RwlockLine<'a> {
    fn words(self, worker: WorkerId) -> Option<&'a [AtomicU64; LINE_WORDS]> {
        self.0.get(worker.index() * LINE_WORDS..)?.first_chunk()
    }

    /// Puts a worker into the line of a lock.
    pub fn enter(self, worker: WorkerId, lock: ResourceId, place: LinePlace) {
        let Some(words) = self.words(worker) else { return };
        let LinePlace { before, needed } = place;
        let values = [lock_word(lock), before.writers, before.readers, needed.writers, needed.readers];
        for (word, value) in words.iter().zip(values) {
            word.store(value, Ordering::Relaxed); // Relaxed, here and below: the mutex of the monitor orders accesses
        }
    }

    /// Takes a worker out of the line.
    pub fn leave(self, worker: WorkerId) {
        if let Some([lock, ..]) = self.words(worker) {
            lock.store(0, Ordering::Relaxed);
        }
    }

    /// Returns how many must still be admitted before a worker, counted from the first admission ever.
    pub fn needed(self, worker: WorkerId) -> Option<RwCounts> {
        let [.., writers, readers] = self.words(worker)?;
        Some(RwCounts { writers: writers.load(Ordering::Relaxed), readers: readers.load(Ordering::Relaxed) })
    }

    /// Moves up all workers behind a writer that gave up.
    pub fn close_gap_of_writer(self, lock: ResourceId, place: LinePlace) {
        for [_, before, _, needed, _] in self.places_at(lock) {
            move_up(before, needed, place.before.writers);
        }
    }

    /// Moves up all workers behind a reader that gave up.
    pub fn close_gap_of_reader(self, lock: ResourceId, place: LinePlace) {
        for [_, _, before, _, needed] in self.places_at(lock) {
            move_up(before, needed, place.before.readers);
        }
    }

    fn places_at(self, lock: ResourceId) -> impl Iterator<Item = &'a [AtomicU64; LINE_WORDS]> {
        let (all, _) = self.0.as_chunks::<LINE_WORDS>();
        all.iter().filter(move |[at, ..]| at.load(Ordering::Relaxed) == lock_word(lock))
    }
}

fn lock_word(lock: ResourceId) -> u64 {
    1 + u64::from(lock.0)
}

fn move_up(before: &AtomicU64, needed: &AtomicU64, number: u64) {
    if before.load(Ordering::Relaxed) > number {
        needed.store(needed.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: ResourceId = ResourceId(3);

    fn place(writers: u64, readers: u64) -> LinePlace {
        let counts = RwCounts { writers, readers };
        LinePlace { before: counts, needed: counts }
    }

    #[test]
    fn only_workers_behind_at_the_same_lock_move_up() {
        let words: Vec<AtomicU64> = (0..4 * LINE_WORDS).map(|_| AtomicU64::new(0)).collect();
        let line = RwlockLine(&words);
        line.enter(WorkerId(0), LOCK, place(1, 0)); // ahead of the writer with number 1
        line.enter(WorkerId(1), LOCK, place(2, 4));
        line.enter(WorkerId(2), ResourceId(4), place(2, 4));
        line.enter(WorkerId(3), LOCK, place(5, 5));
        line.leave(WorkerId(3));
        line.close_gap_of_writer(LOCK, place(1, 0));
        let needed = |worker| line.needed(WorkerId(worker)).map(|counts| (counts.writers, counts.readers));
        assert_eq!([0, 1, 2].map(needed), [Some((1, 0)), Some((1, 4)), Some((2, 4))]);
        line.close_gap_of_reader(LOCK, place(9, 3));
        assert_eq!([0, 1, 3].map(needed), [Some((1, 0)), Some((1, 3)), Some((5, 5))]);
        assert_eq!(needed(4), None, "there is no such worker");
    }
}
