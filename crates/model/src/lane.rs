//! One worker's lane: what it does, and what it did.

mod cells;
mod cpu_accounting;
mod lane_bucket;
mod loop_turns;
mod poll_history;

use std::collections::VecDeque;

use self::cpu_accounting::CpuAccounting;
use self::lane_bucket::LaneBucket;
pub(super) use self::loop_turns::Interval;
use self::poll_history::PollHistory;
use super::apply::SinceWakeup;
use super::failures::CommandStats;
use super::history::{History, HistoryShape};
use contend_trace::{DeathCause, EventKind, ExitKind, Grant, PoolId, ResourceId, Span, Stamp, State};

/// What one worker does or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub state: State,
    pub since: Stamp,
    pub resource: Option<ResourceId>,
}

/// How a worker's last life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeEnd {
    Finished,
    Retired,
    Panicked,
    /// Was found dead; how it died is not known, or not yet.
    FoundDead,
    Died(DeathCause),
}

impl From<ExitKind> for LifeEnd {
    fn from(how: ExitKind) -> Self {
        match how {
            ExitKind::Finished => Self::Finished,
            ExitKind::Retired => Self::Retired,
            ExitKind::Panicked => Self::Panicked,
            ExitKind::Killed => Self::FoundDead,
        }
    }
}

/// A task in work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenTask {
    pub pool: PoolId,
    pub began: Stamp,
    pub queue_wait: Span,
}

/// Locks a worker holds, as its own stream tells.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldLocks {
    /// Held for certain, in the order they were taken.
    pub confirmed: Vec<(ResourceId, Grant)>,
    /// Held before events were lost; perhaps released since.
    pub uncertain: Vec<(ResourceId, Grant)>,
    /// The list that precedes a wait, as far as it has come.
    pub announced: Vec<(ResourceId, Grant)>,
    /// A lock that it has got at once, or else would have given up on.
    pub attempted: Option<ResourceId>,
}

/// What a wait is for, beyond the lock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LockRequest {
    /// A lock, or one permit.
    #[default]
    Single,
    /// So many permits at once.
    Many(u32),
    /// An rwlock, behind the first so many writers that ever waited. Where writers go first there is more: a reader is behind
    /// so many readers that ever waited, and a writer lets the first so many readers go in before it.
    Read {
        writers_ahead: u64,
        readers_ahead: u64,
    },
    Write {
        writers_ahead: u64,
        readers_ahead: u64,
    },
}

#[derive(Debug, Clone)]
pub struct Lane {
    pub(super) activity: Activity,
    /// Newest stamp of its stream.
    pub(super) newest_stamp: Stamp,
    pub(super) holds: HeldLocks,
    /// Tasks in work; more than one where a task does another itself that it brings.
    pub(super) open_tasks: Vec<OpenTask>,
    /// When it asked again and again.
    pub(super) polls: PollHistory,
    /// A condition's signal woke it, and it has done nothing since.
    pub(super) wakeup: Option<SinceWakeup>,
    /// Since when it waits for the lock that it is at, if it is at one.
    pub(super) lock_wait_since: Option<Stamp>,
    /// Its place among the waiters of that lock.
    pub(super) waiter_index: u32,
    /// Whether it waits without a limit, for a lock or the end of another worker, all its events and all it holds being known: it can be in a deadlock.
    pub(super) is_deadlock_candidate: bool,
    /// Which life of the other it waits for the end of.
    pub(super) joined_life: u64,
    /// What the wait that comes, or the present one, is for; of which lock.
    pub(super) lock_request: (Option<ResourceId>, LockRequest),
    /// The look at the slots that found it as it is now, and which of its lives that was; 0 if none did.
    pub(super) slot_snapshot: u64,
    pub(super) slot_life: u64,
    /// The result that the wait that comes, or the present one, is for; of which results.
    pub(super) awaited_result: Option<(ResourceId, u64)>,
    /// In a wait at a queue: it found nothing for itself with so many items put.
    pub(super) found_nothing_after: Option<(ResourceId, u64)>,
    /// Whether the present wait for a lock ends by itself; and that for a signal.
    pub(super) is_lock_wait_timed: bool,
    pub(super) is_signal_wait_timed: bool,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) ended_tasks: u64,
    pub(super) life_count: u32,
    pub(super) began: Option<Stamp>,
    pub(super) ending: Option<LifeEnd>,
    /// Former lives, and this one by its own word, that ended in a crash; the newest of them.
    pub(super) crash_count: u32,
    pub(super) last_crash: Option<(Stamp, LifeEnd)>,
    /// A death the worker could not tell of itself; its last events may still arrive after this.
    pub(super) noticed_death: Option<Stamp>,
    /// Events of this worker that were lost: the gaps' sum, and what the ring's own counter says.
    pub(super) lost_events: (u64, u64),
    pub(super) commands: CommandStats,
    kernel: CpuAccounting,
    /// How long it seemed to run, of the spans that have ended.
    ran_ns: u64,
    history: History<LaneBucket>,
    exact_spans: VecDeque<SpanStart>,
    max_exact_spans: usize,
    /// From here on no span was dropped from `exact`.
    exact_from: Stamp,
}

/// A span that lasts until the next one begins.
#[derive(Debug, Clone, Copy)]
struct SpanStart {
    since: Stamp,
    state: State,
    on: Option<ResourceId>,
}

