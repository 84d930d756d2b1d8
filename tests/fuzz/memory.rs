//! Fuzz targets: bytes in the memory that all processes of a run can write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use contend::platform::SharedMemory;
use contend::trace::{
    EventKind, KnobId, Record, ResourceId, Ring, RingReader, RingWriter, RunMemory, WorkerId, ring_words,
};

use crate::drive::{Bytes, Target};

const CAPACITY: usize = 8;

/// Runs correct writers, a writer of arbitrary words, and the reader, in any order.
fn ring(input: &[u8]) {
    let words: Vec<AtomicU64> = (0..ring_words(CAPACITY)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    let mut bytes = Bytes::new(input);
    while !bytes.is_empty() {
        match bytes.byte() {
            0..96 => words[word_index(bytes.below(64), words.len())].store(bytes.number(8), Ordering::Relaxed),
            96..144 => drain(&mut reader, bytes.below(12)),
            144..192 => writer.write(record(&mut bytes)),
            what @ 192..208 => {
                let group: Vec<Record> = (0..bytes.below(CAPACITY + 2)).map(|_| record(&mut bytes)).collect();
                writer.write_all(&group);
                if what & 1 == 1 {
                    writer.write_wait_slot(&group);
                }
            }
            208..212 => writer.resync(),
            212..216 => writer.clear_wait_slot(),
            216..224 => writer = RingWriter::new(ring),
            224..232 => reader = RingReader::new(ring),
            _ => {
                ring.set_progress(bytes.number(4) << 1 | u64::from(bytes.byte() > 99));
                let _ = (ring.totals(), ring.progress(), ring.producer_ids(), ring.command_group());
                let _ = ring.wait_record().map(|standing| (ring.is_still_waiting(&standing), standing.events()));
            }
        }
    }
    drain(&mut reader, usize::MAX);
}

/// Returns the index of the `nth` word to change: in the header, the beginning of the slot, or the records. Most words
/// of a slot are alike.
fn word_index(nth: usize, words: usize) -> usize {
    if nth < 64 - 2 * CAPACITY { nth } else { words - 64 + nth }
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
            assert_eq!(Record::new(record.ticks, kind).kind(), kind, "a record that was read can be written");
        }
    });
    assert!(taken <= CAPACITY, "{taken} records of {CAPACITY}");
    assert!((0.0..=1.0).contains(&full), "{full}");
}

#[test]
fn arbitrary_ring_bytes_are_read_without_panic() {
    let words = vec![Vec::new(), vec![144; 60], (0..=255).collect()];
    Target { name: "rings", seeds: words, words: Vec::new(), longest: 400, some: 20_000 }.fuzz(ring);
}

/// Shared memory by its size in words. It is zeroed and reused, since each piece keeps a descriptor open.
#[derive(Default)]
struct MemoryCache(BTreeMap<usize, SharedMemory>);

impl MemoryCache {
    /// Limit of memories, since each holds an open descriptor.
    const MOST: usize = 200;

    fn of(&mut self, words: usize) -> &SharedMemory {
        if self.0.len() >= Self::MOST && !self.0.contains_key(&words) {
            self.0.clear();
        }
        let memory = self.0.entry(words).or_insert_with(|| SharedMemory::create(words).expect("memory"));
        memory.words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        memory
    }
}

/// Opens memory that claims to be that of a run. Returns whether it was accepted.
fn open_run_memory(memories: &mut MemoryCache, input: &[u8]) -> bool {
    let mut bytes = Bytes::new(input);
    let memory = memories.of(64 + bytes.below(4_096));
    for (at, word) in memory.words().iter().enumerate().take(64) {
        let magic = u64::from_be_bytes(*b"contend\x01");
        word.store(if at == 0 { magic } else { bytes.number(1 + at % 8) }, Ordering::Relaxed);
    }
    let Ok(memory) = RunMemory::open(memory.fd().try_clone_to_owned().expect("a descriptor")) else { return false };
    let size = memory.size();
    let _ = (memory.origin(), memory.tick_nanos(), memory.work_rate(), memory.event_cost(), memory.extra().len());
    let _ = memory.knob(KnobId::from(size.knobs.saturating_sub(1) % 0xffff));
    for worker in [0, size.workers.saturating_sub(1)].into_iter().filter(|at| *at < size.workers) {
        let ring = memory.ring(WorkerId::from(worker));
        RingWriter::new(ring).write(record(&mut bytes));
        drain(&mut RingReader::new(ring), CAPACITY);
    }
    if size.resources > 0 {
        memory.resource(ResourceId::from(size.resources - 1))[15].store(1, Ordering::Relaxed);
    }
    true
}

/// Returns an input that is valid run memory: a worker with the smallest ring, a knob, a resource, and some spare
/// words.
fn valid_run_memory() -> Vec<u8> {
    const SIZES: [u64; 7] = [1, 1, 512, 1, 1, 5, 1];
    let words = 64 + 1 + 16 + ring_words(512) + 16 + 5;
    let mut input = ((words - 64) as u16).to_le_bytes().to_vec();
    for (at, word) in (1..).zip(SIZES) {
        input.extend(&word.to_le_bytes()[..=at % 8]);
    }
    input
}

#[test]
fn arbitrary_run_memory_is_opened_or_refused() {
    let mut memories = MemoryCache::default();
    assert!(open_run_memory(&mut memories, &valid_run_memory()), "the seed is refused");
    let seeds = vec![vec![0; 300], valid_run_memory()];
    let target = Target { name: "boards", seeds, words: Vec::new(), longest: 300, some: 2_000 };
    target.fuzz(|input| {
        open_run_memory(&mut memories, input);
    });
}
