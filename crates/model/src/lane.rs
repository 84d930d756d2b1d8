//! The lane of one worker: its present activity and wait, its holds, and the history of its states.

mod cells;
mod cpu_accounting;
mod lane_bucket;
mod life_end;
mod loop_turns;
mod past_tasks;
mod poll_history;
mod wait;
mod wakeup;

use std::collections::VecDeque;

use self::cpu_accounting::CpuAccounting;
pub(crate) use self::cpu_accounting::CpuLack;
pub(crate) use self::lane_bucket::LaneBucket;
pub(crate) use self::life_end::LaterDeaths;
pub use self::life_end::LifeEnd;
pub(crate) use self::loop_turns::TurnInterval;
use self::past_tasks::PastTasks;
pub use self::past_tasks::TaskSpan;
use self::poll_history::PollHistory;
pub(crate) use self::wait::{Alternative, JoinWait, LockWait, NextWait, SupplyDetail, Wait};
pub(crate) use self::wakeup::Wakeup;
use super::failures::CommandStats;
use super::history::{History, HistoryShape};
use contend_trace::{Grant, PoolId, ResourceId, Span, Stamp, State};

/// What a worker does, or did at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub state: State,
    pub since: Stamp,
    pub resource: Option<ResourceId>,
}

/// A task that a worker has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenTask {
    pub pool: PoolId,
    pub began: Stamp,
    pub queue_wait: Span,
    /// Its number, if it was recorded.
    pub number: Option<u64>,
    /// The number of the item that the worker had taken before.
    pub taken: Option<u64>,
}

/// The locks that a worker holds, according to its own stream.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldLocks {
    /// Held for certain, in the order they were taken.
    pub confirmed: Vec<(ResourceId, Grant)>,
    /// Held before events were lost; perhaps released since.
    pub uncertain: Vec<(ResourceId, Grant)>,
}

/// Everything that is known about one worker.
#[derive(Debug, Clone)]
pub struct Lane {
    pub(super) activity: Activity,
    pub(super) wait: Option<Wait>,
    pub(super) next_wait: NextWait,
    /// The alternatives of the newest wait for something that other workers supply.
    pub(super) alternatives: Vec<Alternative>,
    /// The newest stamp of the worker's stream.
    pub(super) newest_stamp: Stamp,
    pub(super) holds: HeldLocks,
    /// Tasks in progress. There is more than one if a task runs another task itself that it submits.
    pub(super) open_tasks: Vec<OpenTask>,
    /// The number of the task that begins next, and whether the worker runs it while it waits for a result.
    pub(super) next_task: Option<(u64, bool)>,
    pub(super) past_tasks: PastTasks,
    pub(super) polls: PollHistory,
    /// The last wake-up by a condition, as long as the worker has done nothing useful since.
    pub(super) wakeup: Option<Wakeup>,
    /// The number of the slot snapshot that found the worker in its present state, and the life it was in then; 0 if
    /// no snapshot did.
    pub(super) slot_snapshot: u64,
    pub(super) slot_life: u64,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) ended_tasks: u64,
    pub(super) life_count: u32,
    /// The newest life in which others cancelled the worker, and whether they killed it.
    pub(super) cancellation: Option<(u64, bool)>,
    pub(super) began: Option<Stamp>,
    pub(super) ending: Option<LifeEnd>,
    /// The number of crashes in former lives, and in this one if the worker itself reported it; and the newest crash.
    pub(super) crash_count: u32,
    pub(super) last_crash: Option<(Stamp, LifeEnd)>,
    /// A death that the worker did not report itself. Its last events may still arrive.
    pub(super) noticed_death: Option<Stamp>,
    pub(super) later_deaths: LaterDeaths,
    /// Lost events of this worker: the sum of the gaps in its stream, and the ring's own counter.
    pub(super) lost_events: (u64, u64),
    pub(super) commands: CommandStats,
    /// Whether its end was declared, so that nothing follows.
    pub(super) is_leaving: bool,
    /// Its pool, and its seat there.
    pub(super) seat: Option<(PoolId, usize)>,
    /// Its life, if other workers spawn or join it.
    pub(super) life: Option<ResourceId>,
    kernel: CpuAccounting,
    /// Total time in state `Running` of the spans that have ended, ns.
    ran_ns: u64,
    history: History<LaneBucket>,
    exact_spans: VecDeque<SpanStart>,
    max_exact_spans: usize,
    /// No span that began after this moment was dropped from `exact_spans`.
    exact_from: Stamp,
}

