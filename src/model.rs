//! What is known of a run: a fold over its messages.
//!
//! No message can make it fail: what cannot be is counted as an anomaly. It reads no clock and does no input or output;
//! the moment to speak of is handed in.

mod cores;
mod counter;
mod deadlock;
mod findings;
mod lane;
mod lock;
mod pool;
mod queue;
mod shares;
mod times;
mod waits;

use std::collections::VecDeque;
use std::sync::Arc;

pub use cores::Cores;
pub use counter::Counter;
pub use deadlock::{Deadlock, Link};
pub use findings::{About, Finding, Severity};
pub use lane::{Doing, Ending, Lane};
pub use lock::{Lock, LockCell};
pub use pool::{Handover, Pool};
pub use queue::Queue;
pub use shares::{Shares, Window};
pub use times::Times;
pub use waits::{Edge, WaitFor};

use crate::trace::{Cast, Message, PoolId, ResourceId, ResourceKind, RunEnd, Sample, Stamp, WorkerId};

/// How much memory all histories of a run may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 6 << 20 }
    }
}

/// Whether the picture can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Health {
    /// Events folded in.
    pub events: u64,
    /// Events that never arrived.
    pub lost: u64,
    /// Events that cannot be where they were.
    pub anomalies: u64,
    /// What recording one event cost, ns.
    pub ns_each: f32,
}

/// Something worth a mark on the time axis: a knob turned, a pool resized, a worker died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub at: Stamp,
    pub text: String,
}

/// A line the runner printed, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Stamp,
    pub text: String,
}

#[derive(Debug, Clone)]
enum Res {
    Lock(Box<Lock>),
    Queue(Box<Queue>),
    Counter(Box<Counter>),
}

/// All that is known of a run.
#[derive(Debug, Clone)]
pub struct Model {
    cast: Arc<Cast>,
    newest: Stamp,
    ended: Option<(Stamp, RunEnd)>,
    health: Health,
    lanes: Vec<Lane>,
    nobody: Lane,
    resources: Vec<Res>,
    pools: Vec<Pool>,
    cores: Cores,
    marks: Vec<Mark>,
    log: VecDeque<LogLine>,
    deadlock: Option<Deadlock>,
}

impl Model {
    pub fn new(cast: Arc<Cast>, _budget: Budget) -> Self {
        let resources = cast.resources.iter().map(|r| match r.kind {
            ResourceKind::Mutex { .. } => Res::Lock(Box::new(Lock::new())),
            ResourceKind::Queue { capacity } => Res::Queue(Box::new(Queue::new(capacity))),
            ResourceKind::Counter { initial } => Res::Counter(Box::new(Counter::new(initial))),
        });
        Self {
            newest: Stamp::default(),
            ended: None,
            health: Health::default(),
            lanes: cast.workers.iter().map(|_| Lane::new()).collect(),
            nobody: Lane::new(),
            resources: resources.collect(),
            pools: cast.pools.iter().map(|p| Pool::new(p.size, p.total)).collect(),
            cores: Cores::default(),
            marks: Vec::new(),
            log: VecDeque::new(),
            deadlock: None,
            cast,
        }
    }

    /// Takes in one message. Cannot fail.
    pub fn apply(&mut self, message: &Message) {
        match message {
            Message::Events(events) => self.health.events += events.len() as u64,
            Message::Sample(Sample::EventCost { nanos }) => self.health.ns_each = *nanos,
            Message::Sample(_) | Message::Notice { .. } => {}
            Message::Ended { at, how } => self.ended = Some((*at, how.clone())),
        }
    }

    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Newest stamp seen of anything.
    pub fn newest(&self) -> Stamp {
        self.newest
    }

    pub fn ended(&self) -> Option<(Stamp, &RunEnd)> {
        self.ended.as_ref().map(|(at, how)| (*at, how))
    }

    pub fn health(&self) -> Health {
        self.health
    }

    /// A worker's lane; an empty one for a worker that is not in the cast.
    pub fn lane(&self, worker: WorkerId) -> &Lane {
        self.lanes.get(worker.index()).unwrap_or(&self.nobody)
    }

    /// Lanes that ever began or were started.
    pub fn lanes(&self) -> impl Iterator<Item = (WorkerId, &Lane)> {
        let known = |(_, lane): &(usize, &Lane)| lane.lives() > 0 || lane.pid().is_some();
        self.lanes.iter().enumerate().filter(known).map(|(i, lane)| (WorkerId::from(i), lane))
    }

    pub fn lock(&self, resource: ResourceId) -> Option<&Lock> {
        match self.resources.get(resource.index())? {
            Res::Lock(lock) => Some(lock),
            _ => None,
        }
    }

    pub fn queue(&self, resource: ResourceId) -> Option<&Queue> {
        match self.resources.get(resource.index())? {
            Res::Queue(queue) => Some(queue),
            _ => None,
        }
    }

    pub fn pool(&self, pool: PoolId) -> Option<&Pool> {
        self.pools.get(pool.index())
    }

    pub fn counter(&self, resource: ResourceId) -> Option<&Counter> {
        match self.resources.get(resource.index())? {
            Res::Counter(counter) => Some(counter),
            _ => None,
        }
    }

    pub fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Knobs turned, pools resized, workers died: in the order of their stamps.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The newest lines of the runner's standard error, and notes.
    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// The wait-for graph now.
    pub fn wait_for(&self) -> WaitFor {
        WaitFor::default()
    }

    /// The first deadlock found. It is stable: once there it stays, unless one of its workers is started anew.
    pub fn deadlock(&self) -> Option<&Deadlock> {
        self.deadlock.as_ref()
    }

    /// What is wrong at `now`, most severe first.
    pub fn findings(&self, _now: Stamp) -> Vec<Finding> {
        Vec::new()
    }
}
