//! Facts that a flight recorder keeps from the part of a run that it has dropped.

use std::collections::BTreeMap;

use super::flight_recorder::decode;
use super::section::Content;
use super::section_builder::SectionBuilder;
use contend_trace::format::{format_count, format_stamp};
use contend_trace::{Declared, Event, EventKind, Message, Notice, ResourceId, Sample, Stamp, WorkerId};

/// Most notices that are kept; the oldest are dropped first.
const MAX_NOTICES: usize = 20_000;

/// The dropped part of a run.
#[derive(Debug, Default)]
pub struct DroppedPart {
    /// The last moment in it.
    pub until: Stamp,
    workers: BTreeMap<WorkerId, DroppedEvents>,
    /// What was declared, in order.
    declarations: Vec<Declared>,
    /// Notices that still matter later, in order.
    notices: Vec<Message>,
    /// Samples that tell about the whole run.
    samples: Vec<Message>,
    counters: BTreeMap<ResourceId, Message>,
    rings: BTreeMap<WorkerId, Message>,
}

/// The dropped events of a worker.
#[derive(Debug, Default)]
struct DroppedEvents {
    count: u64,
    /// The last one, if it ends the worker's life.
    end: Option<Event>,
}

impl DroppedPart {
    /// Adds a section that follows the ones before.
    pub fn add(&mut self, section: &Content) {
        self.until = self.until.max(section.last);
        for message in decode(section) {
            self.add_message(message);
        }
        let excess = self.notices.len().saturating_sub(MAX_NOTICES);
        self.notices.drain(..excess);
    }

    fn add_message(&mut self, message: Message) {
        match message {
            Message::Events(events) => events.iter().for_each(|event| self.add_event(event)),
            Message::Batch(messages) => messages.into_iter().for_each(|message| self.add_message(message)),
            // These tell about a moment alone.
            Message::Notice { notice: Notice::Stderr(_) | Notice::Note(_) | Notice::TaskFailed { .. }, .. }
            | Message::Sample(Sample::Sched { .. } | Sample::Cores { .. } | Sample::Usage { .. })
            | Message::Watermark(_)
            | Message::WaitSnapshot(_)
            | Message::Look(_) => {}
            Message::Notice { .. } | Message::Ended { .. } => self.notices.push(message),
            Message::Sample(Sample::SchedUnavailable | Sample::EventCost { .. }) => self.samples.push(message),
            Message::Sample(Sample::Counter { counter, .. }) => drop(self.counters.insert(counter, message)),
            Message::Sample(Sample::Ring { worker, .. }) => drop(self.rings.insert(worker, message)),
            Message::Declare(declared) => self.declarations.extend(declared),
        }
    }

    fn add_event(&mut self, event: &Event) {
        let dropped = self.workers.entry(event.worker).or_default();
        dropped.count = dropped.count.saturating_add(match event.kind {
            EventKind::Gap { lost } => lost,
            _ => 1,
        });
        dropped.end = matches!(event.kind, EventKind::LifeEnded(_)).then_some(*event);
    }

    /// Returns a section that stands for the dropped part: its events are counted as lost. `None` if nothing was
    /// dropped.
    pub fn preface(&self) -> Option<Content> {
        let mut events = Vec::new();
        for (worker, dropped) in &self.workers {
            let lost = dropped.count - u64::from(dropped.end.is_some());
            if lost > 0 {
                events.push(Event { at: Stamp(0), worker: *worker, kind: EventKind::Gap { lost } });
            }
            events.extend(dropped.end);
        }
        let lasting = self.samples.iter().chain(self.counters.values()).chain(self.rings.values()).chain(&self.notices);
        let lost: u64 = self.workers.values().map(|dropped| dropped.count).sum();
        let note =
            format!("recorded from {} on; {} earlier events are missing", format_stamp(self.until), format_count(lost));
        let note = Message::Notice { at: self.until, notice: Notice::Note(note) };
        // A worker that is gone has its events before.
        let (ends, beginnings) = self.declarations.iter().cloned().partition(Declared::is_end);
        let messages = [Message::Declare(beginnings), Message::Events(events), Message::Declare(ends)];
        let messages =
            messages.into_iter().filter(|message| !matches!(message, Message::Declare(all) if all.is_empty()));
        let messages = messages.chain(lasting.cloned()).chain([note]);
        if self.until == Stamp(0) {
            return None;
        }
        let mut builder = SectionBuilder::default();
        builder.push(&Message::Batch(messages.collect())).or_else(|| builder.end_section())
    }
}
