//! The ring's own source over loom's atomics: every interleaving of writer and reader, and every value that the memory of
//! a processor may show them (<https://docs.rs/loom>).
//!
//! A writer that dies does not go on: what the reader finds then is what it finds in one of the interleavings here, one in
//! which it looks and the writer comes to no more steps.
//!
//! One thing loom cannot show: a load that finds what is stored only later. So that no record is overwritten while it is read
//! rests, beside these tests, on the release of `CONSUMED` after the loads and its acquisition before the stores.

use contend_trace::{EventKind, Record, ResourceId};
use loom::sync::atomic::AtomicU64;
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::trace::ring::{Ring, RingReader, RingWriter, ring_words};

/// Words of a ring, shared as processes share them.
type Words = Arc<Vec<AtomicU64>>;

fn words(capacity: usize) -> Words {
    Arc::new((0..ring_words(capacity)).map(|_| AtomicU64::new(0)).collect())
}

/// A record that shows whether both its words are its own.
fn record(nth: u64) -> Record {
    Record::new(nth, EventKind::Heard { on: ResourceId(0), nth })
}

/// What a reader found.
#[derive(Debug, Default)]
struct Seen {
    /// The numbers of the records.
    records: Vec<u64>,
    /// The sum of all gaps that were told.
    gaps: u64,
}

impl Seen {
    fn look(&mut self, reader: &mut RingReader<'_>) {
        reader.drain(usize::MAX, |record| match record.kind() {
            EventKind::Heard { nth, .. } => {
                assert_eq!(record.ticks, nth, "half of one record and half of another");
                self.records.push(nth);
            }
            EventKind::Gap { lost } => self.gaps += lost,
            other => panic!("nobody wrote {other:?}"),
        });
    }
}

/// Whenever the writer dies: what it wrote is there up to some moment, in order, groups whole.
#[test]
fn a_reader_finds_whole_groups_at_any_moment() {
    loom::model(|| {
        let words = words(4);
        let shared = Arc::clone(&words);
        let writes = thread::spawn(move || {
            let mut writer = RingWriter::again(Ring::new(&shared));
            writer.write_all(&[record(1), record(2)]);
            writer.write(record(3));
        });
        let mut reader = RingReader::new(Ring::new(&words));
        let mut seen = Seen::default();
        for _ in 0..2 {
            seen.look(&mut reader);
            assert!([&[][..], &[1, 2], &[1, 2, 3]].contains(&&seen.records[..]), "{seen:?}");
        }
        writes.join().expect("it does not panic");
        seen.look(&mut reader);
        assert_eq!((&seen.records[..], seen.gaps), (&[1, 2, 3][..], 0));
    });
}

/// A full ring: no record is overwritten before it was read, and what found no room is counted, all of it.
#[test]
fn what_was_written_is_shown_or_counted() {
    loom::model(|| {
        let words = words(2);
        let shared = Arc::clone(&words);
        let writes = thread::spawn(move || {
            let mut writer = RingWriter::again(Ring::new(&shared));
            (1..=4).for_each(|nth| writer.write(record(nth)));
        });
        let ring = Ring::new(&words);
        let (mut reader, mut seen) = (RingReader::new(ring), Seen::default());
        seen.look(&mut reader);
        writes.join().expect("it does not panic");
        seen.look(&mut reader);
        let (_, lost) = ring.totals();
        assert!(seen.records.is_sorted_by(|a, b| a < b), "{seen:?}");
        assert_eq!(seen.records.len() as u64 + lost, 4, "{seen:?}");
        assert!(seen.gaps <= lost, "{seen:?} of {lost}");
    });
}

/// A slot is read as its worker wrote it, or not at all: not one that is being written anew, and none of a worker that has
/// told something since.
#[test]
fn a_slot_is_whole_or_none() {
    loom::model(|| {
        let words = words(4);
        let shared = Arc::clone(&words);
        let writes = thread::spawn(move || {
            let mut writer = RingWriter::again(Ring::new(&shared));
            for nth in [1, 2] {
                writer.write(record(nth));
                writer.stand(&[record(nth), record(nth)]);
            }
        });
        if let Some(standing) = Ring::new(&words).standing() {
            let [first, second] = standing.events()[..] else { panic!("half of {standing:?}") };
            assert_eq!(first, second);
            assert_eq!((first, standing.told), (record(standing.ticks).kind(), standing.ticks));
        }
        writes.join().expect("it does not panic");
        let last = Ring::new(&words).standing().expect("nothing was told since");
        assert_eq!((last.ticks, last.told), (2, 2));
    });
}

/// Who gets an item clears its slot first: whoever finds the item gone, and then looks at the slot, finds that.
#[test]
fn who_has_taken_an_item_is_not_seen_to_wait() {
    loom::model(|| {
        let (words, items) = (words(4), Arc::new(AtomicU64::new(1)));
        let mut writer = RingWriter::again(Ring::new(&words));
        writer.write(record(1));
        writer.stand(&[record(1)]);
        let (shared, queue) = (Arc::clone(&words), Arc::clone(&items));
        let takes = thread::spawn(move || {
            let mut writer = RingWriter::again(Ring::new(&shared));
            writer.leave();
            queue.store(0, loom::sync::atomic::Ordering::Relaxed);
            writer.write(record(2));
        });
        let ring = Ring::new(&words);
        if let Some(standing) = ring.standing() {
            let taken = items.load(loom::sync::atomic::Ordering::Relaxed) == 0;
            assert!(!taken || !ring.is_still(&standing), "it waits for what it has");
        }
        takes.join().expect("it does not panic");
    });
}

/// A writer died between its stores. The next one begins with what it had published.
#[test]
fn a_successor_goes_on_where_a_dead_writer_stopped() {
    loom::model(|| {
        let words = words(4);
        RingWriter::again(Ring::new(&words)).write(record(1));
        let half = words.len() - 6; // where its second record would begin
        words[half].store(99, loom::sync::atomic::Ordering::Relaxed);
        let shared = Arc::clone(&words);
        let writes = thread::spawn(move || RingWriter::again(Ring::new(&shared)).write_all(&[record(2), record(3)]));
        let (mut reader, mut seen) = (RingReader::new(Ring::new(&words)), Seen::default());
        seen.look(&mut reader);
        assert!([&[1][..], &[1, 2, 3]].contains(&&seen.records[..]), "{seen:?}");
        writes.join().expect("it does not panic");
        seen.look(&mut reader);
        assert_eq!(seen.records, [1, 2, 3]);
    });
}

/// A feeder and who does its tasks hand a ring to and fro, inside a lock of theirs.
#[test]
fn two_producers_in_turn_are_as_one() {
    loom::model(|| {
        let words = words(4);
        let turn = Arc::new(Mutex::new(0));
        let (shared, theirs) = (Arc::clone(&words), Arc::clone(&turn));
        let other = thread::spawn(move || take_turn(&shared, &theirs));
        let (mut reader, mut seen) = (RingReader::new(Ring::new(&words)), Seen::default());
        take_turn(&words, &turn);
        seen.look(&mut reader);
        other.join().expect("it does not panic");
        seen.look(&mut reader);
        assert_eq!(seen.records, [1, 2]);
    });
}

fn take_turn(words: &[AtomicU64], turn: &Mutex<u64>) {
    let mut writer = RingWriter::again(Ring::new(words));
    let mut nth = turn.lock().expect("nobody panicked");
    *nth += 1;
    writer.resume();
    writer.write(record(*nth));
}
