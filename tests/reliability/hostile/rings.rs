//! Rings with arbitrary contents.

use std::sync::atomic::{AtomicU64, Ordering};

use contend::trace::{EventKind, Record, Ring, RingReader, RingWriter, Stamp, WorkerId, ring_words};
use fastrand::Rng;

use crate::hostile::FEW;
use crate::hostile::fed::FedModel;

/// Returns any number, often a nearly valid one.
fn number(random: &mut Rng, usual: u64) -> u64 {
    match random.u8(0..8) {
        0 => random.u64(..),
        1 => u64::MAX - random.u64(0..4),
        2 => 1 << random.u32(0..64),
        _ => random.u64(0..usual.max(1)),
    }
}

/// Returns a record of any words, often with a valid event code.
fn record(random: &mut Rng, now: u64) -> Record {
    let word = random.u64(..);
    let word = if random.bool() { (word & !0xffff_ffff) | (word & 0x000f_003f) } else { word };
    let ticks = if random.u8(0..4) == 0 { number(random, 1 << 40) } else { now };
    Record { ticks, word }
}

/// Reads this many random records.
pub fn hostile(inputs: usize) {
    const CAPACITY: usize = 64;
    let words: Vec<AtomicU64> = (0..ring_words(CAPACITY)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let mut reader = RingReader::new(ring);
    let (mut random, mut fed, mut taken) = (Rng::with_seed(1), FedModel::new(), 0);
    while taken < inputs {
        for cell in words[ring_words(0)..].chunks_exact(2) {
            let record = record(&mut random, taken as u64 * 50);
            cell[0].store(record.ticks, Ordering::Relaxed);
            cell[1].store(record.word, Ordering::Relaxed);
        }
        let produced = words[0].load(Ordering::Relaxed);
        let step = number(&mut random, CAPACITY as u64 * 2);
        words[0].store(produced.wrapping_add(step), Ordering::Release);
        words[8].store(number(&mut random, 1 << 20), Ordering::Relaxed); // the reader's own position
        let worker = WorkerId(random.u32(0..12));
        let mut drained = 0;
        let fill = reader.drain(usize::MAX, |record| {
            drained += 1;
            fed.event(record, worker);
        });
        assert!(drained <= CAPACITY && (0.0..=1.0).contains(&fill), "{drained} records, {fill} full");
        taken += drained.max(1);
    }
    fed.snapshot(Stamp(u64::MAX));
    // After all of that, the events of a correct producer must be read exactly.
    let mut writer = RingWriter::new(ring);
    words[8].store(words[0].load(Ordering::Relaxed), Ordering::Release);
    reader = RingReader::new(ring);
    (0..10).for_each(|i| writer.write(Record::new(i, EventKind::Resumed)));
    let mut seen = Vec::new();
    reader.drain(usize::MAX, |record| seen.push((record.ticks, record.kind())));
    assert_eq!(seen, (0..10).map(|i| (i, EventKind::Resumed)).collect::<Vec<_>>());
    println!("{taken} hostile records, 0 panics");
}

#[test]
fn random_ring_contents_are_survived() {
    hostile(FEW);
}

#[test]
fn half_written_record_is_not_read() {
    let words: Vec<AtomicU64> = (0..ring_words(8)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write(Record::new(1, EventKind::LifeBegan));
    words[ring_words(1)].store(77, Ordering::Relaxed); // the time of the next record, before the writer was killed
    let mut seen = Vec::new();
    reader.drain(usize::MAX, |record| seen.push(record.kind()));
    assert_eq!(seen, [EventKind::LifeBegan]);
    let mut successor = RingWriter::new(ring);
    successor.write(Record::new(2, EventKind::Resumed));
    reader.drain(usize::MAX, |record| seen.push(record.kind()));
    assert_eq!(seen, [EventKind::LifeBegan, EventKind::Resumed]);
}

/// Every event of a flood is shown or counted as lost, and the place of each loss is marked.
#[test]
fn every_event_of_a_flood_is_read_or_counted_as_lost() {
    let words: Vec<AtomicU64> = (0..ring_words(512)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let total = 2_000_000_u64;
    let (mut seen, mut marked) = (0, 0);
    let mut count = |record: Record| match record.kind() {
        EventKind::Gap { lost } => marked += lost,
        _ => seen += 1,
    };
    let mut reader = RingReader::new(ring);
    std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            (0..total).for_each(|i| writer.write(Record::new(i, EventKind::Resumed)));
            writer
        });
        while !producer.is_finished() {
            reader.drain(64, &mut count);
            std::thread::yield_now();
        }
        let mut writer = producer.join().expect("it ended");
        reader.drain(usize::MAX, &mut count);
        writer.write(Record::new(total, EventKind::Resumed)); // now there is room, and the last loss is marked
        reader.drain(usize::MAX, &mut count);
    });
    let (_, lost) = ring.totals();
    assert_eq!((seen + lost, marked), (total + 1, lost), "recorded = shown + lost");
    println!("{total} events in a flood: {seen} shown, {lost} lost, all {marked} of these marked");
}
