//! A ring of records in shared memory, with one producer and one reader. It carries the events of one worker.
//!
//! The producer makes no system call (but see [`RingWriter::with_bell`]), takes no lock and shares no cache line with
//! another producer. It buffers nothing, so the last event of a worker is in the ring even after `SIGKILL`. A full ring
//! drops new records and counts them; a [`EventKind::Gap`] before the next record that fits marks the place of the loss.
//!
//! ```text
//! word 0       produced: records ever published, gap records included        (producer)
//! word 1       lost: events ever dropped                                     (producer)
//! word 2       pid << 32 | tid of the present producer                       (producer)
//! word 3       request: bits 0-2 which, 3-63 the life it is for                (runner, and workers that cancel it)
//! word 4       progress with the tasks that the worker was given             (producer)
//! word 5       process group of the command that now runs for the worker     (producer)
//! word 6       lives of the worker that have begun                           (producer)
//! word 7       the life that the worker was spawned for, 0 for none          (the worker that spawns it)
//! word 8       consumed                                                      (reader; on a cache line of its own)
//! word 16..    the worker's wait slot                                        (producer)
//! word 288..   records, two words each
//! ```

mod reader;

use std::hint::black_box;
use std::sync::atomic::Ordering;

pub use self::reader::RingReader;
use super::wait_slot::{self, WAIT_SLOT_WORDS, WaitRecord};
// `tests/ring` substitutes loom's atomics.
use super::{AtomicU64, EventKind, RECORD_BYTES, ReaderBell, Record};

const PRODUCED: usize = 0;
const LOST: usize = 1;
const PRODUCER_IDS: usize = 2;
const REQUEST: usize = 3;
const END: u64 = 1;
const CUT_OFF: u64 = 2;
const UNWIND: u64 = 3;
const KILL: u64 = 4;
/// Where the number of the life begins in a request.
const LIFE_SHIFT: u32 = 3;
const PROGRESS: usize = 4;
const COMMAND_GROUP: usize = 5;
const LIVES: usize = 6;
const SPAWNED_LIFE: usize = 7;
const CONSUMED: usize = 8;
const SLOT: usize = 16;
const RECORDS: usize = SLOT + WAIT_SLOT_WORDS;

/// Returns the number of words that a ring of `capacity` records takes.
pub const fn ring_words(capacity: usize) -> usize {
    RECORDS + capacity * 2
}

/// What becomes of everything that a cancelled worker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Cancellation {
    /// It is given back: the worker leaves its blocks one after the other.
    Unwind,
    /// It is not: locks stay locked, permits are gone, and the worker keeps its place in line.
    Kill,
}

