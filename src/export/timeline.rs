//! A recording as a list of spans, values and moments, in an order that suits every format: the spans of one track come
//! in the order of time.

use std::collections::HashMap;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use super::item::{ExportCounts, Handover, Item};
use super::lock_slots::LockSlots;
use crate::model::{Budget, Model};
use crate::recording::Recording;
use crate::report::end_of_recording;
use crate::trace::{
    Event, EventKind, Grant, LockKind, Message, Notice, PoolId, Registry, ResourceId, ResourceKind, Sample, Stamp,
    State, WorkerId,
};

/// Returns the registry of a recording with every entry that was declared during the run, including removed ones.
///
/// # Errors
/// If the recording cannot be read.
pub fn declared_registry<R: Read + Seek>(recording: &mut Recording<R>) -> io::Result<Registry> {
    let mut registry = recording.description().registry.clone();
    if registry.is_open {
        for section in 0..recording.sections().len() {
            let Some(messages) = recording.read_messages(section)? else { break };
            for message in &messages {
                enter_declared(&mut registry, message);
            }
        }
    }
    Ok(registry)
}

fn enter_declared(registry: &mut Registry, message: &Message) {
    match message {
        Message::Batch(messages) => messages.iter().for_each(|message| enter_declared(registry, message)),
        Message::Declare(declared) => {
            for one in declared.iter().filter(|one| !one.is_end()) {
                registry.declare(one);
            }
        }
        _ => {}
    }
}

/// Calls `see` for every item of a recording.
///
/// # Errors
/// If the recording cannot be read, or `see` fails.
pub fn for_each_item<R: Read + Seek>(
    recording: &mut Recording<R>,
    mut see: impl FnMut(&Item) -> io::Result<()>,
) -> io::Result<ExportCounts> {
    let mut timeline = Timeline::new(Arc::new(recording.description().registry.clone()));
    let mut counts = ExportCounts::default();
    let mut pass = |items: Vec<Item>| {
        items.iter().try_for_each(|item| {
            counts.count(item);
            see(item)
        })
    };
    for section in 0..recording.sections().len() {
        let Some(messages) = recording.read_messages(section)? else { break };
        for message in &messages {
            timeline.apply(message);
        }
        pass(timeline.take_complete())?;
    }
    let end = end_of_recording(recording, &timeline.model);
    pass(timeline.finish(end.at))?;
    Ok(counts)
}

/// Turns messages into items.
#[derive(Debug)]
pub struct Timeline {
    model: Model,
    /// One event at a time, for the model.
    event: Message,
    /// By worker: the beginning of its tasks that have not ended, outermost first.
    tasks: HashMap<WorkerId, Vec<UnendedTask>>,
    /// By worker: the number of the task that begins next.
    next_task: HashMap<WorkerId, u64>,
    /// By worker: the lock that it waits for.
    waits: HashMap<WorkerId, ResourceId>,
    holds: HashMap<(ResourceId, WorkerId), Vec<UnendedHold>>,
    slots: HashMap<ResourceId, LockSlots>,
    /// Items that have ended, not yet in order.
    ended: Vec<Item>,
    complete_until: Stamp,
}

#[derive(Debug, Clone, Copy)]
struct UnendedTask {
    pool: PoolId,
    number: Option<u64>,
    from: Stamp,
}

#[derive(Debug, Clone, Copy)]
struct UnendedHold {
    grant: Grant,
    from: Stamp,
    has_waited: bool,
}

impl Timeline {
    pub fn new(registry: Arc<Registry>) -> Self {
        let budget = Budget::for_registry(&registry);
        Self {
            model: Model::new(registry, budget),
            event: Message::Events(Vec::with_capacity(1)),
            tasks: HashMap::new(),
            next_task: HashMap::new(),
            waits: HashMap::new(),
            holds: HashMap::new(),
            slots: HashMap::new(),
            ended: Vec::new(),
            complete_until: Stamp::default(),
        }
    }

    /// Applies a message of the run.
    pub fn apply(&mut self, message: &Message) {
        match message {
            Message::Events(events) => return events.iter().for_each(|event| self.apply_event(event)),
            Message::Batch(messages) => return messages.iter().for_each(|message| self.apply(message)),
            Message::Watermark(at) | Message::Ended { at, .. } => self.complete_until = self.complete_until.max(*at),
            Message::Sample(sample) => self.note_sample(sample),
            Message::Notice { at, notice } => self.note_notice(*at, notice),
            Message::WaitSnapshot(_) | Message::Declare(_) | Message::Look(_) => {}
        }
        self.model.apply(message);
    }

