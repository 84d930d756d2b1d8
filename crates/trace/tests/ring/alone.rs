//! The ring on its own: what goes in comes out, or is counted.

use std::sync::atomic::AtomicU64;

use contend_trace::{EventKind, Record, Ring, RingReader, RingWriter, ring_words};
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
fn what_does_not_fit_is_counted_and_its_place_is_marked() {
    let words = words(4);
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    for i in 0..6 {
        writer.write(Record::new(i, EventKind::Resume));
    }
    assert_eq!(drained(&mut reader), [EventKind::Resume; 4]);
    writer.write(Record::new(7, EventKind::Began));
    assert_eq!(drained(&mut reader), [EventKind::Gap { lost: 2 }, EventKind::Began]);
    assert_eq!(ring.totals(), (6, 2));
}

#[test]
fn a_group_is_written_whole_or_not_at_all() {
    let words = words(4);
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write_all(&[Record::new(0, EventKind::Began); 3]);
    writer.write_all(&[Record::new(1, EventKind::Resume); 2]);
    assert_eq!(drained(&mut reader), [EventKind::Began; 3]);
    assert_eq!(ring.totals(), (3, 2));
}

#[test]
fn positions_at_the_end_of_their_range_go_on() {
    let words = words(4);
    let (produced, consumed) = (&words[0], &words[8]);
    for position in [produced, consumed] {
        position.store(u64::MAX, std::sync::atomic::Ordering::Relaxed); // as anyone who has the memory can
    }
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write_all(&[Record::new(0, EventKind::Began); 3]);
    assert_eq!(drained(&mut reader), [EventKind::Began; 3]);
}

#[test]
fn two_threads_lose_nothing_that_is_not_counted() {
    let words = words(64);
    let ring = Ring::new(&words);
    let total = 200_000_u64;
    let (mut seen, mut lost, mut last) = (0, 0, None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            for i in 0..total {
                writer.write(Record::new(i, EventKind::Resume));
            }
        });
        let mut reader = RingReader::new(ring);
        while seen + ring.totals().1 < total {
            reader.drain(16, |r| {
                if let EventKind::Gap { lost: n } = r.kind() {
                    lost += n;
                    return;
                }
                assert!(last < Some(r.ticks), "out of order");
                last = Some(r.ticks);
                seen += 1;
            });
        }
    });
    let dropped = ring.totals().1;
    assert_eq!(seen + dropped, total, "produced = shown + lost");
    assert!(lost <= dropped);
}

proptest! {
    /// A hostile producer may write anything anywhere.
    #[test]
    fn any_content_is_drained_without_panic(content in prop::collection::vec(any::<u64>(), ring_words(8))) {
        let words: Vec<AtomicU64> = content.into_iter().map(AtomicU64::new).collect();
        let ring = Ring::new(&words);
        let mut reader = RingReader::new(ring);
        let mut n = 0;
        reader.drain(usize::MAX, |r| { let _ = r.kind(); n += 1; });
        prop_assert!(n <= 9);
        let _ = ring.standing();
    }
}
