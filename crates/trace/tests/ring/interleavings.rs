//! Tests of the ring's source over loom's atomics: every interleaving of writer and reader, and every value that a
//! processor's memory model may give them (<https://docs.rs/loom>).
//!
//! These tests also cover a writer that dies: the reader then finds the same as in an interleaving in which it reads
//! between two steps of the writer.
//!
//! Loom cannot simulate a load that returns a value stored later. Therefore "no record is overwritten while it is read"
//! rests not only on these tests, but also on the release of `CONSUMED` after the reader's loads and its acquisition
//! before the writer's stores.

use contend_trace::{EventKind, Record, ResourceId};
use loom::sync::atomic::AtomicU64;
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::trace::ring::{Ring, RingReader, RingWriter, ring_words};

/// The words of a ring, shared between threads as they would be between processes.
type Words = Arc<Vec<AtomicU64>>;

fn words(capacity: usize) -> Words {
    Arc::new((0..ring_words(capacity)).map(|_| AtomicU64::new(0)).collect())
}

/// Returns a record whose two words contain the same number, so that a torn read shows.
fn record(nth: u64) -> Record {
    Record::new(nth, EventKind::Woken { on: ResourceId(0), nth })
}

/// The records that a reader found.
#[derive(Debug, Default)]
struct DrainedRecords {
    /// The numbers of the records.
    records: Vec<u64>,
    /// The sum of all recorded gaps.
    gaps: u64,
}

impl DrainedRecords {
    fn drain_once(&mut self, reader: &mut RingReader<'_>) {
        reader.drain(usize::MAX, |record| match record.kind() {
            EventKind::Woken { nth, .. } => {
                assert_eq!(record.ticks, nth, "half of one record and half of another");
                self.records.push(nth);
            }
            EventKind::Gap { lost } => self.gaps += lost,
            other => panic!("{other:?} was never written"),
        });
    }
}

/// The reader finds everything written up to some moment, in order and with whole groups. So it does if the writer
/// dies.
#[test]
fn reader_finds_whole_groups_at_any_moment() {
    loom::model(|| {
        let words = words(4);
        let shared = Arc::clone(&words);
        let writer_thread = thread::spawn(move || {
            let mut writer = RingWriter::new_prefaulted(Ring::new(&shared));
            writer.write_all(&[record(1), record(2)]);
            writer.write(record(3));
        });
        let mut reader = RingReader::new(Ring::new(&words));
        let mut drained = DrainedRecords::default();
        for _ in 0..2 {
            drained.drain_once(&mut reader);
            assert!([&[][..], &[1, 2], &[1, 2, 3]].contains(&&drained.records[..]), "{drained:?}");
        }
        writer_thread.join().expect("the writer does not panic");
        drained.drain_once(&mut reader);
        assert_eq!((&drained.records[..], drained.gaps), (&[1, 2, 3][..], 0));
    });
}

/// In a full ring, no record is overwritten before it is read, and every record that does not fit is counted.
#[test]
fn every_record_is_read_or_counted_as_lost() {
    loom::model(|| {
        let words = words(2);
        let shared = Arc::clone(&words);
        let writer_thread = thread::spawn(move || {
            let mut writer = RingWriter::new_prefaulted(Ring::new(&shared));
            (1..=4).for_each(|nth| writer.write(record(nth)));
        });
        let ring = Ring::new(&words);
        let (mut reader, mut drained) = (RingReader::new(ring), DrainedRecords::default());
        drained.drain_once(&mut reader);
        writer_thread.join().expect("the writer does not panic");
        drained.drain_once(&mut reader);
        let (_, lost) = ring.totals();
        assert!(drained.records.is_sorted_by(|a, b| a < b), "{drained:?}");
        assert_eq!(drained.records.len() as u64 + lost, 4, "{drained:?}");
        assert!(drained.gaps <= lost, "{drained:?} of {lost}");
    });
}

