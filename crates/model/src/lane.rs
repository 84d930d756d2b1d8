//! One worker's lane: what it does, and what it did.

mod cells;
mod kernel;
mod polls;
mod spent;
mod turns;

use std::collections::VecDeque;

use self::kernel::Kernel;
use self::polls::Polls;
use self::spent::Spent;
pub(super) use self::turns::Turn;
use super::failures::Commands;
use super::fold::Woken;
use super::history::{History, Shape};
use contend_trace::{Death, EventKind, Grant, How, PoolId, ResourceId, Span, Stamp, State};

/// What one worker does or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doing {
    pub state: State,
    pub since: Stamp,
    pub on: Option<ResourceId>,
}

/// How a worker's last life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Finished,
    Retired,
    Panicked,
    /// Was found dead; how it died is not known, or not yet.
    Killed,
    Died(Death),
}

impl From<How> for Ending {
    fn from(how: How) -> Self {
        match how {
            How::Finished => Self::Finished,
            How::Retired => Self::Retired,
            How::Panicked => Self::Panicked,
            How::Killed => Self::Killed,
        }
    }
}

/// A task in work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    pub pool: PoolId,
    pub began: Stamp,
    pub waited: Span,
}

/// Locks a worker holds, as its own stream tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Holds {
    /// Held for certain, in the order they were taken.
    pub sure: Vec<(ResourceId, Grant)>,
    /// Held before events were lost; perhaps released since.
    pub doubtful: Vec<(ResourceId, Grant)>,
    /// The list that precedes a wait, as far as it has come.
    pub told: Vec<(ResourceId, Grant)>,
    /// A lock that it has got at once, or else would have given up on.
    pub tried: Option<ResourceId>,
}

/// What a wait is for, beyond the lock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asks {
    /// A lock, or one permit.
    #[default]
    One,
    /// So many permits at once.
    Many(u32),
    /// An rwlock, behind the first so many writers that ever waited. Where writers go first there is more: a reader is behind
    /// so many readers that ever waited, and a writer lets the first so many readers go in before it.
    Read {
        writers: u64,
        readers: u64,
    },
    Write {
        writers: u64,
        lets: u64,
    },
}

#[derive(Debug, Clone)]
pub struct Lane {
    pub(super) doing: Doing,
    /// Newest stamp of its stream.
    pub(super) newest: Stamp,
    pub(super) holds: Holds,
    /// Tasks in work; more than one where a task does another itself that it brings.
    pub(super) tasks_open: Vec<Task>,
    /// When it asked again and again.
    pub(super) polls: Polls,
    /// A condition's signal woke it, and it has done nothing since.
    pub(super) woken: Option<Woken>,
    /// Since when it waits for the lock that it is at, if it is at one.
    pub(super) waits_since: Option<Stamp>,
    /// Its place among the waiters of that lock.
    pub(super) place: u32,
    /// Whether it waits without a limit, for a lock or the end of another worker, all its events and all it holds being known: it can be in a deadlock.
    pub(super) stuck: bool,
    /// Which life of the other it waits for the end of.
    pub(super) joins: u64,
    /// What the wait that comes, or the present one, is for; of which lock.
    pub(super) asks: (Option<ResourceId>, Asks),
    /// The look at the slots that found it as it is now, and which of its lives that was; 0 if none did.
    pub(super) look: u64,
    pub(super) life: u64,
    /// The result that the wait that comes, or the present one, is for; of which results.
    pub(super) awaits: Option<(ResourceId, u64)>,
    /// In a wait at a queue: it found nothing for itself with so many items put.
    pub(super) found_none: Option<(ResourceId, u64)>,
    /// Whether the present wait for a lock ends by itself; and that for a signal.
    pub(super) timed: bool,
    pub(super) signal_timed: bool,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) tasks: u64,
    pub(super) lives: u32,
    pub(super) began: Option<Stamp>,
    pub(super) ended: Option<Ending>,
    /// Former lives, and this one by its own word, that ended in a crash; the newest of them.
    pub(super) crashes: u32,
    pub(super) crashed: Option<(Stamp, Ending)>,
    /// A death the worker could not tell of itself; its last events may still arrive after this.
    pub(super) died: Option<Stamp>,
    /// Events of this worker that were lost: the gaps' sum, and what the ring's own counter says.
    pub(super) lost: (u64, u64),
    pub(super) commands: Commands,
    kernel: Kernel,
    /// How long it seemed to run, of the spans that have ended.
    ran: u64,
    history: History<Spent>,
    exact: VecDeque<Stretch>,
    exact_most: usize,
    /// From here on no span was dropped from `exact`.
    exact_from: Stamp,
}

/// A span that lasts until the next one begins.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    since: Stamp,
    state: State,
    on: Option<ResourceId>,
}

impl Asks {
    /// As an event says that tells what the wait that follows is for, after what the one before it said.
    pub(super) fn told(self, event: EventKind) -> Self {
        match (event, self) {
            (EventKind::Queued { behind, shared: true, .. }, _) => Self::Read { writers: behind, readers: 0 },
            (EventKind::Queued { behind, shared: false, .. }, _) => Self::Write { writers: behind, lets: u64::MAX },
            (EventKind::Readers { count, .. }, Self::Read { writers, .. }) => Self::Read { writers, readers: count },
            (EventKind::Readers { count, .. }, Self::Write { writers, .. }) => Self::Write { writers, lets: count },
            (EventKind::AskMany { permits, .. }, _) => Self::Many(permits),
            _ => self,
        }
    }