/// A span that lasts until the next one begins.
#[derive(Debug, Clone, Copy)]
struct SpanStart {
    since: Stamp,
    state: State,
    on: Option<ResourceId>,
}

impl Lane {
    pub(super) fn new(shape: HistoryShape, max_exact_spans: usize) -> Self {
        Self {
            activity: Activity { state: State::Done, since: Stamp(0), resource: None },
            wait: None,
            next_wait: NextWait::default(),
            alternatives: Vec::new(),
            newest_stamp: Stamp(0),
            holds: HeldLocks::default(),
            open_tasks: Vec::new(),
            next_task: None,
            past_tasks: PastTasks::default(),
            polls: PollHistory::default(),
            wakeup: None,
            slot_snapshot: 0,
            slot_life: 0,
            pid: None,
            tid: None,
            ended_tasks: 0,
            life_count: 0,
            cancellation: None,
            began: None,
            ending: None,
            crash_count: 0,
            last_crash: None,
            noticed_death: None,
            later_deaths: LaterDeaths::default(),
            lost_events: (0, 0),
            commands: CommandStats::default(),
            is_leaving: false,
            seat: None,
            life: None,
            kernel: CpuAccounting::default(),
            ran_ns: 0,
            history: History::new(shape),
            exact_spans: VecDeque::new(),
            max_exact_spans,
            exact_from: Stamp(0),
        }
    }

    /// Ends the present span at `at` and begins another one, unless state and resource stay the same.
    #[inline]
    pub(super) fn set_activity(&mut self, at: Stamp, state: State, on: Option<ResourceId>) {
        let was = self.activity;
        if was.state == state && was.resource == on {
            return;
        }
        if at > was.since {
            self.history.add(was.since, at, |spent, a, b| spent.by_state.add_ns(was.state, b - a));
            if was.state == State::Running {
                self.ran_ns += at.0 - was.since.0;
            }
            if self.exact_spans.len() == self.max_exact_spans {
                self.exact_spans.pop_front();
                self.exact_from = self.exact_spans.front().map_or(was.since, |oldest| oldest.since);
            }
            self.exact_spans.push_back(SpanStart { since: was.since, state: was.state, on: was.resource });
        }
        self.activity = Activity { state, since: at, resource: on };
    }

    /// Returns the newest known activity.
    pub fn activity(&self) -> Activity {
        self.dead_activity().unwrap_or(self.activity)
    }

    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub fn tid(&self) -> Option<u32> {
        self.tid
    }

    /// Returns the statistics of the commands that the worker ran.
    pub const fn commands(&self) -> CommandStats {
        self.commands
    }

    /// Returns the number of tasks that ended, successful or not.
    pub fn ended_tasks(&self) -> u64 {
        self.ended_tasks
    }

    /// Returns the numbers of the tasks that the worker is in, the outermost first, if they were recorded.
    pub fn task_numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.open_tasks.iter().filter_map(|task| task.number)
    }

    /// Returns the locks that the worker certainly holds, in the order it took them. After lost events these are the
    /// locks taken since, until the worker lists all its holds before its next wait.
    pub fn held_locks(&self) -> &[(ResourceId, Grant)] {
        &self.holds.confirmed
    }

    /// Returns the number of events of this worker that never arrived.
    pub fn lost_events(&self) -> u64 {
        self.lost_events.0.max(self.lost_events.1)
    }

    /// Ends the newest task at `at`.
    pub(super) fn end_newest_task(&mut self, at: Stamp) -> Option<OpenTask> {
        let task = self.open_tasks.pop()?;
        let number = task.number.or(task.taken);
        self.past_tasks.add(TaskSpan { from: task.began, to: at, number }, self.max_exact_spans);
        Some(task)
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape, max_exact_spans: usize) {
        self.history.reshape(shape);
        while self.exact_spans.len() > max_exact_spans {
            self.exact_spans.pop_front();
            self.exact_from = self.exact_spans.front().map_or(self.activity.since, |oldest| oldest.since);
        }
        if max_exact_spans < self.max_exact_spans {
            self.exact_spans.shrink_to(max_exact_spans);
            self.max_exact_spans = max_exact_spans;
        }
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let holds = self.holds.confirmed.capacity() + self.holds.uncertain.capacity() + self.next_wait.holds.capacity();
        self.history.heap_bytes()
            + self.polls.heap_bytes()
            + self.past_tasks.heap_bytes()
            + self.exact_spans.capacity() * size_of::<SpanStart>()
            + holds * size_of::<(ResourceId, Grant)>()
    }
}
