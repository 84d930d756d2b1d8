//! Messages as bytes, small enough to keep every event of a run.
//!
//! ```text
//! message   tag 0: events    number of sections, then each: worker, number of its events, the events
//!           tag 1: batch     number of messages, then each
//!           tag 2: any other length in bytes, then its postcard form
//! event     number of its head (0: a new one, whose byte and id follow), difference of the time to the same worker's
//!           event before, difference of the argument to the event before with the same head
//! head      kind and flags in a byte, then the id of the resource, pool or worker
//! ```
//!
//! All numbers are of variable length (see [`varint`](super::varint)). Grants and numbers of items grow by one, and
//! times by little, so that most differences take one or two bytes. A codec begins anew with every block of a file.

use std::collections::HashMap;

use super::untrusted::{MAX_DECODED, from_untrusted};
use super::varint::{read_difference, read_unsigned, write_difference, write_unsigned};
use contend_trace::{Event, EventKind, Message, Stamp, WorkerId};

const TAG_EVENTS: u8 = 0;
const TAG_BATCH: u8 = 1;
const TAG_OTHER: u8 = 2;

/// Places of the encoder's cache of heads.
const CACHE_SIZE: usize = 1 << 12;

/// Workers whose times an encoder keeps in a table.
const MAX_NEAR: usize = 1 << 14;

/// Nested batches that a decoder accepts. A source nests none in another.
const MAX_BATCH_DEPTH: u32 = 4;

/// Nested values of a message that a decoder accepts.
const MAX_MESSAGE_DEPTH: usize = 24;

/// Memory that a decoder needs for a section of one worker.
const SECTION_COST: usize = 32;

/// The part of an event that many events share: its kind and flags, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    /// Bits 0-5 the kind, 6-7 the flags.
    kind: u8,
    id: u32,
}

/// Places in the [bits of an event](EventKind::to_bits).
const FLAGS_SHIFT: u32 = 22;
const ARGUMENT_SHIFT: u32 = 24;
const ID_SHIFT: u32 = 64;

impl Head {
    /// Splits the bits of an event into head and argument.
    const fn split(bits: u128) -> (Self, u64) {
        let kind = (bits & 0x3f) as u8 | (((bits >> FLAGS_SHIFT) & 0b11) as u8) << 6;
        (Self { kind, id: (bits >> ID_SHIFT) as u32 }, bits as u64 >> ARGUMENT_SHIFT)
    }

    /// Returns the bits of an event. The argument keeps its low 40 bits.
    const fn join(self, argument: u64) -> u128 {
        let kind = (self.kind & 0x3f) as u64 | ((self.kind >> 6) as u64) << FLAGS_SHIFT;
        (kind | argument << ARGUMENT_SHIFT) as u128 | (self.id as u128) << ID_SHIFT
    }

    const fn cache_place(self) -> usize {
        let mixed = (self.id as usize) << 8 | self.kind as usize;
        mixed.wrapping_mul(0x9e37_79b1) >> 8 & (CACHE_SIZE - 1)
    }
}

/// Encodes the messages of one block.
#[derive(Debug)]
pub struct Encoder {
    /// By place: a head with its number, from 1 on. A head that another one displaced gets a new number.
    cache: Vec<(Head, u32)>,
    /// By number: the argument of the newest event with this head.
    arguments: Vec<u64>,
    times: NewestTimes,
}

/// By worker: the time of its newest event.
#[derive(Debug, Default)]
struct NewestTimes {
    near: Vec<u64>,
    /// Those of workers from [`MAX_NEAR`] on. Any id may occur, also one that no table could reach.
    far: HashMap<WorkerId, u64>,
}

impl NewestTimes {
    fn of(&mut self, worker: WorkerId) -> &mut u64 {
        if worker.index() >= MAX_NEAR {
            return self.far.entry(worker).or_default();
        }
        if self.near.len() <= worker.index() {
            self.near.resize(worker.index() + 1, 0);
        }
        &mut self.near[worker.index()]
    }

    fn clear(&mut self) {
        self.near.fill(0);
        self.far.clear();
    }
}

impl Default for Encoder {
    fn default() -> Self {
        let cache = vec![(Head { kind: 0, id: 0 }, 0); CACHE_SIZE];
        Self { cache, arguments: vec![0], times: NewestTimes::default() }
    }
}

impl Encoder {
    /// Forgets everything, for the next block.
    pub fn reset(&mut self) {
        self.cache.fill((Head { kind: 0, id: 0 }, 0));
        self.arguments.truncate(1);
        self.times.clear();
    }