    /// Whether one that asks so goes in after a writer that waits and asks like `other`. Which readers a writer lets in
    /// before it does not change as long as it waits.
    pub(super) fn is_behind(self, other: Self) -> bool {
        match (self, other) {
            (Self::Read { writers, readers }, Self::Write { writers: before, lets }) => {
                before < writers || readers >= lets
            }
            _ => false,
        }
    }
}

impl Lane {
    pub(super) fn new(shape: Shape, exact_most: usize) -> Self {
        Self {
            doing: Doing { state: State::Done, since: Stamp(0), on: None },
            newest: Stamp(0),
            holds: Holds::default(),
            tasks_open: Vec::new(),
            polls: Polls::default(),
            woken: None,
            waits_since: None,
            place: 0,
            stuck: false,
            joins: 0,
            asks: (None, Asks::One),
            look: 0,
            life: 0,
            awaits: None,
            found_none: None,
            timed: false,
            signal_timed: false,
            pid: None,
            tid: None,
            tasks: 0,
            lives: 0,
            began: None,
            ended: None,
            crashes: 0,
            crashed: None,
            died: None,
            lost: (0, 0),
            commands: Commands::default(),
            kernel: Kernel::default(),
            ran: 0,
            history: History::new(shape),
            exact: VecDeque::new(),
            exact_most,
            exact_from: Stamp(0),
        }
    }

    /// Ends the present span at `at` and begins another one. Going on with the same is no new span.
    #[inline]
    pub(super) fn turn(&mut self, at: Stamp, state: State, on: Option<ResourceId>) {
        let was = self.doing;
        if was.state == state && was.on == on {
            return;
        }
        if at > was.since {
            self.history.add(was.since, at, |spent, a, b| spent.by_state.put(was.state, b - a));
            if was.state == State::Running {
                self.ran += at.0 - was.since.0;
            }
            if self.exact.len() == self.exact_most {
                self.exact.pop_front();
                self.exact_from = self.exact.front().map_or(was.since, |oldest| oldest.since);
            }
            self.exact.push_back(Stretch { since: was.since, state: was.state, on: was.on });
        }
        self.doing = Doing { state, since: at, on };
    }

    /// When a death that only others noticed took effect: not before its last event.
    pub(super) fn dead_since(&self) -> Option<Stamp> {
        self.died.map(|at| at.max(self.newest))
    }

    /// What it is in since then: gone by itself, or sent away at the end.
    pub(super) fn dead_state(&self) -> State {
        if self.is_cut_off() { State::Done } else { State::Crashed }
    }

    fn is_cut_off(&self) -> bool {
        self.ended == Some(Ending::Died(Death::CutOff))
    }

    /// A life ended badly.
    pub(super) fn crash(&mut self, at: Stamp, how: Ending) {
        self.crashes += 1;
        self.crashed = Some((at, how));
    }

    /// Whether it is in a life: it may be waiting, but not dead.
    pub(super) fn is_alive(&self) -> bool {
        self.died.is_none() && !matches!(self.doing.state, State::Done | State::Crashed)
    }

    /// Whether its stream is in a life: a death noticed from outside does not count, its last events may be on their way.
    #[inline]
    pub(super) fn in_life(&self) -> bool {
        !matches!(self.doing.state, State::Done | State::Crashed)
    }

    /// Newest known.
    pub fn doing(&self) -> Doing {
        match self.dead_since() {
            Some(since) => Doing { state: self.dead_state(), since, on: None },
            None => self.doing,
        }
    }

    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub fn tid(&self) -> Option<u32> {
        self.tid
    }

    /// Commands that it waited for.
    pub const fn commands(&self) -> Commands {
        self.commands
    }

    /// Tasks ended, well or not.
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// How many times it began.
    pub fn lives(&self) -> u32 {
        self.lives
    }

    /// How its last life ended; none while it lives.
    pub fn ended(&self) -> Option<Ending> {
        self.ended.clone()
    }

    /// How many of its lives ended in a crash.
    pub fn crashes(&self) -> u32 {
        self.crashes + u32::from(self.died.is_some() && !self.is_cut_off())
    }

    /// When and how it crashed last.
    pub fn last_crash(&self) -> Option<(Stamp, &Ending)> {
        let dead = self.dead_since().filter(|_| !self.is_cut_off()).zip(self.ended.as_ref());
        dead.or(self.crashed.as_ref().map(|(at, how)| (*at, how)))
    }

    /// When its present or last life began.
    pub fn began(&self) -> Option<Stamp> {
        self.began
    }

    /// Locks it holds for certain, in the order it took them. After lost events: those taken since, until its next wait
    /// tells them all again.
    pub fn held(&self) -> &[(ResourceId, Grant)] {
        &self.holds.sure
    }

    /// Events of this worker that never arrived.
    pub fn lost(&self) -> u64 {
        self.lost.0.max(self.lost.1)
    }

    /// Whether the wait it is in ends by itself.
    pub fn waits_timed(&self) -> bool {
        self.waits_since.is_some() && self.timed
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let holds = self.holds.sure.capacity() + self.holds.doubtful.capacity() + self.holds.told.capacity();
        self.history.bytes()
            + self.polls.bytes()
            + self.exact.capacity() * size_of::<Stretch>()
            + holds * size_of::<(ResourceId, Grant)>()
    }
}
