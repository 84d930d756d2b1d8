//! One ring file: a header, slots with rings, and an arena with lines of JSON.

use std::fs::File;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use super::bytes::{read_exactly, u32_at, u64_at};
use super::slot::{RECORD_BYTES, SLOT_HEADER_BYTES, Slot};
use crate::line::{MAX_LINE_BYTES, TextIds, read_line};
use crate::trace_record::{Counts, TraceRecord};

const HEADER_BYTES: u64 = 4_096;
const MAGIC: &[u8; 8] = b"contend1";
const VERSION: u32 = 1;
const BYTE_ORDER_MARK: u32 = 0x0102_0304;

/// Limits of what a file may claim.
const MAX_SLOTS: u32 = 4_096;
const MAX_RECORDS: u32 = 1 << 20;
const MAX_ARENA: u64 = 256 << 20;
/// The most bytes of definitions that are read at once.
const MAX_READ: usize = 1 << 20;
/// Unused slots beside the used ones that are looked at: a writer takes the slots one after the other, from either end.
const SPARE_SLOTS: usize = 4;

/// An open ring file.
#[derive(Debug)]
pub(super) struct RingFile {
    file: File,
    pid: u32,
    slots: Vec<Slot>,
    /// Slots that have ever been used, counted from the first, and from the last.
    used: usize,
    used_from_end: usize,
    arena_offset: u64,
    arena_capacity: u64,
    arena_read: u64,
    /// The end of a line that has not arrived whole.
    partial_line: Vec<u8>,
    lost_definitions: u64,
}

impl RingFile {
    /// Opens a file. `None` if it is no ring file of this version, or claims what cannot be.
    pub(super) fn open(path: &Path) -> Option<Self> {
        // A link or a pipe of this name is none of ours.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.file_type().is_fifo() {
            return None;
        }
        let mut header = [0; 64];
        read_exactly(&file, &mut header, 0)?;
        let word = |at: usize| u32_at(&header, at);
        if &header[..8] != MAGIC || word(8) != VERSION || word(12) != BYTE_ORDER_MARK {
            return None;
        }
        let (slots, records) = (word(28), word(32));
        let (arena_offset, arena_capacity) = (u64_at(&header, 40), u64_at(&header, 48));
        let slot_bytes = SLOT_HEADER_BYTES + u64::from(records) * RECORD_BYTES;
        let slots_end = HEADER_BYTES.checked_add(slot_bytes.checked_mul(slots.into())?)?;
        let is_possible = (1..=MAX_SLOTS).contains(&slots)
            && records.is_power_of_two()
            && records <= MAX_RECORDS
            && arena_capacity <= MAX_ARENA
            && arena_offset >= slots_end
            && arena_offset.checked_add(arena_capacity)? <= metadata.len().max(slots_end);
        is_possible.then(|| Self {
            pid: word(16),
            slots: (0..u64::from(slots)).map(|nth| Slot::new(HEADER_BYTES + nth * slot_bytes, records)).collect(),
            used: 0,
            used_from_end: 0,
            arena_offset,
            arena_capacity,
            arena_read: 0,
            partial_line: Vec::new(),
            lost_definitions: 0,
            file,
        })
    }

    /// Reads new lines of the arena.
    pub(super) fn read_definitions(
        &mut self,
        now: u64,
        ids: &mut TextIds,
        counts: &mut Counts,
        records: &mut Vec<TraceRecord>,
    ) {
        let mut header = [0; 16];
        if read_exactly(&self.file, &mut header, 56).is_none() {
            return;
        }
        let head = u64_at(&header, 0).min(self.arena_capacity);
        let lost = u64_at(&header, 8);
        counts.lost_definitions += lost.saturating_sub(self.lost_definitions);
        self.lost_definitions = self.lost_definitions.max(lost);
        let unread = usize::try_from(head.saturating_sub(self.arena_read)).unwrap_or(0).min(MAX_READ);
        if unread == 0 {
            return;
        }
        let mut bytes = vec![0; unread];
        if read_exactly(&self.file, &mut bytes, self.arena_offset + self.arena_read).is_none() {
            return;
        }
        self.arena_read += unread as u64;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE_BYTES.saturating_sub(self.partial_line.len());
            self.partial_line.extend_from_slice(&line[..line.len().min(room)]);
            if line.ends_with(b"\n") {
                let whole = std::mem::take(&mut self.partial_line);
                let text = whole.trim_ascii();
                if !text.is_empty() {
                    records.extend(read_line(text, self.pid, now, ids, counts));
                }
            }
        }
    }

    /// Reads new records of all slots in use.
    pub(super) fn read_slots(&mut self, now: u64, counts: &mut Counts, records: &mut Vec<TraceRecord>) {
        let count = self.slots.len();
        let first = (self.used + SPARE_SLOTS).min(count);
        let last = count.saturating_sub(self.used_from_end + SPARE_SLOTS).max(first);
        for nth in (0..first).chain(last..count) {
            if self.slots[nth].read(&self.file, now, counts, records) {
                if nth < count / 2 {
                    self.used = self.used.max(nth + 1);
                } else {
                    self.used_from_end = self.used_from_end.max(count - nth);
                }
            }
        }
    }
}