/// The shared words of one ring, with the fields that threads other than its producer and reader may use.
#[derive(Debug, Clone, Copy)]
pub struct Ring<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Ring<'a> {
    /// Returns the ring in these words. Their number must be [`ring_words`] of a power of two. A ring of zeros is
    /// empty.
    #[inline]
    pub const fn new(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    #[inline]
    const fn capacity(self) -> u64 {
        ((self.words.len() - RECORDS) / 2) as u64
    }

    #[inline]
    fn load(self, word: usize) -> u64 {
        self.words[word].load(Ordering::Acquire)
    }

    /// Returns the ids of the process and thread that write to the ring, once they are set.
    pub fn producer_ids(self) -> Option<(u32, u32)> {
        let ids = self.load(PRODUCER_IDS);
        (ids != 0).then_some(((ids >> 32) as u32, ids as u32))
    }

    /// Sets the ids of the process and thread that write to the ring.
    pub fn set_producer_ids(self, pid: u32, tid: u32) {
        self.words[PRODUCER_IDS].store(u64::from(pid) << 32 | u64::from(tid), Ordering::Release);
    }

    /// Returns the request that the worker must follow; 0 for none. A cancellation of an earlier life is none.
    #[inline]
    fn request(self) -> u64 {
        self.valid_request(self.words[REQUEST].load(Ordering::Relaxed)) // Relaxed: only the flag matters
    }

    #[inline]
    fn valid_request(self, word: u64) -> u64 {
        let request = word & ((1 << LIFE_SHIFT) - 1);
        // Relaxed: set before the life begins.
        let is_old = request >= UNWIND && word >> LIFE_SHIFT < self.words[SPAWNED_LIFE].load(Ordering::Relaxed);
        if is_old { 0 } else { request }
    }

    /// Replaces the request by what `new` makes of it and of its life, unless that is `None`.
    fn update_request(self, new: impl Fn(u64, u64) -> Option<u64>) {
        let update = |word| new(self.valid_request(word), word >> LIFE_SHIFT);
        let _ = self.words[REQUEST].fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    /// Returns whether the worker was asked to end.
    #[inline]
    pub fn is_end_requested(self) -> bool {
        matches!(self.request(), END | CUT_OFF)
    }

    /// Asks the worker to end at its next step, or withdraws the request.
    pub fn set_end_requested(self, end: bool) {
        let (from, to) = (u64::from(!end), u64::from(end));
        self.update_request(|request, _| (request == from).then_some(to)); // a stronger request stays
    }

    /// Withdraws every request.
    pub fn clear_requests(self) {
        self.words[REQUEST].store(0, Ordering::Relaxed);
    }

    /// Withdraws every request that was not for life `nth`, which is about to begin. It may have been cancelled
    /// already.
    pub fn clear_requests_before_life(self, nth: u64) {
        self.words[SPAWNED_LIFE].store(nth, Ordering::Relaxed);
        self.update_request(|request, life| (request < UNWIND || life < nth).then_some(0));
    }

    /// Asks the worker to end at its next step, even in the middle of a task.
    pub fn mark_cut_off(self) {
        self.words[REQUEST].store(CUT_OFF, Ordering::Relaxed);
    }

    /// Returns whether the worker was asked to end even in the middle of a task.
    #[inline]
    pub fn is_cut_off(self) -> bool {
        self.request() == CUT_OFF
    }

    /// Cancels the worker in life `nth`: its waits and steps end as soon as it notices. Does nothing if a later life
    /// was cancelled or has begun.
    pub fn cancel(self, nth: u64, how: Cancellation) {
        let request = if how == Cancellation::Unwind { UNWIND } else { KILL };
        self.update_request(|old, life| {
            let is_late = nth < self.words[SPAWNED_LIFE].load(Ordering::Relaxed); // as in `valid_request`
            (!is_late && (old < UNWIND || life <= nth)).then_some(nth << LIFE_SHIFT | request)
        });
    }

    /// Returns how the worker was cancelled in its present life, if it was.
    #[inline]
    pub fn cancellation(self) -> Option<Cancellation> {
        match self.request() {
            UNWIND => Some(Cancellation::Unwind),
            KILL => Some(Cancellation::Kill),
            _ => None,
        }
    }

    /// Returns the progress that the worker last noted with the tasks it was given. The worker defines the value, which
    /// outlives it.
    pub fn progress(self) -> u64 {
        self.load(PROGRESS)
    }

    /// Notes the progress of the worker.
    #[inline]
    pub fn set_progress(self, word: u64) {
        self.words[PROGRESS].store(word, Ordering::Release); // Release: after all earlier records
    }

    /// Touches all pages of the ring, so that the first writes cause no page faults.
    pub fn prefault(self) {
        prefault_cells(self.words[RECORDS..].as_chunks().0);
    }

    /// Returns the process group of the command that the worker now runs. It outlives the worker.
    pub fn command_group(self) -> Option<u32> {
        let group = self.load(COMMAND_GROUP) as u32;
        (group != 0).then_some(group)
    }

    /// Sets the process group of the command that the worker now runs; 0 for none.
    pub fn set_command_group(self, group: u32) {
        self.words[COMMAND_GROUP].store(group.into(), Ordering::Release);
    }

    /// Returns the numbers of records published and events lost since the ring was created.
    pub fn totals(self) -> (u64, u64) {
        (self.load(PRODUCED), self.load(LOST))
    }

    /// Returns whether at least half of the ring waits for the reader.
    pub fn is_half_full(self) -> bool {
        self.load(PRODUCED).wrapping_sub(self.load(CONSUMED)) >= self.capacity() / 2
    }

    /// Returns records published plus events lost: every event increases this number.
    pub fn event_total(self) -> u64 {
        // At least the sum at the moment of the first read.
        self.load(PRODUCED).wrapping_add(self.load(LOST))
    }

    /// Returns the wait of the ring's worker with the locks it holds, or the end of its life, if it has recorded
    /// nothing since.
    pub fn wait_record(self) -> Option<WaitRecord> {
        wait_slot::read(&self.words[SLOT..RECORDS], || self.event_total())
    }

    /// Returns whether a slot that was read earlier is still valid: its worker has recorded nothing since, and has not
    /// got what it waits for. The answer holds for the time of all reads before this call.
    pub fn is_still_waiting(self, record: &WaitRecord) -> bool {
        wait_slot::read_event_total(&self.words[SLOT..RECORDS]) == record.event_total
            && self.event_total() == record.event_total
    }
}

/// The producer's end of a ring.
#[derive(Debug)]
pub struct RingWriter<'a> {
    ring: Ring<'a>,
    /// The ring's cells; a power of two.
    cells: &'a [[AtomicU64; 2]],
    produced: u64,
    /// Records that fit for certain without a gap record first. More may fit, if the reader has taken records since the
    /// last check. A write needs only one comparison with it.
    free_records: u64,
    /// Events lost since the last record was written.
    unreported_losses: u64,
    /// Wakes a reader that sleeps until a ring is half full.
    bell: Option<ReaderBell<'a>>,
}

impl<'a> RingWriter<'a> {
    /// Continues where the ring's former producer stopped. There must be no other producer at the same time.
    pub fn new(ring: Ring<'a>) -> Self {
        ring.prefault();
        Self::new_prefaulted(ring)
    }

