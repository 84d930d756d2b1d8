//! A single-producer ring of records in shared memory: the way of an event out of its worker.
//!
//! The producer makes no system call, takes no lock and shares no cache line with another producer. Nothing is buffered
//! on its side, so what a worker did last is there after `SIGKILL`. A full ring drops and counts; the place of the loss is
//! marked by a [`EventKind::Gap`] before the next record that fits.
//!
//! ```text
//! word 0       produced: records ever published, gap records included        (producer)
//! word 1       lost: events ever dropped                                     (producer)
//! word 2       pid << 32 | tid of the present producer                       (producer)
//! word 3       asked to end                                                  (runner)
//! word 4       how far it is with the tasks it was handed                     (producer)
//! word 5       process group of the command that is run for it now       (producer)
//! word 6       lives of the worker that have begun                           (producer)
//! word 8       consumed                                                      (reader; on a cache line of its own)
//! word 16..    the worker's slot                                             (producer)
//! word 288..   records, two words each
//! ```

mod reader;

use std::hint::black_box;
use std::sync::atomic::Ordering;

pub use self::reader::RingReader;
use super::slot::{self, SLOT_WORDS, Standing};
use super::{AtomicU64, EventKind, RECORD_BYTES, Record}; // `tests/ring` brings atomics of its own

const PRODUCED: usize = 0;
const LOST: usize = 1;
const WHO: usize = 2;
const END: usize = 3;
const CUT_OFF: u64 = 2;
const PROGRESS: usize = 4;
const COMMAND: usize = 5;
const LIVES: usize = 6;
const CONSUMED: usize = 8;
const SLOT: usize = 16;
const RECORDS: usize = SLOT + SLOT_WORDS;

/// Words a ring of `capacity` records takes.
pub const fn ring_words(capacity: usize) -> usize {
    RECORDS + capacity * 2
}

/// The shared words of one ring, and what others than its producer and reader may ask of it.
#[derive(Debug, Clone, Copy)]
pub struct Ring<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Ring<'a> {
    /// The ring in these words; `words.len()` is [`ring_words`] of a power of two.
    pub const fn new(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    const fn capacity(self) -> u64 {
        ((self.words.len() - RECORDS) / 2) as u64
    }

    fn load(self, word: usize) -> u64 {
        self.words[word].load(Ordering::Acquire)
    }

    /// Process and thread that write here, once they have said so.
    pub fn who(self) -> Option<(u32, u32)> {
        let who = self.load(WHO);
        (who != 0).then_some(((who >> 32) as u32, who as u32))
    }

    /// Says who writes here.
    pub fn sign(self, pid: u32, tid: u32) {
        self.words[WHO].store(u64::from(pid) << 32 | u64::from(tid), Ordering::Release);
    }

    /// Whether the worker was asked to end.
    #[inline]
    pub fn asked_to_end(self) -> bool {
        self.words[END].load(Ordering::Relaxed) != 0 // Relaxed: the flag alone matters, it orders nothing
    }

    /// Asks the worker to end at its next step, or takes that back.
    pub fn ask_to_end(self, end: bool) {
        self.words[END].store(u64::from(end), Ordering::Relaxed);
    }

    /// Asks the worker to end at its next step even in the middle of a task.
    pub fn cut_off(self) {
        self.words[END].store(CUT_OFF, Ordering::Relaxed);
    }

    /// Whether it was asked to end even in the middle of a task.
    pub fn is_cut_off(self) -> bool {
        self.words[END].load(Ordering::Relaxed) == CUT_OFF // Relaxed: as above
    }

    /// What the worker noted last of how far it is with the tasks it was handed, in words of its own; survives it.
    pub fn progress(self) -> u64 {
        self.load(PROGRESS)
    }

    /// Notes how far it is.
    pub fn set_progress(self, word: u64) {
        self.words[PROGRESS].store(word, Ordering::Release); // after all that was told before
    }

    /// Makes its pages ready to be written to.
    pub fn touch(self) {
        touch(self.words[RECORDS..].as_chunks().0);
    }

    /// Process group of the command that it runs now; survives the worker.
    pub fn command(self) -> Option<u32> {
        let group = self.load(COMMAND) as u32;
        (group != 0).then_some(group)
    }

    /// Says which command it runs now: the number of its process group, or 0.
    pub fn set_command(self, group: u32) {
        self.words[COMMAND].store(group.into(), Ordering::Release);
    }

    /// Records published and events lost since the ring was made.
    pub fn totals(self) -> (u64, u64) {
        (self.load(PRODUCED), self.load(LOST))
    }

    /// Both of them together: with every event there is more.
    pub fn told(self) -> u64 {
        // The sum that both had when the first of them was read, or more.
        self.load(PRODUCED).wrapping_add(self.load(LOST))
    }

    /// What its worker waits for and holds, if it has told nothing since it began to wait; or that it ended.
    pub fn standing(self) -> Option<Standing> {
        slot::read(&self.words[SLOT..RECORDS], || self.told())
    }

    /// Whether a slot that was read is good still, after all that was read before this call: its worker has told nothing
    /// since, and has not got what it waits for.
    pub fn is_still(self, standing: &Standing) -> bool {
        slot::told(&self.words[SLOT..RECORDS]) == standing.told && self.told() == standing.told
    }
}

