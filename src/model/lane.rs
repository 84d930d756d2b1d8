//! One worker's lane.

use crate::trace::{Death, Grant, How, ResourceId, Stamp, State};

use super::shares::{Shares, Window};

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
    Died(Death),
}

impl From<How> for Ending {
    fn from(how: How) -> Self {
        match how {
            How::Finished => Self::Finished,
            How::Retired => Self::Retired,
            How::Panicked => Self::Panicked,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Lane {
    doing: Doing,
    pid: Option<u32>,
    tid: Option<u32>,
    tasks: u64,
    lives: u32,
    began: Option<Stamp>,
    ended: Option<Ending>,
    held: Vec<(ResourceId, Grant)>,
    delay: u64,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            doing: Doing { state: State::Done, since: Stamp(0), on: None },
            pid: None,
            tid: None,
            tasks: 0,
            lives: 0,
            began: None,
            ended: None,
            held: Vec::new(),
            delay: 0,
        }
    }

    /// Newest known.
    pub fn doing(&self) -> Doing {
        self.doing
    }

    /// What it did at `t`, as exact as what is kept allows; none before the run knew of it.
    pub fn at(&self, t: Stamp) -> Option<Doing> {
        (t >= self.doing.since).then_some(self.doing)
    }

    /// Time by state in every cell of the window; the open span counts up to `now`.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<Shares>) {
        out.clear();
        out.extend((0..w.cells).map(|i| {
            let (from, to) = w.cell(i);
            self.shares(from, to, now)
        }));
    }

    /// Time by state between two moments; the open span counts up to `now`.
    pub fn shares(&self, from: Stamp, to: Stamp, now: Stamp) -> Shares {
        let mut shares = Shares::default();
        shares.put(self.doing.state, to.min(now).since(from.max(self.doing.since)).0);
        shares
    }

    /// Time by state of the whole run.
    pub fn totals(&self, now: Stamp) -> Shares {
        self.shares(Stamp(0), now, now)
    }

    /// Nanoseconds it was runnable without a CPU, as the kernel says.
    pub fn run_queue_delay(&self) -> u64 {
        self.delay
    }

    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub fn tid(&self) -> Option<u32> {
        self.tid
    }

    /// Tasks ended.
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// How many times it began.
    pub fn lives(&self) -> u32 {
        self.lives
    }

    pub fn ended(&self) -> Option<Ending> {
        self.ended.clone()
    }

    /// When its present or last life began.
    pub fn began(&self) -> Option<Stamp> {
        self.began
    }

    /// Locks it holds, in the order it took them.
    pub fn held(&self) -> &[(ResourceId, Grant)] {
        &self.held
    }

    /// The newest spans, exact, in order, that touch `from..to`; the last may be open.
    pub fn spans(&self, from: Stamp, to: Stamp) -> impl Iterator<Item = Doing> + '_ {
        std::iter::once(self.doing).filter(move |d| d.since < to && d.since >= from)
    }

    /// Spans are exact from here on.
    pub fn exact_from(&self) -> Stamp {
        self.doing.since
    }
}
