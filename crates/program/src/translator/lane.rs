//! Lanes: threads, processes and coroutines of the program.

use super::names::without_number;
use super::process::Process;
use super::{MAX_LANES, Translator};
use crate::definition::LaneInfo;
use crate::id::Id;
use crate::kind::Kind;
use contend_trace::{
    Declared, Event, EventKind, ExitKind, Grant, Message, Notice, ResourceId, Stamp, State, WorkerId, WorkerInfo,
    WorkerKind,
};

/// Lanes that stay on screen after their end. Older ones become sums of their group.
const MAX_ENDED_LANES: usize = 48;

/// A lane of the program.
#[derive(Debug)]
pub(super) struct Lane {
    pub info: LaneInfo,
    pub kind: WorkerKind,
    /// Its worker, once it has done something.
    pub worker: Option<WorkerId>,
    pub name: String,
    pub last_at: Stamp,
    pub doing: Doing,
    pub holds: Vec<Hold>,
    /// The resource that stands for its end, once another lane waits for it.
    pub life: Option<ResourceId>,
    pub has_begun: bool,
    /// When it began, if it had no name then: it may get one before it does something.
    pub unnamed_since: Option<Stamp>,
    pub has_ended: bool,
    /// The tasks that it is in, the outermost first.
    pub tasks: Vec<Id>,
    /// The lane of the coroutine whose step it runs.
    pub step: Option<usize>,
    /// Counts what it did, for looks at lanes without a thread.
    pub moved: u64,
    /// Data that it is fetching from other workers.
    pub fetches: u32,
    /// Whether its state is the default of its kind, not one that it recorded.
    pub rests: bool,
}

/// A lock that a lane holds, or a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    pub object: Id,
    pub resource: ResourceId,
    pub grant: Grant,
    /// How often the lane has it.
    pub depth: u64,
}

/// What a lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Running,
    /// In a state that only the system tells, at a resource if that is known.
    Idle(State, Option<ResourceId>),
    Waiting(Wait),
}

/// A wait that the program recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub kind: WaitKind,
    pub object: Id,
    pub on: Option<ResourceId>,
    pub is_timed: bool,
    /// Whether the system shows that it has got what it waited for, and now waits for the interpreter's lock.
    pub is_granted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitKind {
    Lock,
    Item,
    Room,
    Signal,
    Result,
    Join,
    Call,
}

/// A lane as the source of a run sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneView {
    pub id: Id,
    pub worker: WorkerId,
    pub pid: u32,
    pub tid: u32,
    pub has_ended: bool,
    /// Whether it has only been seen from outside until now.
    pub is_silent: bool,
}