    /// Appends a message.
    ///
    /// # Panics
    /// Never: every message has a postcard form.
    pub fn encode(&mut self, message: &Message, bytes: &mut Vec<u8>) {
        match message {
            Message::Events(events) => {
                bytes.push(TAG_EVENTS);
                let sections = || events.chunk_by(|a, b| a.worker == b.worker);
                write_unsigned(bytes, sections().count() as u64);
                sections().for_each(|section| self.encode_section(section, bytes));
            }
            Message::Batch(messages) => {
                bytes.push(TAG_BATCH);
                write_unsigned(bytes, messages.len() as u64);
                for message in messages {
                    self.encode(message, bytes);
                }
            }
            other => {
                bytes.push(TAG_OTHER);
                let encoded = postcard::to_stdvec(other).expect("a message has no part that cannot be encoded");
                write_unsigned(bytes, encoded.len() as u64);
                bytes.extend(encoded);
            }
        }
    }

    fn encode_section(&mut self, events: &[Event], bytes: &mut Vec<u8>) {
        let worker = events[0].worker;
        write_unsigned(bytes, worker.index() as u64);
        write_unsigned(bytes, events.len() as u64);
        let mut time = *self.times.of(worker);
        for event in events {
            let (head, argument) = Head::split(event.kind.to_bits());
            let number = self.write_head(head, bytes);
            write_difference(bytes, time, event.at.0);
            time = event.at.0;
            write_difference(bytes, self.arguments[number], argument);
            self.arguments[number] = argument;
        }
        *self.times.of(worker) = time;
    }

    /// Writes the number of a head, or defines it. Returns the number.
    fn write_head(&mut self, head: Head, bytes: &mut Vec<u8>) -> usize {
        let place = &mut self.cache[head.cache_place()];
        if place.1 > 0 && place.0 == head {
            write_unsigned(bytes, u64::from(place.1));
            return place.1 as usize;
        }
        let number = self.arguments.len();
        *place = (head, number as u32);
        self.arguments.push(0);
        bytes.extend([0, head.kind]);
        write_unsigned(bytes, u64::from(head.id));
        number
    }
}

/// Decodes the messages of one block. Trusts nothing.
#[derive(Debug)]
pub struct Decoder {
    /// By number, from 1 on: the head, and the argument of its newest event.
    heads: Vec<(Head, u64)>,
    /// By worker: the time of its newest event.
    times: HashMap<WorkerId, u64>,
    /// What later messages may take in memory, in bytes.
    room: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { heads: Vec::new(), times: HashMap::new(), room: MAX_DECODED }
    }
}

impl Decoder {
    /// Decodes the message at the front of `bytes`. Returns `None` if they are not one.
    pub fn decode(&mut self, bytes: &mut &[u8]) -> Option<Message> {
        self.decode_nested(bytes, 0)
    }

    fn decode_nested(&mut self, bytes: &mut &[u8], depth: u32) -> Option<Message> {
        let (tag, rest) = bytes.split_first()?;
        *bytes = rest;
        self.charge(size_of::<Message>())?;
        match *tag {
            TAG_EVENTS => {
                let sections = read_unsigned(bytes)?;
                let mut events = Vec::new();
                for _ in 0..sections {
                    self.decode_section(bytes, &mut events)?;
                }
                Some(Message::Events(events))
            }
            TAG_BATCH if depth < MAX_BATCH_DEPTH => {
                let count = read_unsigned(bytes)?;
                (0..count).map(|_| self.decode_nested(bytes, depth + 1)).collect::<Option<_>>().map(Message::Batch)
            }
            TAG_OTHER => {
                let length = usize::try_from(read_unsigned(bytes)?).ok()?;
                let (encoded, rest) = bytes.split_at_checked(length)?;
                *bytes = rest;
                match from_untrusted(encoded, MAX_MESSAGE_DEPTH, &mut self.room)? {
                    Message::Events(_) | Message::Batch(_) => None,
                    message => Some(message),
                }
            }
            _ => None,
        }
    }

    /// Takes bytes from the remaining room; `None` if the room is smaller.
    fn charge(&mut self, bytes: usize) -> Option<()> {
        self.room = self.room.checked_sub(bytes)?;
        Some(())
    }

    fn decode_section(&mut self, bytes: &mut &[u8], events: &mut Vec<Event>) -> Option<()> {
        self.charge(SECTION_COST)?;
        let worker = WorkerId(u32::try_from(read_unsigned(bytes)?).ok()?);
        let count = read_unsigned(bytes)?;
        let time = self.times.entry(worker).or_default();
        for _ in 0..count {
            let number = match read_unsigned(bytes)? {
                0 => {
                    let (kind, rest) = bytes.split_first()?;
                    *bytes = rest;
                    let id = u32::try_from(read_unsigned(bytes)?).ok()?;
                    self.heads.push((Head { kind: *kind, id }, 0));
                    self.heads.len()
                }
                number => usize::try_from(number).ok()?,
            };
            let (head, argument) = self.heads.get_mut(number.checked_sub(1)?)?;
            *time = read_difference(bytes, *time)?;
            *argument = read_difference(bytes, *argument)?;
            let kind = EventKind::from_bits(head.join(*argument));
            self.room = self.room.checked_sub(size_of::<Event>())?;
            events.push(Event { at: Stamp(*time), worker, kind });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
