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

/// The dropped events of a worker. Two of them are kept, so that the model knows in which life the worker is.
#[derive(Debug, Default)]
struct DroppedEvents {
    /// Dropped before the beginning of the newest life, and since.
    before: u64,
    since: u64,
    beginning: Option<Event>,
    /// The end of that life, unless events of the worker follow.
    end: Option<Event>,
}

impl DroppedEvents {
    fn add(&mut self, event: &Event) {
        match event.kind {
            EventKind::LifeBegan => {
                self.before = self.before.saturating_add(self.since).saturating_add(self.kept_count());
                *self = Self { before: self.before, beginning: Some(*event), ..Self::default() };
            }
            EventKind::LifeEnded(_) => {
                self.drop_end();
                self.end = Some(*event);
            }
            EventKind::Gap { lost } => {
                self.drop_end();
                self.since = self.since.saturating_add(lost);
            }
            kind => {
                if !kind.is_reported_by_others() {
                    self.drop_end();
                }
                self.since = self.since.saturating_add(1);
            }
        }
    }

    fn kept_count(&self) -> u64 {
        u64::from(self.beginning.is_some()) + u64::from(self.end.is_some())
    }

    fn drop_end(&mut self) {
        self.since = self.since.saturating_add(u64::from(self.end.take().is_some()));
    }

    fn lost_count(&self) -> u64 {
        self.before.saturating_add(self.since)
    }

    /// Returns what stands for the events.
    fn events(&self, worker: WorkerId) -> impl Iterator<Item = Event> {
        let gap = move |lost: u64| (lost > 0).then_some(Event { at: Stamp(0), worker, kind: EventKind::Gap { lost } });
        [gap(self.before), self.beginning, gap(self.since), self.end].into_iter().flatten()
    }
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
            | Message::Sample(
                Sample::Sched { .. } | Sample::Cores { .. } | Sample::Usage { .. } | Sample::OnCore { .. },
            )
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
        self.workers.entry(event.worker).or_default().add(event);
    }

    /// Returns a section that stands for the dropped part: its events are counted as lost. `None` if nothing was
    /// dropped.
    pub fn preface(&self) -> Option<Content> {
        let events: Vec<Event> = self.workers.iter().flat_map(|(worker, dropped)| dropped.events(*worker)).collect();
        let lasting = self.samples.iter().chain(self.counters.values()).chain(self.rings.values()).chain(&self.notices);
        let lost = self.workers.values().fold(0_u64, |sum, dropped| sum.saturating_add(dropped.lost_count()));
        let note =
            format!("recorded from {} on; {} earlier events are missing", format_stamp(self.until), format_count(lost));
        let note = Message::Notice { at: self.until, notice: Notice::Note(note) };
        // Whatever names a worker or a resource that is gone comes before its end.
        let (ends, beginnings) = self.declarations.iter().cloned().partition(Declared::is_end);
        let declare = |declared: Vec<Declared>| (!declared.is_empty()).then_some(Message::Declare(declared));
        let messages = declare(beginnings).into_iter().chain([Message::Events(events)]).chain(lasting.cloned());
        let messages = messages.chain(declare(ends)).chain([note]);
        if self.until == Stamp(0) {
            return None;
        }
        let mut builder = SectionBuilder::default();
        builder.push(&Message::Batch(messages.collect())).or_else(|| builder.end_section())
    }
}
