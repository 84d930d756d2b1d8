//! Coroutines: each is a lane of its own, which runs in steps on the thread of its loop.

use super::Translator;
use super::lane::Doing;
use super::lane::Wait;
use crate::definition::{LaneInfo, ObjectInfo};
use crate::id::Id;
use crate::kind::Flags;
use contend_trace::{EventKind, Message, Notice, Span, Stamp, State, WorkerKind};

/// Says that a record is of the coroutine whose step the thread runs.
const IN_TASK: u16 = 8;
/// The most coroutines that get a lane of their own.
const MAX_COROUTINES: usize = 1_024;
/// How asyncio calls a task without a name.
const DEFAULT_NAME: &str = "Task-";

impl Translator {
    /// Returns the lane that acts: the thread, or the coroutine whose step it runs.
    pub(super) fn acting_lane(&self, thread: usize, flags: Flags) -> usize {
        self.lanes[thread].step.filter(|_| flags.0 & IN_TASK != 0).unwrap_or(thread)
    }

    pub(super) fn begin_step(&mut self, thread: usize, at: Stamp, task: Id) {
        self.make_running(thread, at);
        let known = self.lane_by_id.get(&task).copied();
        let Some(l) = known.or_else(|| self.add_coroutine(thread, task)) else { return };
        if self.lanes[l].kind != WorkerKind::Async {
            return; // a number that stands for two things
        }
        self.lanes[thread].step = Some(l);
        self.begin_lane(l, at);
        match self.lanes[l].doing {
            // The record that ends the wait follows.
            Doing::Waiting(wait @ Wait { is_granted: false, on: Some(_), .. }) => {
                self.emit(l, at, EventKind::BecameRunnable);
                self.lanes[l].doing = Doing::Waiting(Wait { is_granted: true, ..wait });
            }
            Doing::Waiting(_) => {}
            Doing::Idle(..) | Doing::Running => self.make_running(l, at),
        }
    }

    pub(super) fn end_step(&mut self, thread: usize, at: Stamp) {
        if let Some(l) = self.lanes[thread].step.take()
            && self.lanes[l].doing == Doing::Running
            && !self.lanes[l].has_ended
        {
            self.emit(l, at, EventKind::Blocked { state: State::Signal, on: None });
            self.lanes[l].doing = Doing::Idle(State::Signal, None);
        }
    }

    fn add_coroutine(&mut self, thread: usize, task: Id) -> Option<usize> {
        let count = self.lanes.iter().filter(|lane| lane.kind == WorkerKind::Async && !lane.has_ended).count();
        // Those of the standard library, such as the ones that end a loop, say nothing about the program.
        let is_of_library = self.objects.get(&task).is_some_and(|object| object.info.is_of_library);
        if task == Id::None || is_of_library || count >= MAX_COROUTINES {
            return None;
        }
        let LaneInfo { pid, .. } = self.lanes[thread].info;
        let info = LaneInfo { id: task, pid, name: self.coroutine_name(task), ..LaneInfo::default() };
        self.push_lane(info, WorkerKind::Async)
    }

    /// Returns what people call a coroutine: its function and the place of that, rather than `Task-7`.
    fn coroutine_name(&mut self, task: Id) -> String {
        let Some(ObjectInfo { name, site, function, .. }) = self.objects.get(&task).map(|object| object.info.clone())
        else {
            return "task".into();
        };
        let function = function.rsplit('.').next().unwrap_or_default();
        match (name.starts_with(DEFAULT_NAME) && !function.is_empty(), site.as_str()) {
            (true, "") => function.to_owned(),
            (true, site) => format!("{} · {site}", self.names.make(function)),
            (false, _) if name.is_empty() => "task".into(),
            (false, _) => name,
        }
    }

    /// Records that a call kept an event loop from running other coroutines.
    pub(super) fn note_blocking_call(&mut self, thread: usize, at: Stamp, nanos: u64) {
        let who = self.lanes[thread].step.unwrap_or(thread);
        self.declare_lane(who);
        let text = format!("{} blocked its event loop for {}", self.lanes[who].name, Span(nanos));
        self.out.add_message(Message::Notice { at, notice: Notice::Note(text) });
    }
}
