//! The steps of slow motion, chosen from what memory holds of the run.

use super::caption::is_step;
use crate::playback::{Row, resource_of};
use crate::recording::FlightTape;
use crate::trace::{Event, EventKind, Message, ResourceId, Span, Stamp, WorkerId};

/// Steps that are played.
pub(super) const MAX_STEPS: usize = 60;

/// The moments to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    /// The last steps up to this moment.
    Before(Stamp),
    /// The steps on both sides of this moment.
    Around(Stamp),
}

impl Focus {
    const fn moment(self) -> Stamp {
        match self {
            Self::Before(at) | Self::Around(at) => at,
        }
    }
}

/// The workers or the row whose steps are played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cast {
    Row(Row),
    Workers(Vec<WorkerId>),
}

impl Cast {
    fn has(&self, event: &Event) -> bool {
        match self {
            Self::Row(Row::All) => true,
            Self::Row(Row::Worker(worker)) => event.worker == *worker,
            Self::Row(Row::Resource(resource)) => resource_of(&event.kind) == Some(*resource),
            Self::Workers(workers) => workers.contains(&event.worker),
        }
    }
}

/// A step: an event, and how long its worker had waited for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) event: Event,
    pub(super) waited: Option<Span>,
}

/// Returns the steps to play, in the order of their time.
pub(super) fn find_steps(tape: &FlightTape, focus: Focus, cast: &Cast) -> Vec<Step> {
    let wanted = |event: &Event| is_step(&event.kind) && cast.has(event);
    let mut events: Vec<Event> = Vec::new();
    // Backwards, until there are enough before the moment; one section more, for workers that were delivered late.
    let mut spare_sections = 1;
    for section in (0..last_section(tape, focus)).rev() {
        let messages = tape.read_section(section).unwrap_or_default();
        for message in &messages {
            collect(message, &wanted, &mut events);
        }
        let before = events.iter().filter(|event| event.at <= focus.moment()).count();
        if before > MAX_STEPS {
            if spare_sections == 0 {
                break;
            }
            spare_sections -= 1;
        }
    }
    events.sort_by_key(|event| event.at); // stable: the order within each worker stays
    let middle = events.partition_point(|event| event.at <= focus.moment());
    let (from, to) = match focus {
        Focus::Before(_) => (middle.saturating_sub(MAX_STEPS), middle),
        Focus::Around(_) => (middle.saturating_sub(MAX_STEPS / 2), events.len().min(middle + MAX_STEPS / 2)),
    };
    let step = |index: usize| Step { event: events[index], waited: waited(&events[..index], &events[index]) };
    (from..to).map(step).collect()
}

/// Returns the end of the sections that can have a step to play.
fn last_section(tape: &FlightTape, focus: Focus) -> usize {
    let later = (0..tape.section_count()).find(|section| tape.section_start(*section) > focus.moment());
    let more = match focus {
        Focus::Before(_) => 1,
        Focus::Around(_) => 2,
    };
    later.map_or(usize::MAX, |later| later + more).min(tape.section_count())
}

fn collect(message: &Message, wanted: &impl Fn(&Event) -> bool, events: &mut Vec<Event>) {
    match message {
        Message::Events(all) => events.extend(all.iter().filter(|event| wanted(event))),
        Message::Batch(messages) => messages.iter().for_each(|message| collect(message, wanted, events)),
        _ => {}
    }
}

/// Returns how long the worker had waited when this event ended its wait.
fn waited(before: &[Event], event: &Event) -> Option<Span> {
    let on = ended_wait(&event.kind)?;
    let previous = before.iter().rev().find(|other| other.worker == event.worker)?;
    let is_wait = matches!(previous.kind, EventKind::LockWait { .. } | EventKind::Blocked { .. });
    (is_wait && resource_of(&previous.kind) == Some(on)).then(|| event.at.span_since(previous.at))
}

/// Returns the resource that the worker got, if an event can end a wait.
const fn ended_wait(kind: &EventKind) -> Option<ResourceId> {
    match kind {
        EventKind::Released { .. } | EventKind::Signalled { .. } | EventKind::Closed { .. } => None,
        kind => resource_of(kind),
    }
}
