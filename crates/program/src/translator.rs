//! Orders what a program tells, and turns it into declarations, events and looks.
//!
//! Ids of the program become ids of the run in order of their first use. Within a lane, records are in order. Across
//! lanes they are sorted by time, up to a mark that was taken before the first ring was read: whatever led to a record
//! before the mark, such as the release of the lock that it got, had been written by then. So the holders of a lock are
//! known in their true order.
//!
//! Holders are known from hooks around the lock, not from inside it. So verdicts rest on looks
//! ([`Translator::look`]): what the records say about waits and holders, and a count by the kernel that shows that none
//! of these threads ran in between.

mod awaited_pools;
mod emit;
mod lane;
mod library;
mod locks;
mod looks;
mod names;
mod objects;
mod process;
mod remote;
mod sampled;
mod signals;
mod steps;
mod tasks;
mod transfers;
mod wait;

use std::collections::{BTreeMap, HashMap, VecDeque};

use self::awaited_pools::AwaitedPools;
use self::emit::Output;
use self::lane::Lane;
use self::names::UniqueNames;
use self::objects::{Object, PoolState};
use self::process::{EarlyExits, Process};
use self::tasks::Task;
use super::definition::Definition;
use super::id::Id;
use super::kind::Kind;
use super::trace_record::{TraceEvent, TraceRecord};
use contend_trace::{Message, Notice, ResourceId, Stamp};

pub use self::lane::LaneView;
pub use self::library::FoldedCounts;

/// The most lanes, objects and tasks that are kept in mind.
const MAX_LANES: usize = 1 << 17;
const MAX_OBJECTS: usize = 1 << 17;
const MAX_TASKS: usize = 1 << 18;

/// Turns what a program tells into messages of a run.
#[derive(Debug)]
pub struct Translator {
    /// The time of the run's beginning, in nanoseconds of the monotonic clock.
    origin: u64,
    /// Records newer than the mark, with their places among those of the same time.
    pending: Vec<(u64, u64, TraceRecord)>,
    arrived: u64,
    out: Output,
    lanes: Vec<Lane>,
    lane_by_id: HashMap<Id, usize>,
    objects: HashMap<Id, Object>,
    pools: Vec<PoolState>,
    tasks: HashMap<Id, Task>,
    processes: BTreeMap<u32, Process>,
    early_exits: EarlyExits,
    root: Option<u32>,
    names: UniqueNames,
    /// What stands for the interpreter's lock while a lane has it.
    gil_by_holder: HashMap<usize, ResourceId>,
    /// Lanes that have ended and are still shown, the oldest first.
    ended: VecDeque<usize>,
    awaited: AwaitedPools,
    had_look: bool,
    /// The largest error of other machines' clocks so far, in nanoseconds.
    clock_error: u64,
}

impl Translator {
    /// `origin` is the beginning of the run, in nanoseconds of the monotonic clock.
    pub fn new(origin: u64) -> Self {
        Self {
            origin,
            pending: Vec::new(),
            arrived: 0,
            out: Output::default(),
            lanes: Vec::new(),
            lane_by_id: HashMap::new(),
            objects: HashMap::new(),
            pools: Vec::new(),
            tasks: HashMap::new(),
            processes: BTreeMap::new(),
            early_exits: EarlyExits::default(),
            root: None,
            names: UniqueNames::default(),
            gil_by_holder: HashMap::new(),
            ended: VecDeque::new(),
            awaited: AwaitedPools::default(),
            had_look: false,
            clock_error: 0,
        }
    }

    /// Adds records. Definitions count at once, everything else when its time has come.
    pub fn add(&mut self, records: impl IntoIterator<Item = TraceRecord>) {
        for record in records {
            match record {
                TraceRecord::Definition(definition) => self.define(definition),
                record => {
                    self.pending.push((record.at().max(self.origin), self.arrived, record));
                    self.arrived += 1;
                }
            }
        }
    }

    /// Applies everything up to `mark`, a time before the rings were read last, and returns the messages. Stops for a
    /// moment before the first record of a lane whose pool has no definition yet.
    pub fn advance(&mut self, mark: u64) -> Vec<Message> {
        self.pending.sort_unstable_by_key(|(at, arrived, _)| (*at, *arrived));
        let mark = self.last_complete(mark);
        let due = self.pending.partition_point(|(at, ..)| *at <= mark);
        let rest = self.pending.split_off(due);
        for (at, _, record) in std::mem::replace(&mut self.pending, rest) {
            self.apply(at, record);
        }
        self.out.add_message(Message::Watermark(self.stamp(mark)));
        self.out.take()
    }

