//! A worker's slot: what it waits for and what it holds, written by itself beside its ring at the moment it begins to wait.
//! There it can be read also when the events that told it were lost.
//!
//! The slot is good for as long as its worker tells nothing further: it names how many records its ring had then, the lost
//! ones included, and every event adds to that number. So events cost nothing more for it; only a wait does, some stores
//! to lines that nobody else writes.
//!
//! Who gets an item or a signal tells of it after it has left the queue. So it clears its slot before: whoever then finds
//! the queue without the item finds the slot cleared.
//!
//! ```text
//! word 0      records produced and events lost by then, together
//! word 1      ticks
//! word 2      which life of the worker it is, from 1 on
//! word 3      how many words follow; 0 for none
//! word 4..    what it told as it began to wait, or as it ended, as words of records
//! ```

use std::sync::atomic::Ordering;

use super::{AtomicU64, EventKind, Record, ResourceId, Stamp, State, WorkerId, fence}; // `tests/ring` brings atomics of its own

/// Words of a slot, in whole pairs of cache lines: what fits is what a wait can list, 255 locks, and what the wait is for.
/// All but the first of them are touched by those alone who hold many.
pub(super) const SLOT_WORDS: usize = 272;
const TOLD: usize = 0;
const TICKS: usize = 1;
const LIFE: usize = 2;
const COUNT: usize = 3;
const FIRST: usize = 4;
/// Events that fit. A list that does not leaves the slot empty.
const MOST: usize = SLOT_WORDS - FIRST;
/// No ring has told so much: the slot is cleared.
const CLEARED: u64 = u64::MAX;

/// What a worker says of itself while it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub worker: WorkerId,
    /// When it began to wait.
    pub at: Stamp,
    /// Which of its lives, from 1 on.
    pub life: u64,
    /// How many of its events were lost until then.
    pub lost: u64,
    /// What it waits for: the events with which it began to, and before them what it holds, the newest 255. Or that it ended.
    pub events: Vec<EventKind>,
}

/// What all that stood still did at one and the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    pub slots: Vec<Slot>,
    /// What nobody could have then, by the state of those who wait for it: items of empty queues, room in full ones, permits
    /// of semaphores that have none, signals where none is under way. What is closed is not among it. And [`State::Done`] of lives, if their worker was in none before
    /// that, nor asked for one. In order.
    pub lacking: Vec<(ResourceId, State)>,
}

/// A slot as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Records and lost events of its ring by then.
    pub told: u64,
    pub ticks: u64,
    pub life: u64,
    words: Vec<u64>,
}

impl Standing {
    /// What its worker told as it began to wait.
    pub fn events(&self) -> Vec<EventKind> {
        self.words.iter().map(|word| Record { ticks: 0, word: *word }.kind()).collect()
    }
}

/// Writes a slot. `told` must have been published before.
pub(super) fn write(words: &[AtomicU64], told: u64, life: u64, records: &[Record]) {
    // Whoever reads a word that is written from here on finds that the ring has gone on since the former wait.
    fence(Ordering::Release);
    let count = if records.len() > MOST { 0 } else { records.len() };
    // Relaxed: published as a whole by the store to TOLD.
    for (word, record) in words[FIRST..].iter().zip(&records[..count]) {
        word.store(record.word, Ordering::Relaxed);
    }
    words[TICKS].store(records.first().map_or(0, |record| record.ticks), Ordering::Relaxed);
    words[LIFE].store(life, Ordering::Relaxed);
    words[COUNT].store(count as u64, Ordering::Relaxed);
    words[TOLD].store(told, Ordering::Release);
}

/// Clears a slot: its worker has what it waits for. Called before anybody can see that it is taken.
pub(super) fn clear(words: &[AtomicU64]) {
    words[TOLD].store(CLEARED, Ordering::Relaxed);
    // Whoever reads what is written from here on, and then the slot, finds it cleared.
    fence(Ordering::Release);
}

/// How much the ring had told when the slot was written, if it was not cleared since. What was read before this call was
/// read before the slot.
pub(super) fn told(words: &[AtomicU64]) -> u64 {
    fence(Ordering::Acquire);
    words[TOLD].load(Ordering::Relaxed)
}

/// Reads a slot, if `told` says that its ring has not gone on since. Trusts nothing that is in it.
pub(super) fn read(words: &[AtomicU64], told: impl FnOnce() -> u64) -> Option<Standing> {
    let before = words[TOLD].load(Ordering::Acquire);
    // Relaxed: what is read counts only if the ring has told nothing further after it.
    let word = |at: usize| words[at].load(Ordering::Relaxed);
    let count = (word(COUNT) as usize).min(MOST);
    let standing = Standing {
        told: before,
        ticks: word(TICKS),
        life: word(LIFE),
        words: (FIRST..FIRST + count).map(word).collect(),
    };
    fence(Ordering::Acquire);
    (count > 0 && told() == before).then_some(standing)
}