/// The producer's end.
#[derive(Debug)]
pub struct RingWriter<'a> {
    ring: Ring<'a>,
    /// The ring's cells; a power of two.
    cells: &'a [[AtomicU64; 2]],
    produced: u64,
    /// Records that fit for certain, with nothing to be told first: what the reader has taken since we last looked comes
    /// on top. One comparison is all that a write has to ask.
    room: u64,
    /// Lost since the last record that was written.
    gap: u64,
}

impl<'a> RingWriter<'a> {
    /// Goes on where the ring's former producer stopped. There must be no other at the same time.
    pub fn new(ring: Ring<'a>) -> Self {
        ring.touch();
        Self::again(ring)
    }

    /// As [`RingWriter::new`], for a ring whose pages were made ready before.
    pub fn again(ring: Ring<'a>) -> Self {
        let (cells, _) = ring.words[RECORDS..].as_chunks();
        Self { ring, cells, produced: ring.load(PRODUCED), room: 0, gap: 0 }
    }

    /// Takes over again after another producer wrote: both hand the ring to and fro.
    pub fn resume(&mut self) {
        self.produced = self.ring.load(PRODUCED);
        self.room = 0;
    }

    #[inline]
    fn put(&mut self, record: Record) {
        let [ticks, word] = &self.cells[self.produced as usize & (self.cells.len() - 1)];
        // Relaxed: published as a whole by the store to PRODUCED.
        ticks.store(record.ticks, Ordering::Relaxed);
        word.store(record.word, Ordering::Relaxed);
        self.produced = self.produced.wrapping_add(1); // whoever else has the memory may have left any number there
        self.room -= 1;
    }

    #[inline]
    fn publish(&self) {
        self.ring.words[PRODUCED].store(self.produced, Ordering::Release);
    }

    /// Writes one record, or counts it as lost. Never blocks: waiting for room would disturb the worker that is watched.
    #[inline]
    pub fn write(&mut self, record: Record) {
        if self.room > 0 || self.make_room(1, record.ticks) {
            self.put(record);
            self.publish();
        }
    }

    /// Writes records that are worthless without one another: all, or none.
    #[inline]
    pub fn write_all(&mut self, records: &[Record]) {
        let ticks = records.first().map_or(0, |r| r.ticks);
        if self.room >= records.len() as u64 || self.make_room(records.len() as u64, ticks) {
            for record in records {
                self.put(*record);
            }
            self.publish();
        }
    }

    /// A life of the worker begins.
    pub fn begin_life(&mut self) {
        self.ring.words[LIVES].fetch_add(1, Ordering::Relaxed); // Relaxed: read by whoever writes here
    }

    /// Says in the worker's slot what it waits for and holds: in these records, the newest of which it has just told, or
    /// has lost. Good until it tells anything else.
    pub fn stand(&mut self, records: &[Record]) {
        // Relaxed: nobody else adds to it.
        let told = self.produced.wrapping_add(self.ring.words[LOST].load(Ordering::Relaxed));
        let life = self.ring.words[LIVES].load(Ordering::Relaxed);
        slot::write(&self.ring.words[SLOT..RECORDS], told, life, records);
    }

    /// Clears the worker's slot: it has what it waits for, and will tell so after others can see that it is taken.
    pub fn leave(&mut self) {
        slot::clear(&self.ring.words[SLOT..RECORDS]);
    }

    /// Looks how far the reader has come. With room for so many records it tells of the loss before them, if there was
    /// one; without, they are counted as lost.
    #[cold]
    fn make_room(&mut self, records: u64, ticks: u64) -> bool {
        let used = self.produced.wrapping_sub(self.ring.load(CONSUMED));
        self.room = (self.cells.len() as u64).saturating_sub(used);
        let marker = u64::from(self.gap > 0);
        if self.room < records + marker {
            self.room = 0; // so that the next record asks again
            self.gap += records;
            self.ring.words[LOST].fetch_add(records, Ordering::Relaxed); // a total, orders nothing
            return false;
        }
        if self.gap > 0 {
            let lost = std::mem::take(&mut self.gap);
            self.put(Record::new(ticks, EventKind::Gap { lost }));
        }
        true
    }
}

/// Makes the pages of a ring writable without changing what they hold: before the run, since a first touch takes 2 µs,
/// and in the middle of it those would fall into locks that are held. With eight threads at a lock of 1 µs they moved the
/// share that had to wait from 0.53 to 0.43.
fn touch(cells: &[[AtomicU64; 2]]) {
    const PAGE: usize = 4096;
    for [ticks, _] in cells.iter().step_by(PAGE / RECORD_BYTES) {
        ticks.fetch_add(black_box(0), Ordering::Relaxed); // Relaxed: changes nothing; a plain zero is optimised away
    }
}
