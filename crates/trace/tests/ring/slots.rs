//! A worker's slot beside its ring: good until the worker tells anything.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contend_trace::{EventKind, Grant, Record, ResourceId, Ring, RingWriter, ring_words};

fn words(capacity: usize) -> Vec<AtomicU64> {
    (0..ring_words(capacity)).map(|_| AtomicU64::new(0)).collect()
}

#[test]
fn a_slot_is_good_until_its_worker_tells_anything() {
    let words = words(4);
    let ring = Ring::new(&words);
    let mut writer = RingWriter::new(ring);
    writer.begin_life();
    let lock = ResourceId(3);
    let wait = Record::new(7, EventKind::Wait { lock, held: 0, timed: false });
    for round in 0..9 {
        assert_eq!(ring.standing(), None, "round {round}");
        writer.write(wait); // from the fifth on they are lost
        writer.stand(&[wait]);
        let standing = ring.standing().expect("nothing was told since");
        assert_eq!((standing.ticks, standing.life, standing.events()), (7, 1, vec![wait.kind()]));
        writer.write(Record::new(8, EventKind::Resume));
    }
    writer.stand(&[wait; 300]);
    assert_eq!(ring.standing(), None, "too much for a slot");
}

#[test]
fn who_has_what_it_waits_for_stands_no_more() {
    let words = words(4);
    let ring = Ring::new(&words);
    let mut writer = RingWriter::new(ring);
    // The longest list there is, and what it is for.
    let mut list = vec![Record::new(7, EventKind::Held { lock: ResourceId(1), grant: Grant(2) }); 257];
    list.push(Record::new(7, EventKind::Wait { lock: ResourceId(3), held: u8::MAX, timed: false }));
    writer.write(list[0]);
    writer.stand(&list);
    let standing = ring.standing().expect("nothing was told since");
    assert_eq!(standing.events().len(), 258);
    assert!(ring.is_still(&standing));
    writer.leave();
    assert!(!ring.is_still(&standing) && ring.standing().is_none(), "though nothing was told");
}

#[test]
fn a_slot_that_is_read_while_it_is_written_is_whole_or_none() {
    let words = words(64);
    let ring = Ring::new(&words);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            for i in 1..=50_000_u64 {
                let held = EventKind::Held { lock: ResourceId(1), grant: Grant(i) };
                let all = vec![Record::new(i, held); 1 + (i % 20) as usize];
                writer.write_all(&all);
                writer.stand(&all);
                if i % 100 == 0 {
                    std::thread::yield_now();
                }
            }
            over.store(true, Ordering::Release);
        });
        let mut seen = 0;
        while !over.load(Ordering::Acquire) || seen == 0 {
            let Some(standing) = ring.standing() else { continue };
            let (i, events) = (standing.ticks, standing.events());
            assert_eq!(events.len() as u64, 1 + i % 20);
            assert!(events.iter().all(|e| matches!(e, EventKind::Held { grant, .. } if grant.0 == i)), "{standing:?}");
            seen += 1;
        }
    });
}
