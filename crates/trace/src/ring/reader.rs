//! The reader's end of a ring.

use std::sync::atomic::Ordering;

use super::super::{EventKind, Record};
use super::{CONSUMED, PRODUCED, RECORDS, Ring};

/// It trusts nothing that it reads.
#[derive(Debug)]
pub struct RingReader<'a> {
    ring: Ring<'a>,
    consumed: u64,
}

impl<'a> RingReader<'a> {
    pub fn new(ring: Ring<'a>) -> Self {
        Self { ring, consumed: ring.load(CONSUMED) }
    }

    /// Hands over what is there, `limit` records at most. Returns how full the ring was, 0 to 1.
    pub fn drain(&mut self, limit: usize, mut take: impl FnMut(Record)) -> f32 {
        let capacity = self.ring.capacity();
        let produced = self.ring.load(PRODUCED);
        let waiting = produced.wrapping_sub(self.consumed);
        if waiting > capacity {
            // Only a broken producer writes a position that is not within one lap of ours.
            take(Record::new(0, EventKind::Gap { lost: 0 }));
            self.consumed = produced;
            self.ring.words[CONSUMED].store(self.consumed, Ordering::Release);
            return 0.0;
        }
        for _ in 0..waiting.min(limit as u64) {
            let at = RECORDS + (self.consumed & (capacity - 1)) as usize * 2;
            take(Record {
                ticks: self.ring.words[at].load(Ordering::Relaxed),
                word: self.ring.words[at + 1].load(Ordering::Relaxed),
            });
            self.consumed = self.consumed.wrapping_add(1);
        }
        self.ring.words[CONSUMED].store(self.consumed, Ordering::Release);
        waiting as f32 / capacity as f32
    }
}
