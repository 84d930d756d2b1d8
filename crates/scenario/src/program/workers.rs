//! Groups of workers, and pools.

use serde::{Deserialize, Serialize};

use super::feed::{Feed, Pace};
use super::step::Block;
use crate::choice::Choice;
use crate::expr::Expr;
use contend_trace::WorkerKind;

/// A group of workers that run the same steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerGroup {
    pub name: String,
    pub kind: WorkerKind,
    pub count: Expr,
    pub scheduling: Scheduling,
    /// Whether the run ends without waiting for these workers; they are cut off then.
    pub is_daemon: bool,
    /// Whether a worker process is a forked copy of the process that spawns it.
    pub is_fork_copy: bool,
    pub steps: Block,
}

/// The niceness and the core of a worker. Evaluated when the worker starts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scheduling {
    /// Its niceness, 0 to 19. `None`: unchanged.
    pub nice: Option<Expr>,
    /// The core it is pinned to: an index among the usable cores, which wraps around. `None`: any core.
    pub core: Option<Expr>,
}

/// A pool of workers that take tasks from a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolSpec {
    pub name: String,
    pub worker_kind: Choice<WorkerKind>,
    /// Number of workers; changes during the run if it is a knob.
    pub workers: Expr,
    /// The most workers: the knob's maximum, or the fixed number.
    pub max_workers: u32,
    pub scheduling: Scheduling,
    pub queue_capacity: Expr,
    pub overflow: OverflowPolicy,
    pub feed: Feed,
    /// When the tasks of a batch are due.
    pub pace: Pace,
    /// Bytes sent with each task and back; costs time for processes only.
    pub payload: Expr,
    /// Tasks handed over at once.
    pub chunk: Expr,
    /// What happens if a worker process dies.
    pub on_crash: Choice<CrashPolicy>,
    /// How many times a task is restarted if its worker process dies, before it counts as failed.
    pub retries: Expr,
    pub distribution: Choice<TaskDistribution>,
    /// How the feeder of a batch reads the results; `None`: there are none.
    pub results: Option<Choice<ResultDelivery>>,
    /// The longest wait for the results, from the first task on.
    pub timeout: Option<Expr>,
    pub task: Block,
}

/// How the feeder reads results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultDelivery {
    /// In the order of the tasks: an early result is held back.
    Ordered,
    /// In the order in which tasks end.
    AsCompleted,
    /// Results are not read.
    Ignored,
}

impl ResultDelivery {
    pub const ALL: [(&'static str, Self); 3] =
        [("ordered", Self::Ordered), ("as-completed", Self::AsCompleted), ("ignored", Self::Ignored)];
}

/// How tasks are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskDistribution {
    /// All workers take from one queue.
    Shared,
    /// A batch is divided equally among the workers before it begins.
    Split,
    /// Like `Split`; a worker without tasks takes some from another.
    Steal,
}

impl TaskDistribution {
    pub const ALL: [(&'static str, Self); 3] =
        [("shared", Self::Shared), ("split", Self::Split), ("steal", Self::Steal)];
}

/// What happens if a worker process of a pool dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CrashPolicy {
    /// The process is replaced, and its task is restarted.
    Restart,
    /// Its task fails, and the pool continues with fewer workers.
    Shrink,
    /// All unfinished tasks fail, and the other processes are ended.
    FailAll,
    /// The process is replaced, and its task is lost.
    LoseTask,
}

impl CrashPolicy {
    pub const ALL: [(&'static str, Self); 4] =
        [("restart", Self::Restart), ("shrink", Self::Shrink), ("fail-all", Self::FailAll), ("lose", Self::LoseTask)];
}

/// What happens to a new task if the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverflowPolicy {
    Block,
    Reject,
    CallerRuns,
}
