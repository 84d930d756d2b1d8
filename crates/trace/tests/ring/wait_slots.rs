//! Tests of the wait slot beside a ring, which is valid until the worker records another event.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contend_trace::{EventKind, Grant, Record, ResourceId, Ring, RingWriter, ring_words};

fn words(capacity: usize) -> Vec<AtomicU64> {
    (0..ring_words(capacity)).map(|_| AtomicU64::new(0)).collect()
}

#[test]
fn wait_slot_is_valid_until_the_worker_records_another_event() {
    let words = words(4);
    let ring = Ring::new(&words);
    let mut writer = RingWriter::new(ring);
    writer.begin_life();
    let lock = ResourceId(3);
    let wait = Record::new(7, EventKind::LockWait { lock, held_count: 0, timed: false });
    for round in 0..9 {
        assert_eq!(ring.wait_record(), None, "round {round}");
        writer.write(wait); // lost from the fifth round on
        writer.write_wait_slot(&[wait]);
        let record = ring.wait_record().expect("no event was recorded since");
        assert_eq!((record.ticks, record.life, record.events()), (7, 1, vec![wait.kind()]));
        writer.write(Record::new(8, EventKind::Resumed));
    }
    writer.write_wait_slot(&[wait; 300]);
    assert_eq!(ring.wait_record(), None, "more events than a slot holds");
}

#[test]
fn cleared_wait_slot_is_invalid_though_no_event_was_recorded() {
    let words = words(4);
    let ring = Ring::new(&words);
    let mut writer = RingWriter::new(ring);
    // The longest possible list of held locks, and the wait.
    let mut list = vec![Record::new(7, EventKind::Held { lock: ResourceId(1), grant: Grant(2) }); 257];
    list.push(Record::new(7, EventKind::LockWait { lock: ResourceId(3), held_count: u8::MAX, timed: false }));
    writer.write(list[0]);
    writer.write_wait_slot(&list);
    let record = ring.wait_record().expect("no event was recorded since");
    assert_eq!(record.events().len(), 258);
    assert!(ring.is_still_waiting(&record));
    writer.clear_wait_slot();
    assert!(!ring.is_still_waiting(&record));
    assert_eq!(ring.wait_record(), None);
}

#[test]
fn wait_slot_read_during_a_write_is_whole_or_absent() {
    let words = words(64);
    let ring = Ring::new(&words);
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            for i in 1..=50_000_u64 {
                let held = EventKind::Held { lock: ResourceId(1), grant: Grant(i) };
                let all = vec![Record::new(i, held); 1 + (i % 20) as usize];
                writer.write_all(&all);
                writer.write_wait_slot(&all);
                if i % 100 == 0 {
                    std::thread::yield_now();
                }
            }
            finished.store(true, Ordering::Release);
        });
        let mut valid_reads = 0;
        while !finished.load(Ordering::Acquire) || valid_reads == 0 {
            let Some(record) = ring.wait_record() else { continue };
            let (i, events) = (record.ticks, record.events());
            assert_eq!(events.len() as u64, 1 + i % 20);
            assert!(events.iter().all(|e| matches!(e, EventKind::Held { grant, .. } if grant.0 == i)), "{record:?}");
            valid_reads += 1;
        }
    });
}
