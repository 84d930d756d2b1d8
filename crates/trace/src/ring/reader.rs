//! The reader's end of a ring.

use std::sync::atomic::Ordering;

use super::super::{EventKind, Record};
use super::{CONSUMED, PRODUCED, RECORDS, Ring};

/// The reader's end of a ring. It trusts nothing that it reads.
#[derive(Debug)]
pub struct RingReader<'a> {
    ring: Ring<'a>,
    consumed: u64,
}

impl<'a> RingReader<'a> {
    /// Continues where the ring's former reader stopped. There must be no other reader at the same time.
    pub fn new(ring: Ring<'a>) -> Self {
        Self { ring, consumed: ring.load(CONSUMED) }
    }

    /// Passes the records in the ring to `take`, at most `limit` of them. Returns how full the ring was, from 0 to 1.
    #[inline]
    pub fn drain(&mut self, limit: usize, mut take: impl FnMut(Record)) -> f32 {
        let capacity = self.ring.capacity();
        let produced = self.ring.load(PRODUCED);
        let waiting = produced.wrapping_sub(self.consumed);
        if waiting > capacity {
            // Only a broken producer writes a position more than one lap ahead.
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
