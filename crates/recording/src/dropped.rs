//! Facts that a flight recorder keeps from the part of a run that it has dropped.

use std::collections::BTreeMap;

use super::section::Content;
use super::section_builder::{SectionBuilder, messages_of};
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
    /// The declarations, in order.
    declarations: Vec<Declared>,
    /// Notices that still matter later, in order.
    notices: Vec<Message>,
    /// Samples that tell about the whole run.
    samples: Vec<Message>,
    counters: BTreeMap<ResourceId, Message>,
    rings: BTreeMap<WorkerId, Message>,
    /// The last sample of the cores: the next one tells about the time since.
    cores: Option<Message>,
}

/// The dropped events of a worker. Those are kept that tell the model in which life the worker is, and what it waits
/// for at the end of the dropped part.
#[derive(Debug, Default)]
struct DroppedEvents {
    /// Dropped before the beginning of the newest life, and since.
    before: u64,
    since: u64,
    beginning: Option<Event>,
    /// The wait that the worker is in, or the beginning of one.
    wait: Vec<Event>,
    /// The end of that life, unless events of the worker follow.
    end: Option<Event>,
}

/// Most events that begin a wait: the locks that the worker holds, and what it asks for.
const MAX_WAIT_EVENTS: usize = 300;

impl DroppedEvents {
    fn add(&mut self, event: &Event) {
        match event.kind {
            EventKind::LifeBegan => {
                self.before = self.before.saturating_add(self.since).saturating_add(self.kept_count());
                *self = Self { before: self.before, beginning: Some(*event), ..Self::default() };
            }
            EventKind::LifeEnded(_) => {
                self.drop_last();
                self.end = Some(*event);
            }
            EventKind::Gap { lost } => {
                self.drop_last();
                self.since = self.since.saturating_add(lost);
            }
            kind if kind.is_reported_by_others() => self.since = self.since.saturating_add(1),
            kind => self.add_to_wait(event, WaitStep::of(&kind)),
        }
    }

    /// Adds an event to the wait that the worker is in, if it begins one; else drops the wait, unless it goes on.
    fn add_to_wait(&mut self, event: &Event, step: WaitStep) {
        let is_waiting = self.wait.iter().any(|event| WaitStep::of(&event.kind) == WaitStep::Beginning);
        let goes_on = match step {
            WaitStep::Preparation | WaitStep::Beginning => !is_waiting,
            WaitStep::Readiness | WaitStep::Continuation => is_waiting,
            WaitStep::Other => false,
        };
        if !goes_on || self.end.is_some() || self.wait.len() == MAX_WAIT_EVENTS {
            self.drop_last();
        }
        match step {
            WaitStep::Preparation | WaitStep::Beginning => self.wait.push(*event),
            WaitStep::Readiness if goes_on => self.wait.push(*event),
            WaitStep::Readiness | WaitStep::Continuation | WaitStep::Other => {
                self.since = self.since.saturating_add(1);
            }
        }
    }

    fn kept_count(&self) -> u64 {
        u64::from(self.beginning.is_some()) + self.wait.len() as u64 + u64::from(self.end.is_some())
    }

    /// Drops the wait and the end of the life: something follows them.
    fn drop_last(&mut self) {
        let dropped = self.wait.len() as u64 + u64::from(self.end.take().is_some());
        self.wait.clear();
        self.since = self.since.saturating_add(dropped);
    }

    fn lost_count(&self) -> u64 {
        self.before.saturating_add(self.since)
    }

    /// Returns what stands for the events.
    fn events(&self, worker: WorkerId) -> impl Iterator<Item = Event> {
        let gap = move |lost: u64| (lost > 0).then_some(Event { at: Stamp(0), worker, kind: EventKind::Gap { lost } });
        let before = [gap(self.before), self.beginning, gap(self.since)];
        before.into_iter().flatten().chain(self.wait.iter().copied()).chain(self.end)
    }
}

/// What an event of a worker means for a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitStep {
    /// It says something about the wait or the action that follows.
    Preparation,
    /// The wait begins.
    Beginning,
    /// The worker can run, but has not ended the wait yet.
    Readiness,
    /// The wait goes on.
    Continuation,
    Other,
}

impl WaitStep {
    const fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Held { .. }
            | EventKind::RwlockRequest { .. }
            | EventKind::RwlockReaders { .. }
            | EventKind::PermitRequest { .. }
            | EventKind::TimedAttempt { .. }
            | EventKind::Alternative { .. }
            | EventKind::AwaitsResult { .. } => Self::Preparation,
            EventKind::LockWait { .. } | EventKind::Joins { .. } | EventKind::Blocked { .. } => Self::Beginning,
            EventKind::BecameRunnable => Self::Readiness,
            EventKind::StillWaiting { .. } => Self::Continuation,
            _ => Self::Other,
        }
    }
}

impl DroppedPart {
    /// Adds a section that follows the ones before.
    pub fn add(&mut self, section: &Content) {
        self.until = self.until.max(section.last);
        for message in messages_of(section) {
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
            | Message::Sample(Sample::Sched { .. } | Sample::Usage { .. } | Sample::OnCore { .. })
            | Message::Watermark(_)
            | Message::WaitSnapshot(_)
            | Message::Look(_) => {}
            Message::Notice { .. } | Message::Ended { .. } => self.notices.push(message),
            Message::Sample(
                Sample::SchedUnavailable
                | Sample::EventCost { .. }
                | Sample::CoreLayout { .. }
                | Sample::ClockError { .. },
            ) => self.samples.push(message),
            Message::Sample(Sample::Cores { .. }) => self.cores = Some(message),
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
        let newest = self.counters.values().chain(self.rings.values()).chain(&self.cores);
        let lasting = self.samples.iter().chain(newest).chain(&self.notices);
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