    /// Returns the items that ended before all that is still to come, in the order of their ends.
    pub fn take_complete(&mut self) -> Vec<Item> {
        let complete_until = self.complete_until;
        let (mut items, later) =
            std::mem::take(&mut self.ended).into_iter().partition(|item| item.end() <= complete_until);
        self.ended = later;
        self.put_in_order(&mut items);
        items
    }

    /// Ends everything that is still open at `at`, and returns all items that are left.
    pub fn finish(&mut self, at: Stamp) -> Vec<Item> {
        for worker in (0..self.model.registry().workers.len()).map(WorkerId::from) {
            self.end_state(worker, at);
            for depth in (0..self.tasks.get(&worker).map_or(0, Vec::len)).rev() {
                self.end_task(worker, at, depth, false);
            }
        }
        let mut held: Vec<(ResourceId, WorkerId)> = self.holds.keys().copied().collect();
        held.sort_unstable();
        for (lock, worker) in held {
            for hold in self.holds.remove(&(lock, worker)).unwrap_or_default() {
                self.add_hold(lock, worker, hold, at);
            }
        }
        for finding in self.model.findings(at) {
            let (name, detail) = (format!("finding: {}", finding.id), finding.sentence);
            self.ended.push(Item::Moment { at: finding.at.unwrap_or(at), name, detail });
        }
        self.complete_until = Stamp(u64::MAX);
        self.take_complete()
    }

    fn apply_event(&mut self, event: &Event) {
        let before = self.model.lane(event.worker).activity();
        if let Message::Events(one) = &mut self.event {
            one.clear();
            one.push(*event);
        }
        self.model.apply(&self.event);
        let after = self.model.lane(event.worker).activity();
        if before != after && before.since < after.since {
            let crate::model::Activity { state, since, resource } = before;
            self.add_state(event.worker, state, resource, since, after.since);
        }
        self.note_event(event);
    }

    fn note_event(&mut self, event: &Event) {
        let Event { at, worker, kind } = *event;
        match kind {
            EventKind::LockWait { lock, .. } => drop(self.waits.insert(worker, lock)),
            EventKind::Acquired { lock, grant } => {
                let has_waited = self.waits.remove(&worker) == Some(lock);
                self.holds.entry((lock, worker)).or_default().push(UnendedHold { grant, from: at, has_waited });
            }
            EventKind::Released { lock, grant } => self.end_hold(lock, worker, grant, at),
            EventKind::OwnerDied { lock } => self.end_other_holds(lock, worker, at),
            EventKind::TaskNumbered { number, .. } => drop(self.next_task.insert(worker, number)),
            EventKind::TaskBegan { pool, .. } => {
                let number = self.next_task.remove(&worker);
                self.tasks.entry(worker).or_default().push(UnendedTask { pool, number, from: at });
            }
            EventKind::TaskEnded { ok, .. } => {
                if let Some(depth) = self.tasks.get(&worker).and_then(|open| open.len().checked_sub(1)) {
                    self.end_task(worker, at, depth, ok);
                }
            }
            EventKind::Put { queue, depth } | EventKind::Took { queue, depth } => {
                self.ended.push(Item::Depth { queue, at, depth: u64::from(depth) });
            }
            EventKind::PutNth { queue, depth, .. } | EventKind::TookNth { queue, depth, .. } => {
                self.ended.push(Item::Depth { queue, at, depth: u64::from(depth) });
            }
            EventKind::Sent { pipe, depth, .. } | EventKind::Received { pipe, depth, .. } => {
                self.ended.push(Item::Depth { queue: pipe, at, depth: u64::from(depth) });
            }
            EventKind::Mark { text, number } => {
                let text = self.model.registry().mark_text(text, number).into_owned();
                self.ended.push(Item::Mark { at, text, worker: Some(worker) });
            }
            EventKind::CounterAdded { counter, value, .. } => {
                self.ended.push(Item::Value { counter, at, value: i64::from(value) });
            }
            _ => {}
        }
    }

    fn note_sample(&mut self, sample: &Sample) {
        match sample {
            Sample::Cores { at, load } => {
                let known = load.iter().enumerate().filter_map(|(core, load)| Some((core, (*load)?)));
                self.ended.extend(known.map(|(core, load)| Item::CoreLoad { core, at: *at, load }));
            }
            Sample::Counter { at, counter, value } => {
                self.ended.push(Item::Value { counter: *counter, at: *at, value: *value });
            }
            _ => {}
        }
    }