impl Translator {
    /// Returns the lanes that have a thread of their own and are shown.
    pub fn threads(&self) -> impl Iterator<Item = LaneView> + '_ {
        self.lanes.iter().filter(|lane| lane.kind != WorkerKind::Async && lane.info.tid != 0).filter_map(|lane| {
            let LaneInfo { id, pid, tid, is_silent, .. } = lane.info;
            Some(LaneView { id, worker: lane.worker?, pid, tid, has_ended: lane.has_ended, is_silent })
        })
    }

    pub(super) fn add_lane(&mut self, info: LaneInfo) {
        self.await_pool(info.pool);
        if let Some(known) = self.lane_by_id.get(&info.id) {
            let lane = &mut self.lanes[*known];
            if lane.worker.is_none() {
                lane.info = info;
            }
            return;
        }
        if let Some(known) = self.silent_lane_of(info.pid, info.tid) {
            self.lane_by_id.insert(info.id, known);
            self.lanes[known].info.pool = info.pool;
            return;
        }
        let kind = if info.is_service {
            WorkerKind::Service
        } else if info.tid == info.pid && Some(info.pid) != self.root && info.tid != 0 {
            WorkerKind::Process
        } else {
            WorkerKind::Thread
        };
        self.push_lane(info, kind);
    }

    /// Returns the lane of a thread that has only been seen from outside until now.
    fn silent_lane_of(&self, pid: u32, tid: u32) -> Option<usize> {
        let is_it = |lane: &Lane| (lane.info.pid, lane.info.tid) == (pid, tid) && !lane.has_ended;
        self.lanes.iter().position(|lane| tid != 0 && lane.info.is_silent && is_it(lane))
    }

    pub(super) fn push_lane(&mut self, info: LaneInfo, kind: WorkerKind) -> Option<usize> {
        if self.lanes.len() >= MAX_LANES {
            return None;
        }
        let id = info.id;
        self.lanes.push(Lane {
            info,
            kind,
            worker: None,
            name: String::new(),
            last_at: Stamp(0),
            doing: Doing::Running,
            holds: Vec::new(),
            life: None,
            has_begun: false,
            unnamed_since: None,
            has_ended: false,
            tasks: Vec::new(),
            step: None,
            moved: 0,
            fetches: 0,
            rests: false,
        });
        self.lane_by_id.insert(id, self.lanes.len() - 1);
        Some(self.lanes.len() - 1)
    }

    /// Returns the lane of an event. A thread of a library that does nothing with the program's objects has none.
    pub(super) fn lane_for(&mut self, id: Id, kind: Kind, at: Stamp) -> Option<usize> {
        let known = self.lane_by_id.get(&id).copied();
        let l = known.or_else(|| self.push_lane(LaneInfo { id, ..LaneInfo::default() }, WorkerKind::Thread))?;
        let is_idle = matches!(kind, Kind::Begin | Kind::End) && self.lanes[l].info.is_of_library;
        if self.lanes[l].worker.is_none() && is_idle {
            return None;
        }
        if self.lanes[l].worker.is_none() && kind == Kind::Begin && self.lanes[l].info.name.is_empty() {
            self.lanes[l].unnamed_since = Some(at);
            return None;
        }
        self.declare_lane(l);
        let lane = &mut self.lanes[l];
        // What a library's thread does may concern objects that are not shown, and then nothing else begins its life.
        if let Some(began) = lane.unnamed_since.take().or_else(|| lane.info.is_of_library.then_some(at)) {
            self.begin_lane(l, began);
        }
        Some(l)
    }

    /// Makes a lane known to the run.
    pub(super) fn declare_lane(&mut self, l: usize) -> WorkerId {
        if let Some(worker) = self.lanes[l].worker {
            return worker;
        }
        let pool = self.pool_of_lane(l);
        let (name, group) = self.name_of_lane(l);
        let name = self.names.make(&name);
        let worker = self.out.next_worker();
        let lane = &mut self.lanes[l];
        lane.worker = Some(worker);
        lane.name.clone_from(&name);
        let (kind, pid, tid) = (lane.kind, lane.info.pid, lane.info.tid);
        self.out.declare(Declared::Worker { id: worker, info: WorkerInfo { name, group, kind, pool } });
        if tid != 0 {
            let notice = Notice::Started { worker, pid, tid };
            self.out.add_message(Message::Notice { at: self.out.newest, notice });
        }
        worker
    }

    fn name_of_lane(&self, l: usize) -> (String, String) {
        let LaneInfo { id, pid, tid, name, group, .. } = &self.lanes[l].info;
        if !group.is_empty() && !name.is_empty() {
            return (name.clone(), group.clone());
        }
        let is_main = pid == tid && *tid != 0;
        let is_root = self.root.is_none() || Some(*pid) == self.root || *pid == 0;
        let name = match name.as_str() {
            "" if is_main && !is_root => {
                self.processes.get(pid).map_or_else(|| format!("process {pid}"), Process::name)
            }
            "" => format!("thread {}", if *tid == 0 { number_of(*id) } else { u64::from(*tid) }),
            "MainThread" if is_root => "main".to_owned(),
            name => name.to_owned(),
        };
        if is_root || self.lanes[l].kind == WorkerKind::Async {
            let group = without_number(&name).to_owned();
            return (name, group);
        }
        let process = self.processes.get(pid).map_or_else(|| format!("process {pid}"), Process::name);
        if is_main {
            let name = if name == "MainThread" { process } else { name };
            let group = without_number(&name).to_owned();
            return (name, group);
        }
        (format!("{process}: {name}"), process)
    }

    pub(super) fn emit(&mut self, l: usize, at: Stamp, kind: EventKind) {
        let worker = self.declare_lane(l);
        let lane = &mut self.lanes[l];
        let begins = !lane.has_begun && kind != EventKind::LifeBegan;
        if begins || lane.has_ended && kind != EventKind::LifeBegan {
            // Its beginning was lost or never recorded.
            (lane.has_begun, lane.has_ended) = (true, false);
            let at = at.max(lane.last_at);
            self.out.add_event(at, worker, EventKind::LifeBegan);
        }
        let lane = &mut self.lanes[l];
        lane.last_at = lane.last_at.max(at);
        lane.moved += 1;
        let Event { at, .. } = Event { at: lane.last_at, worker, kind };
        self.out.add_event(at, worker, kind);
    }

    pub(super) fn begin_lane(&mut self, l: usize, at: Stamp) {
        if !self.lanes[l].has_begun {
            self.lanes[l].has_begun = true;
            self.emit(l, at, EventKind::LifeBegan);
        }
    }

    pub(super) fn end_lane(&mut self, l: usize, at: Stamp) {
        if self.lanes[l].has_ended {
            return;
        }
        self.make_running(l, at);
        match (self.failure_of(l), self.lanes[l].worker) {
            (Some(cause), Some(worker)) => {
                self.out.add_message(Message::Notice { at, notice: Notice::Died { worker, cause } });
            }
            _ => self.emit(l, at, EventKind::LifeEnded(ExitKind::Finished)),
        }
        self.forget_lane(l);
    }

    /// Notes that a lane will do nothing more. Old ones leave the screen.
    pub(super) fn forget_lane(&mut self, l: usize) {
        self.lanes[l].has_ended = true;
        (self.lanes[l].doing, self.lanes[l].step) = (Doing::Running, None);
        self.lanes[l].tasks.clear();
        self.ended.push_back(l);
        if self.ended.len() > MAX_ENDED_LANES
            && let Some(oldest) = self.ended.pop_front()
            && self.lanes[oldest].has_ended
            && self.lanes[oldest].holds.is_empty()
            && let Some(worker) = self.lanes[oldest].worker
        {
            self.out.declare(Declared::WorkerGone(worker));
            let id = self.lanes[oldest].info.id;
            self.lane_by_id.remove(&id);
            self.lanes[oldest].info.tid = 0;
        }
    }

    /// Forgets what a lane held.
    pub(super) fn forget_holds(&mut self, l: usize) {
        for hold in std::mem::take(&mut self.lanes[l].holds) {
            self.forget_holder(hold.object, l);
        }
    }

    /// Records that events of a lane are missing: what it holds and does is unknown.
    pub(super) fn apply_loss(&mut self, at: Stamp, lane: Id, lost: u64) {
        let Some(l) = self.lane_for(lane, Kind::Wait, at).filter(|_| lane != Id::None) else { return };
        self.emit(l, at, EventKind::Gap { lost });
        self.forget_holds(l);
        let lane = &mut self.lanes[l];
        (lane.doing, lane.step) = (Doing::Running, None);
        lane.tasks.clear();
    }
}

const fn number_of(id: Id) -> u64 {
    match id {
        Id::None => 0,
        Id::Number(number) => number,
        Id::Text(text) => text as u64,
    }
}
