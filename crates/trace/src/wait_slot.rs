//! A worker's wait slot: the resource that it waits for and the locks that it holds, beside its ring.
//!
//! The worker writes the slot when it begins to wait. A reader finds the wait there even if the events that describe it
//! were lost.
//!
//! A slot is valid until its worker records another event: the slot contains the number of records that the ring had
//! when it was written, including lost ones, and every event increases that number. So the slot adds no cost to an
//! event. Only a wait costs more: some stores to cache lines that no other thread writes.
//!
//! A worker that gets an item or a signal records it only after it has removed the item from the queue. Therefore it
//! clears its slot before that: a reader that finds the queue without the item also finds the slot cleared.
//!
//! ```text
//! word 0      records produced plus events lost, at the time of writing
//! word 1      ticks
//! word 2      number of the worker's life, from 1 on
//! word 3      number of words that follow; 0 for none
//! word 4..    the events with which the wait began, or the life ended, as words of records
//! ```

use std::sync::atomic::Ordering;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

// `tests/ring` substitutes loom's atomics.
use super::{AtomicU64, EventKind, Record, ResourceId, Stamp, State, WorkerId, fence};

/// Words of a slot, in whole pairs of cache lines: enough for what a wait can list, 255 locks, and the wait itself.
/// Only workers that hold many locks touch more than the first lines.
pub(super) const WAIT_SLOT_WORDS: usize = 272;
const EVENT_TOTAL: usize = 0;
const TICKS: usize = 1;
const LIFE: usize = 2;
const EVENT_COUNT: usize = 3;
const FIRST_EVENT: usize = 4;
/// Events that fit. A longer list leaves the slot empty.
const MAX_EVENTS: usize = WAIT_SLOT_WORDS - FIRST_EVENT;
/// The event total of a cleared slot, which no ring reaches.
const CLEARED: u64 = u64::MAX;

/// A worker's wait, as its slot describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct WaitSlot {
    pub worker: WorkerId,
    /// When the wait began.
    pub at: Stamp,
    /// The number of the worker's life, from 1 on.
    pub life: u64,
    /// How many of its events had been lost by then.
    pub lost: u64,
    /// The newest 255 locks that it holds, then the events with which the wait began. Or the end of its life.
    pub events: Vec<EventKind>,
}

/// The waits of all workers that were blocked at one common moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct WaitSnapshot {
    pub slots: Vec<WaitSlot>,
    /// Resources that could not serve any waiter at that moment, each with the state of its waiters, sorted: items of
    /// empty queues, room in full ones, permits of semaphores without any, signals where none is under way. Closed
    /// resources are not listed. [`State::Done`] stands for a life whose worker was not alive at that moment, with no
    /// start requested.
    pub unavailable: Vec<(ResourceId, State)>,
}

/// The content of a slot as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitRecord {
    /// Records and lost events of the worker's ring when it wrote the slot.
    pub event_total: u64,
    pub ticks: u64,
    pub life: u64,
    words: Vec<u64>,
}

impl WaitRecord {
    /// Decodes the events with which the wait began.
    pub fn events(&self) -> Vec<EventKind> {
        self.words.iter().map(|word| Record { ticks: 0, word: *word }.kind()).collect()
    }
}

/// Writes a slot. The ring must have published the records that `event_total` counts.
pub(super) fn write(words: &[AtomicU64], event_total: u64, life: u64, records: &[Record]) {
    // A reader that sees a word written from here on also sees that the ring has advanced since the previous wait.
    fence(Ordering::Release);
    let count = if records.len() > MAX_EVENTS { 0 } else { records.len() };
    // Relaxed: the store to EVENT_TOTAL publishes everything together.
    for (word, record) in words[FIRST_EVENT..].iter().zip(&records[..count]) {
        word.store(record.word, Ordering::Relaxed);
    }
    words[TICKS].store(records.first().map_or(0, |record| record.ticks), Ordering::Relaxed);
    words[LIFE].store(life, Ordering::Relaxed);
    words[EVENT_COUNT].store(count as u64, Ordering::Relaxed);
    words[EVENT_TOTAL].store(event_total, Ordering::Release);
}

/// Clears a slot whose worker has got what it waits for. Called before other threads can see that the item is taken.
#[inline]
pub(super) fn clear(words: &[AtomicU64]) {
    words[EVENT_TOTAL].store(CLEARED, Ordering::Relaxed);
    // A reader that sees a store made after this fence, and then reads the slot, finds it cleared.
    fence(Ordering::Release);
}

/// Returns the event total of the slot, or `CLEARED`. All reads before this call happened before the read of the slot.
pub(super) fn read_event_total(words: &[AtomicU64]) -> u64 {
    fence(Ordering::Acquire);
    words[EVENT_TOTAL].load(Ordering::Relaxed)
}

/// Reads a slot, unless `event_total`, the ring's present total, shows that the ring has advanced since it was written.
/// Trusts nothing in the slot.
pub(super) fn read(words: &[AtomicU64], event_total: impl FnOnce() -> u64) -> Option<WaitRecord> {
    let before = words[EVENT_TOTAL].load(Ordering::Acquire);
    // Relaxed: the value counts only if the ring's total is still the same afterwards.
    let word = |at: usize| words[at].load(Ordering::Relaxed);
    let count = (word(EVENT_COUNT) as usize).min(MAX_EVENTS);
    let record = WaitRecord {
        event_total: before,
        ticks: word(TICKS),
        life: word(LIFE),
        words: (FIRST_EVENT..FIRST_EVENT + count).map(word).collect(),
    };
    fence(Ordering::Acquire);
    (count > 0 && event_total() == before).then_some(record)
}
