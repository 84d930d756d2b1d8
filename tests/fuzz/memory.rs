//! Any bytes in the memory that all processes of a run can write to.

use std::sync::atomic::{AtomicU64, Ordering};

use contend::platform::Shared;
use contend::trace::{
    Board, EventKind, KnobId, Record, ResourceId, Ring, RingReader, RingWriter, WorkerId, ring_words,
};

use crate::drive::{Bytes, Target};

const CAPACITY: usize = 8;

/// Writers that keep to the rules, one that writes anything anywhere, and the reader, in any order.
fn ring(input: &[u8]) {
    let words: Vec<AtomicU64> = (0..ring_words(CAPACITY)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    let mut bytes = Bytes::new(input);
    while !bytes.is_empty() {
        match bytes.byte() {
            0..96 => words[bytes.below(words.len())].store(bytes.number(8), Ordering::Relaxed),
            96..144 => drain(&mut reader, bytes.below(12)),
            144..192 => writer.write(record(&mut bytes)),
            192..208 => {
                let group: Vec<Record> = (0..bytes.below(CAPACITY + 2)).map(|_| record(&mut bytes)).collect();
                writer.write_all(&group);
            }
            208..216 => writer.resume(),
            216..224 => writer = RingWriter::new(ring),
            224..232 => reader = RingReader::new(ring),
            _ => {
                ring.set_progress(bytes.number(4) << 1 | u64::from(bytes.byte() > 99));
                let _ = (ring.totals(), ring.progress(), ring.who(), ring.command(), ring.standing());
            }
        }
    }
    drain(&mut reader, usize::MAX);
}

fn record(bytes: &mut Bytes<'_>) -> Record {
    Record { ticks: bytes.number(8), word: bytes.number(8) }
}

fn drain(reader: &mut RingReader<'_>, limit: usize) {
    let mut taken = 0;
    let full = reader.drain(limit, |record| {
        taken += 1;
        let kind = record.kind();
        if !matches!(kind, EventKind::Unknown { .. }) {
            assert_eq!(Record::new(record.ticks, kind).kind(), kind, "what was read can be written");
        }
    });
    assert!(taken <= CAPACITY, "{taken} records of {CAPACITY}");
    assert!((0.0..=1.0).contains(&full), "{full}");
}

#[test]
fn any_bytes_in_a_ring_are_read() {
    let words = vec![Vec::new(), vec![144; 60], (0..=255).collect()];
    Target { name: "rings", seeds: words, words: Vec::new(), longest: 400, some: 20_000 }.fuzz(ring);
}

/// Memory that says of itself that it is a board.
fn board(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let memory = Shared::create(64 + bytes.below(4_096)).expect("memory");
    for (at, word) in memory.words().iter().enumerate().take(64) {
        let magic = u64::from_be_bytes(*b"contend\x01");
        word.store(if at == 0 { magic } else { bytes.number(1 + at % 8) }, Ordering::Relaxed);
    }
    let Ok(board) = Board::open(memory.fd().try_clone_to_owned().expect("a descriptor")) else { return };
    let size = board.size();
    let _ = (board.origin(), board.tick_nanos(), board.work_rate(), board.event_cost(), board.extra().len());
    let _ = board.knob(KnobId::from(size.knobs.saturating_sub(1) % 0xffff));
    for worker in [0, size.workers.saturating_sub(1)].into_iter().filter(|at| *at < size.workers) {
        let ring = board.ring(WorkerId::from(worker));
        RingWriter::new(ring).write(record(&mut bytes));
        drain(&mut RingReader::new(ring), CAPACITY);
    }
    if size.resources > 0 {
        board.resource(ResourceId::from(size.resources - 1))[15].store(1, Ordering::Relaxed);
    }
}

#[test]
fn any_memory_is_a_board_or_is_refused() {
    Target { name: "boards", seeds: vec![vec![0; 300]], words: Vec::new(), longest: 300, some: 2_000 }.fuzz(board);
}