/// A reader gets a slot as its worker wrote it, or none: never a slot that is just being rewritten, and never the slot
/// of a worker that has recorded an event since.
#[test]
fn wait_slot_is_read_whole_or_not_at_all() {
    loom::model(|| {
        let words = words(4);
        let shared = Arc::clone(&words);
        let writer_thread = thread::spawn(move || {
            let mut writer = RingWriter::new_prefaulted(Ring::new(&shared));
            for nth in [1, 2] {
                writer.write(record(nth));
                writer.write_wait_slot(&[record(nth), record(nth)]);
            }
        });
        if let Some(wait) = Ring::new(&words).wait_record() {
            let [first, second] = wait.events()[..] else { panic!("half of a slot: {wait:?}") };
            assert_eq!(first, second);
            assert_eq!((first, wait.event_total), (record(wait.ticks).kind(), wait.ticks));
        }
        writer_thread.join().expect("the writer does not panic");
        let last = Ring::new(&words).wait_record().expect("no event was recorded since");
        assert_eq!((last.ticks, last.event_total), (2, 2));
    });
}

/// A worker that takes an item clears its slot first: a reader that finds the item gone, and then reads the slot, finds
/// it cleared.
#[test]
fn worker_that_has_taken_an_item_is_not_reported_as_waiting() {
    loom::model(|| {
        let (words, items) = (words(4), Arc::new(AtomicU64::new(1)));
        let mut writer = RingWriter::new_prefaulted(Ring::new(&words));
        writer.write(record(1));
        writer.write_wait_slot(&[record(1)]);
        let (shared, queue) = (Arc::clone(&words), Arc::clone(&items));
        let taker_thread = thread::spawn(move || {
            let mut writer = RingWriter::new_prefaulted(Ring::new(&shared));
            writer.clear_wait_slot();
            queue.store(0, loom::sync::atomic::Ordering::Relaxed);
            writer.write(record(2));
        });
        let ring = Ring::new(&words);
        if let Some(wait) = ring.wait_record() {
            let taken = items.load(loom::sync::atomic::Ordering::Relaxed) == 0;
            assert!(!taken || !ring.is_still_waiting(&wait), "it waits for the item that it has taken");
        }
        taker_thread.join().expect("the writer does not panic");
    });
}

/// After a writer died between two stores, the next writer continues after the last published record.
#[test]
fn new_writer_continues_after_the_last_published_record_of_a_dead_one() {
    loom::model(|| {
        let words = words(4);
        RingWriter::new_prefaulted(Ring::new(&words)).write(record(1));
        let second = words.len() - 6; // the first word of the second record
        words[second].store(99, loom::sync::atomic::Ordering::Relaxed);
        let shared = Arc::clone(&words);
        let writer_thread =
            thread::spawn(move || RingWriter::new_prefaulted(Ring::new(&shared)).write_all(&[record(2), record(3)]));
        let (mut reader, mut drained) = (RingReader::new(Ring::new(&words)), DrainedRecords::default());
        drained.drain_once(&mut reader);
        assert!([&[1][..], &[1, 2, 3]].contains(&&drained.records[..]), "{drained:?}");
        writer_thread.join().expect("the writer does not panic");
        drained.drain_once(&mut reader);
        assert_eq!(drained.records, [1, 2, 3]);
    });
}

/// A pool's feeder and the workers that execute its tasks use one ring in turn, inside a common lock.
#[test]
fn two_producers_in_turn_write_one_sequence() {
    loom::model(|| {
        let words = words(4);
        let turn = Arc::new(Mutex::new(0));
        let (shared, other_turn) = (Arc::clone(&words), Arc::clone(&turn));
        let other = thread::spawn(move || take_turn(&shared, &other_turn));
        let (mut reader, mut drained) = (RingReader::new(Ring::new(&words)), DrainedRecords::default());
        take_turn(&words, &turn);
        drained.drain_once(&mut reader);
        other.join().expect("the other writer does not panic");
        drained.drain_once(&mut reader);
        assert_eq!(drained.records, [1, 2]);
    });
}

fn take_turn(words: &[AtomicU64], turn: &Mutex<u64>) {
    let mut writer = RingWriter::new_prefaulted(Ring::new(words));
    let mut nth = turn.lock().expect("no thread panicked");
    *nth += 1;
    writer.resync();
    writer.write(record(*nth));
}
