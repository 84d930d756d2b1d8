//! Reads the sections of a tape, keeps the last ones in memory, and remembers what each holds.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::feed::latest_moment;
use super::row::{Row, resource_of};
use super::tape::Tape;
use contend_trace::{Event, Message, Stamp};

/// Sections kept in memory: those of two places on the tape, and one more.
const KEPT_SECTIONS: usize = 3;

/// Bits of a set of workers or resources.
const SET_BITS: usize = 256;

/// A section that has been read.
#[derive(Debug, Clone)]
pub struct Section {
    pub messages: Arc<Vec<Message>>,
    /// By message: the latest moment in it.
    pub latest: Arc<Vec<Stamp>>,
}

/// What a section holds.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    /// The earliest and the latest event.
    pub earliest: Stamp,
    pub latest: Stamp,
    workers: RowSet,
    resources: RowSet,
}

/// A set of ids that may have more than was put into it.
#[derive(Debug, Clone, Copy, Default)]
struct RowSet([u64; SET_BITS / 64]);

impl RowSet {
    const fn insert(&mut self, id: usize) {
        self.0[id % SET_BITS / 64] |= 1 << (id % 64);
    }

    const fn may_have(&self, id: usize) -> bool {
        self.0[id % SET_BITS / 64] & (1 << (id % 64)) != 0
    }
}

impl Summary {
    fn of(messages: &[Message]) -> Self {
        let mut summary = Self {
            earliest: Stamp(u64::MAX),
            latest: Stamp(0),
            workers: RowSet::default(),
            resources: RowSet::default(),
        };
        for_each_event(messages, &mut |event| {
            summary.earliest = summary.earliest.min(event.at);
            summary.latest = summary.latest.max(event.at);
            summary.workers.insert(event.worker.index());
            if let Some(resource) = resource_of(&event.kind) {
                summary.resources.insert(resource.index());
            }
        });
        summary
    }

    pub const fn may_have(&self, row: Row) -> bool {
        match row {
            Row::All => true,
            Row::Worker(worker) => self.workers.may_have(worker.index()),
            Row::Resource(resource) => self.resources.may_have(resource.index()),
        }
    }
}

/// Calls `see` with every event.
pub fn for_each_event(messages: &[Message], see: &mut impl FnMut(&Event)) {
    for message in messages {
        match message {
            Message::Events(events) => events.iter().for_each(&mut *see),
            Message::Batch(messages) => for_each_event(messages, see),
            _ => {}
        }
    }
}

#[derive(Debug)]
pub struct Sections<T> {
    pub tape: T,
    /// Sections on the tape: fewer once a damaged one was found.
    count: usize,
    kept: VecDeque<(usize, Section)>,
    /// What the sections hold, as far as they have been read.
    pub summaries: Vec<Summary>,
}

impl<T: Tape> Sections<T> {
    pub fn new(tape: T) -> Self {
        let count = tape.section_count();
        Self { tape, count, kept: VecDeque::new(), summaries: Vec::new() }
    }

    pub const fn count(&self) -> usize {
        self.count
    }

    /// Returns a section; `None` after the last one.
    pub fn read(&mut self, number: usize) -> io::Result<Option<Section>> {
        if number >= self.count {
            return Ok(None);
        }
        if let Some(place) = self.kept.iter().position(|(kept, _)| *kept == number) {
            let found = self.kept.remove(place);
            self.kept.extend(found);
            return Ok(self.kept.back().map(|(_, section)| section.clone()));
        }
        let Some(messages) = self.tape.read_section(number)? else {
            self.count = number;
            return Ok(None);
        };
        if number == self.summaries.len() {
            self.summaries.push(Summary::of(&messages));
        }
        let latest = Arc::new(messages.iter().map(latest_moment).collect());
        let section = Section { messages, latest };
        if self.kept.len() == KEPT_SECTIONS {
            self.kept.pop_front();
        }
        self.kept.push_back((number, section.clone()));
        Ok(Some(section))
    }
}