impl LockRequest {
    /// As an event says that tells what the wait that follows is for, after what the one before it said.
    pub(super) fn updated_by(self, event: EventKind) -> Self {
        match (event, self) {
            (EventKind::RwlockRequest { writers_ahead: behind, shared: true, .. }, _) => {
                Self::Read { writers_ahead: behind, readers_ahead: 0 }
            }
            (EventKind::RwlockRequest { writers_ahead: behind, shared: false, .. }, _) => {
                Self::Write { writers_ahead: behind, readers_ahead: u64::MAX }
            }
            (EventKind::RwlockReaders { count, .. }, Self::Read { writers_ahead: writers, .. }) => {
                Self::Read { writers_ahead: writers, readers_ahead: count }
            }
            (EventKind::RwlockReaders { count, .. }, Self::Write { writers_ahead: writers, .. }) => {
                Self::Write { writers_ahead: writers, readers_ahead: count }
            }
            (EventKind::PermitRequest { permits, .. }, _) => Self::Many(permits),
            _ => self,
        }
    }

    /// Whether one that asks so goes in after a writer that waits and asks like `other`. Which readers a writer lets in
    /// before it does not change as long as it waits.
    pub(super) fn is_behind(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Read { writers_ahead: writers, readers_ahead: readers },
                Self::Write { writers_ahead: before, readers_ahead: lets },
            ) => before < writers || readers >= lets,
            _ => false,
        }
    }
}

impl Lane {
    pub(super) fn new(shape: HistoryShape, exact_most: usize) -> Self {
        Self {
            activity: Activity { state: State::Done, since: Stamp(0), resource: None },
            newest_stamp: Stamp(0),
            holds: HeldLocks::default(),
            open_tasks: Vec::new(),
            polls: PollHistory::default(),
            wakeup: None,
            lock_wait_since: None,
            waiter_index: 0,
            is_deadlock_candidate: false,
            joined_life: 0,
            lock_request: (None, LockRequest::Single),
            slot_snapshot: 0,
            slot_life: 0,
            awaited_result: None,
            found_nothing_after: None,
            is_lock_wait_timed: false,
            is_signal_wait_timed: false,
            pid: None,
            tid: None,
            ended_tasks: 0,
            life_count: 0,
            began: None,
            ending: None,
            crash_count: 0,
            last_crash: None,
            noticed_death: None,
            lost_events: (0, 0),
            commands: CommandStats::default(),
            kernel: CpuAccounting::default(),
            ran_ns: 0,
            history: History::new(shape),
            exact_spans: VecDeque::new(),
            max_exact_spans: exact_most,
            exact_from: Stamp(0),
        }
    }

    /// Ends the present span at `at` and begins another one. Going on with the same is no new span.
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

    /// When a death that only others noticed took effect: not before its last event.
    pub(super) fn dead_since(&self) -> Option<Stamp> {
        self.noticed_death.map(|at| at.max(self.newest_stamp))
    }

    /// What it is in since then: gone by itself, or sent away at the end.
    pub(super) fn dead_state(&self) -> State {
        if self.is_cut_off() { State::Done } else { State::Crashed }
    }

    fn is_cut_off(&self) -> bool {
        self.ending == Some(LifeEnd::Died(DeathCause::CutOff))
    }

    /// A life ended badly.
    pub(super) fn record_crash(&mut self, at: Stamp, how: LifeEnd) {
        self.crash_count += 1;
        self.last_crash = Some((at, how));
    }

    /// Whether it is in a life: it may be waiting, but not dead.
    pub(super) fn is_alive(&self) -> bool {
        self.noticed_death.is_none() && !matches!(self.activity.state, State::Done | State::Crashed)
    }

    /// Whether its stream is in a life: a death noticed from outside does not count, its last events may be on their way.
    #[inline]
    pub(super) fn is_in_life(&self) -> bool {
        !matches!(self.activity.state, State::Done | State::Crashed)
    }

    /// Newest known.
    pub fn activity(&self) -> Activity {
        match self.dead_since() {
            Some(since) => Activity { state: self.dead_state(), since, resource: None },
            None => self.activity,
        }
    }

    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub fn tid(&self) -> Option<u32> {
        self.tid
    }

    /// Commands that it waited for.
    pub const fn commands(&self) -> CommandStats {
        self.commands
    }

    /// Tasks ended, well or not.
    pub fn ended_tasks(&self) -> u64 {
        self.ended_tasks
    }

    /// How many times it began.
    pub fn life_count(&self) -> u32 {
        self.life_count
    }

    /// How its last life ended; none while it lives.
    pub fn ending(&self) -> Option<LifeEnd> {
        self.ending.clone()
    }

    /// How many of its lives ended in a crash.
    pub fn crash_count(&self) -> u32 {
        self.crash_count + u32::from(self.noticed_death.is_some() && !self.is_cut_off())
    }

    /// When and how it crashed last.
    pub fn last_crash(&self) -> Option<(Stamp, &LifeEnd)> {
        let dead = self.dead_since().filter(|_| !self.is_cut_off()).zip(self.ending.as_ref());
        dead.or(self.last_crash.as_ref().map(|(at, how)| (*at, how)))
    }

    /// When its present or last life began.
    pub fn began(&self) -> Option<Stamp> {
        self.began
    }

    /// Locks it holds for certain, in the order it took them. After lost events: those taken since, until its next wait
    /// tells them all again.
    pub fn held_locks(&self) -> &[(ResourceId, Grant)] {
        &self.holds.confirmed
    }

    /// Events of this worker that never arrived.
    pub fn lost_events(&self) -> u64 {
        self.lost_events.0.max(self.lost_events.1)
    }

    /// Whether the wait it is in ends by itself.
    pub fn is_wait_timed(&self) -> bool {
        self.lock_wait_since.is_some() && self.is_lock_wait_timed
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let holds = self.holds.confirmed.capacity() + self.holds.uncertain.capacity() + self.holds.announced.capacity();
        self.history.heap_bytes()
            + self.polls.heap_bytes()
            + self.exact_spans.capacity() * size_of::<SpanStart>()
            + holds * size_of::<(ResourceId, Grant)>()
    }
}
