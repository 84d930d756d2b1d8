//! A slot of a ring file: the ring of one thread, and of the threads that get it afterwards.

use std::fs::File;
use std::sync::atomic::{Ordering, fence};

use super::bytes::{read_exactly, u32_at, u64_at};
use crate::id::Id;
use crate::kind::{Flags, Kind};
use crate::trace_record::{Counts, TraceEvent, TraceRecord};

pub(super) const SLOT_HEADER_BYTES: u64 = 64;
pub(super) const RECORD_BYTES: u64 = 32;
/// The most records of a slot that are read at once, so that one busy thread does not keep others unread.
const MAX_READ: u64 = 1 << 15;
/// How often a record is looked at again that does not have its number yet.
const MAX_RETRIES: u8 = 3;

/// The reader of one slot.
#[derive(Debug)]
pub(super) struct Slot {
    offset: u64,
    records: u64,
    /// Records read or lost.
    next: u64,
    lane: Id,
    retries: u8,
    /// Records lost since the last one that was read.
    lost: u64,
}

impl Slot {
    pub(super) const fn new(offset: u64, records: u32) -> Self {
        Self { offset, records: records as u64, next: 0, lane: Id::None, retries: 0, lost: 0 }
    }

    /// Reads new records. Returns whether the slot has ever been used.
    pub(super) fn read(&mut self, file: &File, now: u64, counts: &mut Counts, records: &mut Vec<TraceRecord>) -> bool {
        let Some((head, lane)) = self.read_header(file) else { return self.next > 0 };
        if head <= self.next {
            return head > 0 || lane != Id::None;
        }
        fence(Ordering::Acquire); // the records before the head were stored before it
        let oldest = head.saturating_sub(self.records);
        self.skip_to(oldest, counts);
        let end = head.min(self.next + MAX_READ);
        let bytes = self.read_records(file, self.next, end);
        // Records that were overwritten meanwhile are not what their numbers say.
        let Some(head_after) = self.read_header(file).map(|(head, _)| head) else { return true };
        let (Some(bytes), true) = (bytes, head_after >= head) else { return true };
        let first = self.next;
        for (nth, record) in bytes.chunks_exact(RECORD_BYTES as usize).enumerate() {
            let index = first + nth as u64;
            if index < head_after.saturating_sub(self.records) {
                self.skip_to(index + 1, counts);
                continue;
            }
            if u32_at(record, 28) != index as u32 {
                if self.retries < MAX_RETRIES {
                    self.retries += 1;
                    return true; // its stores are not visible yet
                }
                self.skip_to(index + 1, counts);
                continue;
            }
            self.next = index + 1;
            self.retries = 0;
            self.tell(record, now, lane, counts, records);
        }
        true
    }

    /// Counts everything before `index` that was not read as lost.
    fn skip_to(&mut self, index: u64, counts: &mut Counts) {
        let lost = index.saturating_sub(self.next);
        self.lost += lost;
        counts.lost += lost;
        self.next = self.next.max(index);
        self.retries = 0;
    }

    fn tell(&mut self, record: &[u8], now: u64, current: Id, counts: &mut Counts, records: &mut Vec<TraceRecord>) {
        let (at, object, arg) = (u64_at(record, 0).min(now), Id::of(u64_at(record, 8)), u64_at(record, 16));
        let code = u32_at(record, 24);
        let (kind, flags) = ((code & 0xffff) as u16, Flags((code >> 16) as u16));
        let kind = if cfg!(target_endian = "little") { kind } else { flags.0 };
        let Some(kind) = Kind::from_code(kind) else {
            counts.unknown_kinds += 1;
            return;
        };
        if kind == Kind::Begin {
            self.lane = if object == Id::None { current } else { object };
        } else if self.lane == Id::None || self.lost > 0 {
            self.lane = current; // its beginning may be among the lost records
        }
        let lane = self.lane;
        if self.lost > 0 {
            records.push(TraceRecord::Lost { at, lane, count: std::mem::take(&mut self.lost) });
        }
        counts.events += 1;
        records.push(TraceRecord::Event(TraceEvent { at, lane, kind, object, arg, flags }));
    }

    /// Returns how many records were ever written, and the lane that has the slot.
    fn read_header(&self, file: &File) -> Option<(u64, Id)> {
        let mut header = [0; 16];
        read_exactly(file, &mut header, self.offset)?;
        Some((u64_at(&header, 0), Id::of(u64_at(&header, 8))))
    }

    /// Reads the records of `from..to`, which may wrap around the end of the ring.
    fn read_records(&self, file: &File, from: u64, to: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from((to - from) * RECORD_BYTES).ok()?];
        let start = self.offset + SLOT_HEADER_BYTES;
        let before_end = (self.records - from % self.records).min(to - from);
        let (first, second) = bytes.split_at_mut((before_end * RECORD_BYTES) as usize);
        read_exactly(file, first, start + from % self.records * RECORD_BYTES)?;
        if !second.is_empty() {
            read_exactly(file, second, start)?;
        }
        Some(bytes)
    }
}