    /// Returns the time of the run.
    pub fn stamp(&self, at: u64) -> Stamp {
        Stamp(at.saturating_sub(self.origin))
    }

    fn apply(&mut self, at: u64, record: TraceRecord) {
        let stamp = self.stamp(at);
        match record {
            TraceRecord::Definition(definition) => self.define(definition),
            TraceRecord::Event(event) => self.apply_event(stamp, event),
            TraceRecord::Lost { lane, count, .. } => self.apply_loss(stamp, lane, count),
            TraceRecord::Seen { lane, seen, .. } => self.apply_seen(stamp, lane, seen),
        }
    }

    fn define(&mut self, definition: Definition) {
        match definition {
            Definition::Hello(hello) => self.add_process(hello),
            Definition::Object(object) => self.add_object(object),
            Definition::Lane(lane) => self.add_lane(lane),
            Definition::Name { id, name, pool } => self.complete(id, name, pool),
            Definition::Fault { hook, error } => {
                let text = format!("the tracer took out its hook of {hook}: {error}");
                self.out.add_message(Message::Notice { at: self.out.newest, notice: Notice::Note(text) });
            }
            Definition::ClockError { nanos } => self.note_clock_error(nanos),
            Definition::Bye { .. } => {}
        }
    }

    fn apply_event(&mut self, at: Stamp, event: TraceEvent) {
        let TraceEvent { lane, kind, object, arg, flags, .. } = event;
        let Some(thread) = self.lane_for(lane, kind, at) else { return };
        self.lanes[thread].info.is_silent &= matches!(kind, Kind::Begin | Kind::End);
        let l = self.acting_lane(thread, flags);
        if self.lanes[l].has_ended {
            self.forget_holds(l); // it begins a new life
        }
        self.end_rest(l, at, kind);
        match kind {
            Kind::Begin => self.begin_lane(l, at),
            Kind::End => self.end_lane_of_event(l, at, flags.is_ok()),
            Kind::Wait => self.wait_for_lock(l, at, object, flags),
            Kind::Tried if !flags.is_ok() => {}
            Kind::Acquired | Kind::Tried => self.acquire(l, at, object, arg),
            Kind::Released => self.release(l, at, object, arg),
            Kind::GaveUp | Kind::QueueGaveUp => self.give_up(l, at, object),
            Kind::Put | Kind::Send => self.put(l, at, object, arg),
            Kind::Got | Kind::Received => self.take(l, at, object, arg),
            Kind::GetWait | Kind::ReceiveWait => self.wait_at_queue(l, at, object, false, flags),
            Kind::PutWait => self.wait_at_queue(l, at, object, true, flags),
            Kind::Submit => self.submit(l, at, object, arg),
            Kind::TaskStart => self.start_task(l, at, object),
            Kind::TaskFinish => self.finish_task(l, at, object, flags.is_ok()),
            Kind::Join => self.join(l, at, object, flags),
            Kind::Joined | Kind::CallEnd => self.make_running(l, at),
            Kind::ConditionWait | Kind::EventWait | Kind::BarrierWait => self.wait_for_signal(l, at, object, flags),
            Kind::ConditionWoken | Kind::EventDone | Kind::BarrierDone => self.wake(l, at, object, flags),
            Kind::Notify | Kind::EventSet => self.signal(l, at, object, arg),
            Kind::EventClear | Kind::Packed | Kind::Unpacked | Kind::Spawn => {}
            Kind::FutureWait => self.wait_for_result(l, at, object, flags),
            Kind::FutureDone => self.end_result_wait(l, at),
            Kind::Exit => self.note_exit(at, object, arg),
            Kind::CallBegin => self.call(l, at),
            Kind::StepBegin => self.begin_step(thread, at, object),
            Kind::StepEnd => self.end_step(thread, at),
            Kind::BlockingCall => self.note_blocking_call(thread, at, arg),
            Kind::Mark => self.mark(at, object),
            Kind::Count => self.count(l, at, object, arg),
            Kind::TaskErred => self.drop_task(l, at, object, false),
            Kind::TaskCancelled => self.drop_task(l, at, object, true),
            Kind::Fetch => self.begin_fetch(l),
            Kind::Fetched => self.end_fetch(l, at, object, arg),
        }
        self.begin_rest(l, at);
    }

    fn mark(&mut self, at: Stamp, text: Id) {
        let text = self.objects.get(&text).map_or_else(|| "mark".to_owned(), |object| object.info.name.clone());
        self.out.add_message(Message::Notice { at, notice: Notice::Mark(text) });
    }
}

#[cfg(test)]
mod tests;