    /// As [`RingWriter::new`], for a ring whose pages have been touched ([`Ring::prefault`]).
    pub fn new_prefaulted(ring: Ring<'a>) -> Self {
        let (cells, _) = ring.words[RECORDS..].as_chunks();
        Self { ring, cells, produced: ring.load(PRODUCED), free_records: 0, unreported_losses: 0, bell: None }
    }

    /// Rings this bell whenever the ring becomes half full: a system call if the reader sleeps on it.
    pub const fn with_bell(self, bell: ReaderBell<'a>) -> Self {
        Self { bell: Some(bell), ..self }
    }

    /// Continues after another producer wrote: two producers can use a ring in turn.
    pub fn resync(&mut self) {
        self.produced = self.ring.load(PRODUCED);
        self.free_records = 0;
    }

    #[inline]
    fn put_record(&mut self, record: Record) {
        let [ticks, word] = &self.cells[self.produced as usize & (self.cells.len() - 1)];
        // Relaxed: the store to PRODUCED publishes both together.
        ticks.store(record.ticks, Ordering::Relaxed);
        word.store(record.word, Ordering::Relaxed);
        self.produced = self.produced.wrapping_add(1); // wraps: another process may have stored any number
        self.free_records -= 1;
    }

    #[inline]
    fn publish(&self) {
        self.ring.words[PRODUCED].store(self.produced, Ordering::Release);
    }

    /// Writes one record, or counts it as lost. Never blocks: waiting for room would disturb the observed worker.
    #[inline]
    pub fn write(&mut self, record: Record) {
        if self.free_records > 0 || self.make_room(1, record.ticks) {
            self.put_record(record);
            self.publish();
        }
    }

    /// Writes records that are useless without each other: all or none.
    #[inline]
    pub fn write_all(&mut self, records: &[Record]) {
        let ticks = records.first().map_or(0, |r| r.ticks);
        if self.free_records >= records.len() as u64 || self.make_room(records.len() as u64, ticks) {
            for record in records {
                self.put_record(*record);
            }
            self.publish();
        }
    }

    /// Counts a life of the worker that begins.
    pub fn begin_life(&mut self) {
        self.ring.words[LIVES].fetch_add(1, Ordering::Relaxed); // Relaxed: only the producer reads it
    }

    /// Writes the worker's wait slot: what it holds and waits for. The last of these records has just been written to
    /// the ring, or lost. The slot is valid until the next record.
    pub fn write_wait_slot(&mut self, records: &[Record]) {
        // Relaxed: only the producer adds to it.
        let event_total = self.produced.wrapping_add(self.ring.words[LOST].load(Ordering::Relaxed));
        let life = self.ring.words[LIVES].load(Ordering::Relaxed);
        wait_slot::write(&self.ring.words[SLOT..RECORDS], event_total, life, records);
    }

    /// Clears the worker's wait slot: the worker has what it waits for, and records that only after other threads can
    /// see that the item is taken.
    #[inline]
    pub fn clear_wait_slot(&mut self) {
        wait_slot::clear(&self.ring.words[SLOT..RECORDS]);
    }

    /// Reads how far the reader is, and returns whether `records` records fit. If so, writes a gap record first if
    /// events were lost; if not, counts the records as lost.
    #[cold]
    fn make_room(&mut self, records: u64, ticks: u64) -> bool {
        let used = self.produced.wrapping_sub(self.ring.load(CONSUMED));
        self.free_records = (self.cells.len() as u64).saturating_sub(used);
        let marker = u64::from(self.unreported_losses > 0);
        if self.free_records < records + marker {
            self.free_records = 0; // so that the next record checks again
            self.unreported_losses += records;
            self.ring.words[LOST].fetch_add(records, Ordering::Relaxed); // a total, orders nothing
            return false;
        }
        self.ring_bell(used, records + marker);
        if self.unreported_losses > 0 {
            let lost = std::mem::take(&mut self.unreported_losses);
            self.put_record(Record::new(ticks, EventKind::Gap { lost }));
        }
        true
    }

    /// Wakes the reader if these records make the ring half full, of which `used` records are in use. Otherwise the next
    /// check is due when it is.
    fn ring_bell(&mut self, used: u64, records: u64) {
        let Some(bell) = self.bell else { return };
        let half = (self.cells.len() / 2) as u64;
        if used + records > half {
            bell.ring();
        } else {
            self.free_records = half - used;
        }
    }
}

/// Touches the pages of a ring without changing their content. A first touch takes 2 µs; during a run these would
/// happen while locks are held. With 8 threads at a lock held for 1 µs, they moved the share of acquisitions that had
/// to wait from 0.53 to 0.43.
fn prefault_cells(cells: &[[AtomicU64; 2]]) {
    const PAGE: usize = 4096;
    for [ticks, _] in cells.iter().step_by(PAGE / RECORD_BYTES) {
        ticks.fetch_add(black_box(0), Ordering::Relaxed); // Relaxed: changes nothing. A plain 0 would be optimised away
    }
}
