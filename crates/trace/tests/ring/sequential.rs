//! Tests of the ring alone: every record that is written is read or counted as lost.

use std::sync::atomic::AtomicU64;

use contend_trace::{Cancellation, EventKind, Record, Ring, RingReader, RingWriter, ring_words};
use proptest::prelude::*;

fn words(capacity: usize) -> Vec<AtomicU64> {
    (0..ring_words(capacity)).map(|_| AtomicU64::new(0)).collect()
}

fn drained(reader: &mut RingReader<'_>) -> Vec<EventKind> {
    let mut out = Vec::new();
    reader.drain(usize::MAX, |r| out.push(r.kind()));
    out
}

#[test]
fn full_ring_counts_lost_records_and_marks_the_gap() {
    let words = words(4);
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    for i in 0..6 {
        writer.write(Record::new(i, EventKind::Resumed));
    }
    assert_eq!(drained(&mut reader), [EventKind::Resumed; 4]);
    writer.write(Record::new(7, EventKind::LifeBegan));
    assert_eq!(drained(&mut reader), [EventKind::Gap { lost: 2 }, EventKind::LifeBegan]);
    assert_eq!(ring.totals(), (6, 2));
}

#[test]
fn group_of_records_is_written_whole_or_not_at_all() {
    let words = words(4);
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write_all(&[Record::new(0, EventKind::LifeBegan); 3]);
    writer.write_all(&[Record::new(1, EventKind::Resumed); 2]);
    assert_eq!(drained(&mut reader), [EventKind::LifeBegan; 3]);
    assert_eq!(ring.totals(), (3, 2));
}

#[test]
fn positions_wrap_around_at_the_end_of_their_range() {
    let words = words(4);
    let (produced, consumed) = (&words[0], &words[8]);
    for position in [produced, consumed] {
        position.store(u64::MAX, std::sync::atomic::Ordering::Relaxed); // any process that has the memory can do this
    }
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write_all(&[Record::new(0, EventKind::LifeBegan); 3]);
    assert_eq!(drained(&mut reader), [EventKind::LifeBegan; 3]);
}

#[test]
fn every_record_is_read_or_counted_as_lost_with_two_threads() {
    let words = words(64);
    let ring = Ring::new(&words);
    let total = 200_000_u64;
    let (mut read, mut marked_lost, mut last) = (0, 0, None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            for i in 0..total {
                writer.write(Record::new(i, EventKind::Resumed));
            }
        });
        let mut reader = RingReader::new(ring);
        while read + ring.totals().1 < total {
            reader.drain(16, |r| {
                if let EventKind::Gap { lost: n } = r.kind() {
                    marked_lost += n;
                    return;
                }
                assert!(last < Some(r.ticks), "out of order");
                last = Some(r.ticks);
                read += 1;
            });
        }
    });
    let lost = ring.totals().1;
    assert_eq!(read + lost, total, "every record is read or lost");
    assert!(marked_lost <= lost);
}

#[test]
fn cancellation_belongs_to_one_life() {
    let words: Vec<AtomicU64> = (0..ring_words(8)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    ring.cancel(1, Cancellation::Unwind);
    assert_eq!(ring.cancellation(), Some(Cancellation::Unwind));
    ring.clear_requests_before_life(2);
    assert_eq!(ring.cancellation(), None, "the next life is not cancelled");
    ring.cancel(1, Cancellation::Kill);
    assert_eq!(ring.cancellation(), None, "the canceller was late: it meant the former life");
    ring.set_end_requested(true);
    assert!(ring.is_end_requested(), "a cancellation of a former life does not keep others from asking");
    ring.cancel(1, Cancellation::Unwind);
    assert!(ring.is_end_requested(), "a late cancellation of a former life takes nothing back");
    ring.cancel(3, Cancellation::Kill);
    ring.cancel(2, Cancellation::Unwind);
    ring.clear_requests_before_life(3);
    assert_eq!(ring.cancellation(), Some(Cancellation::Kill), "the life was cancelled between its claim and its start");
    ring.set_end_requested(true);
    assert_eq!(ring.cancellation(), Some(Cancellation::Kill), "a stronger request stays");
    ring.clear_requests();
    assert_eq!(ring.cancellation(), None);
}

proptest! {
    /// A hostile producer may write any value anywhere.
    #[test]
    fn any_memory_content_is_drained_without_panic(content in prop::collection::vec(any::<u64>(), ring_words(8))) {
        let words: Vec<AtomicU64> = content.into_iter().map(AtomicU64::new).collect();
        let ring = Ring::new(&words);
        let mut reader = RingReader::new(ring);
        let mut n = 0;
        reader.drain(usize::MAX, |r| { let _ = r.kind(); n += 1; });
        prop_assert!(n <= 9);
        let _ = ring.wait_record();
    }
}
