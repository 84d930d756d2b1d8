//! A model that is fed the messages of a tape, and how far it is.

use contend_model::Model;
use contend_trace::{Message, Sample, Stamp};

/// The work of a message without events, counted in events.
const MESSAGE_WORK: u64 = 32;

/// The place of a message on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    pub section: usize,
    pub message: usize,
}

/// A model, and the place of the message that it is fed next.
#[derive(Debug, Clone)]
pub struct Feed {
    pub model: Model,
    pub next: Position,
    /// The latest moment in any message so far.
    pub latest: Stamp,
    /// The work so far, about as many events.
    pub work: u64,
    /// The cost so far, in events: long lines of waiters make an event dearer.
    pub cost: u64,
}

/// How many parts of waits cost as much as an event.
const WAIT_PARTS_PER_EVENT: u64 = 2;

impl Feed {
    pub const fn new(model: Model) -> Self {
        Self { model, next: Position { section: 0, message: 0 }, latest: Stamp(0), work: 0, cost: 0 }
    }

    /// Feeds the message at its place. `latest` is the latest moment in it.
    pub fn apply(&mut self, message: &Message, latest: Stamp) {
        self.model.apply(message);
        self.next.message += 1;
        self.latest = self.latest.max(latest);
        self.work += work_of(message);
        self.cost = self.work + self.model.wait_part_count() / WAIT_PARTS_PER_EVENT;
    }

    pub const fn skip_to_next_section(&mut self) {
        self.next = Position { section: self.next.section + 1, message: 0 };
    }
}

/// Returns the work of a message, counted in events.
pub fn work_of(message: &Message) -> u64 {
    match message {
        Message::Events(events) => events.len() as u64,
        Message::Batch(messages) => messages.iter().map(work_of).sum(),
        _ => MESSAGE_WORK,
    }
}

/// Returns the latest moment in a message. Messages without a time count as earliest.
pub fn latest_moment(message: &Message) -> Stamp {
    match message {
        Message::Events(events) => events.iter().map(|event| event.at).max().unwrap_or_default(),
        Message::Batch(messages) => messages.iter().map(latest_moment).max().unwrap_or_default(),
        Message::Watermark(at) | Message::Notice { at, .. } | Message::Ended { at, .. } => *at,
        Message::WaitSnapshot(snapshot) => snapshot.slots.iter().map(|slot| slot.at).max().unwrap_or_default(),
        Message::Sample(sample) => sample_moment(sample).unwrap_or_default(),
        Message::Look(look) => look.at,
        Message::Declare(_) => Stamp::default(),
    }
}

/// Returns the moment up to which a sample reaches; `None` for one that belongs to no moment.
pub const fn sample_moment(sample: &Sample) -> Option<Stamp> {
    match *sample {
        Sample::Sched { to, .. } | Sample::Usage { to, .. } | Sample::OnCore { to, .. } => Some(to),
        Sample::Cores { at, .. } | Sample::Counter { at, .. } => Some(at),
        Sample::SchedUnavailable
        | Sample::Ring { .. }
        | Sample::EventCost { .. }
        | Sample::CoreLayout { .. }
        | Sample::ClockError { .. } => None,
    }
}