    fn note_notice(&mut self, at: Stamp, notice: &Notice) {
        let (name, detail) = match notice {
            Notice::Resized { pool, workers } => {
                return self.ended.push(Item::PoolSize { pool: *pool, at, workers: *workers });
            }
            Notice::KnobSet { name, value_text, .. } => (format!("{name} = {value_text}"), String::new()),
            Notice::Died { worker, .. } => {
                (format!("{} died", self.model.registry().worker_name(*worker)), String::new())
            }
            Notice::TaskFailed { message, .. } => ("a task failed".to_owned(), message.clone()),
            Notice::Stderr(text) | Notice::Note(text) => ("note".to_owned(), text.clone()),
            Notice::Suspended(_) => ("the machine was suspended".to_owned(), String::new()),
            Notice::Mark(text) => return self.ended.push(Item::Mark { at, text: text.clone(), worker: None }),
            Notice::Started { .. } => return,
        };
        self.ended.push(Item::Moment { at, name, detail });
    }

    fn end_state(&mut self, worker: WorkerId, at: Stamp) {
        let crate::model::Activity { state, since, resource } = self.model.lane(worker).activity();
        self.add_state(worker, state, resource, since, at);
    }

    fn add_state(&mut self, worker: WorkerId, state: State, on: Option<ResourceId>, from: Stamp, to: Stamp) {
        if state != State::Done && from < to {
            self.ended.push(Item::State { worker, state, on, from, to });
        }
    }

    fn end_hold(&mut self, lock: ResourceId, worker: WorkerId, grant: Grant, at: Stamp) {
        let Some(open) = self.holds.get_mut(&(lock, worker)) else { return };
        // Lost events may hide which of several permits it is.
        let Some(place) = open.iter().position(|hold| hold.grant == grant).or(open.len().checked_sub(1)) else {
            return;
        };
        let hold = open.remove(place);
        self.add_hold(lock, worker, hold, at);
    }

    /// Ends the holds of workers that died while they held a lock that another worker has now.
    fn end_other_holds(&mut self, lock: ResourceId, heir: WorkerId, at: Stamp) {
        let others: Vec<WorkerId> = self
            .holds
            .keys()
            .filter(|(of, worker)| *of == lock && *worker != heir)
            .map(|(_, worker)| *worker)
            .collect();
        for worker in others {
            for hold in self.holds.remove(&(lock, worker)).unwrap_or_default() {
                self.add_hold(lock, worker, hold, at);
            }
        }
    }

    fn add_hold(&mut self, lock: ResourceId, worker: WorkerId, hold: UnendedHold, to: Stamp) {
        let UnendedHold { grant, from, has_waited } = hold;
        // The place for the hold before is filled in when all earlier holds are known.
        let after = has_waited.then_some(Handover { grant, slot: 0, at: from });
        self.ended.push(Item::Hold { lock, slot: 0, worker, grant, from, to: to.max(from), after });
    }

    fn end_task(&mut self, worker: WorkerId, to: Stamp, depth: usize, ok: bool) {
        let Some(UnendedTask { pool, number, from }) = self.tasks.get_mut(&worker).and_then(Vec::pop) else { return };
        self.ended.push(Item::Task { pool, worker, number, ok, depth, from, to: to.max(from) });
    }

    /// Sorts items, and assigns slots to holds.
    fn put_in_order(&mut self, items: &mut Vec<Item>) {
        items.sort_by_key(|item| (item.end(), item.start()));
        for item in items {
            let Item::Hold { lock, slot, grant, from, to, after, .. } = item else { continue };
            let slots = self.slots.entry(*lock).or_default();
            let kind = self.model.registry().resource(*lock).map(|resource| &resource.kind);
            if matches!(kind, Some(ResourceKind::Mutex { kind }) if !kind.is_reentrant() && *kind != LockKind::Off) {
                // Clocks of two cores may disagree by some nanoseconds about who was first; grants do not.
                *from = slots.ends.first().map_or(*from, |end| (*from).max(*end));
                *to = (*to).max(*from);
            }
            *slot = slots.assign(*from, *to);
            *after = after.and_then(|_| slots.release_before(*grant, *from));
            slots.add_release(Handover { grant: *grant, slot: *slot, at: *to });
        }
    }
}
