//! Who works: groups of workers, and pools with what feeds them.

use serde::{Deserialize, Serialize};

use super::block::Block;
use super::resource::Choice;
use super::text::TextExpr;
use crate::expr::Expr;
use crate::glob::Glob;
use contend_trace::{KnobId, WorkerKind};

/// A group of workers that run the same steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerGroup {
    pub name: String,
    pub kind: WorkerKind,
    pub count: Expr,
    pub scheduling: Scheduling,
    /// The run does not wait for them: when all others have ended they are cut off, whatever they do.
    pub is_daemon: bool,
    /// A worker process of it is a mere copy of the one that spawns it, and ends at once.
    pub is_fork_copy: bool,
    pub steps: Block,
}

/// Where a worker runs, and how much of it the kernel gives it beside others. Evaluated when the worker starts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scheduling {
    /// How far it stands back for others: 0 to 19, as `nice` has it. `None`: as much as everyone.
    pub nice: Option<Expr>,
    /// The core it stays on, among those this program may use, wrapping around. `None`: any.
    pub core: Option<Expr>,
}

/// A pool of workers fed from one queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolSpec {
    pub name: String,
    pub worker_kind: Choice<WorkerKind>,
    /// How many workers; changes while it runs when it is a knob.
    pub workers: Expr,
    /// How many workers it can ever have: the knob's maximum, or the fixed number.
    pub max_workers: u32,
    pub scheduling: Scheduling,
    pub queue_capacity: Expr,
    pub overflow: OverflowPolicy,
    pub feed: Feed,
    /// How many tasks of a batch are due each second; `None`: as many as the queue takes.
    pub pace: Option<Expr>,
    /// Bytes sent with each task and back; only processes pay for it.
    pub payload: Expr,
    /// Tasks handed over at once.
    pub chunk: Expr,
    /// What becomes of the pool when a worker process dies.
    pub on_crash: Choice<CrashPolicy>,
    /// How often a task whose worker process died is begun anew before it counts as failed.
    pub retries: Expr,
    pub distribution: Choice<TaskDistribution>,
    /// What whoever feeds a batch does with the results; `None`: there are none.
    pub results: Option<Choice<ResultDelivery>>,
    /// How long it waits for them, from the moment it began.
    pub timeout: Option<Expr>,
    pub task: Block,
}

/// How results come to whoever wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultDelivery {
    /// In the order of the tasks: a result that is there early is held back.
    Ordered,
    /// In the order in which the tasks end.
    AsCompleted,
    /// Nobody reads them.
    Ignored,
}

impl ResultDelivery {
    pub const ALL: [(&'static str, Self); 3] =
        [("ordered", Self::Ordered), ("as-completed", Self::AsCompleted), ("ignored", Self::Ignored)];
}

/// Who gets which task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskDistribution {
    /// All take from one queue.
    Shared,
    /// A batch is dealt out before it begins, an equal part to each.
    Split,
    /// As `Split`; who has done its own takes from others.
    Steal,
}

impl TaskDistribution {
    pub const ALL: [(&'static str, Self); 3] =
        [("shared", Self::Shared), ("split", Self::Split), ("steal", Self::Steal)];
}

/// What becomes of a pool when one of its worker processes dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CrashPolicy {
    /// Another one takes its place, and the task is done again.
    Restart,
    /// The task failed; the others go on without it.
    Shrink,
    /// All that is not done fails, and the other processes are ended.
    FailAll,
    /// Another one takes its place. Nobody remembers the task.
    LoseTask,
}

impl CrashPolicy {
    pub const ALL: [(&'static str, Self); 4] =
        [("restart", Self::Restart), ("shrink", Self::Shrink), ("fail-all", Self::FailAll), ("lose", Self::LoseTask)];
}

/// What happens to a task when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverflowPolicy {
    Block,
    Reject,
    CallerRuns,
}

/// Where a pool's tasks come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Feed {
    /// Nobody feeds it: it does what others submit.
    Submitted,
    /// Open loop: tasks are due at this rate whatever the pool does.
    OpenLoop { rate: Expr },
    /// This many, as fast as the queue takes them.
    Batch { count: Expr },
    /// One task for each file that a pattern means below the directory that the knob names; sample files when it names
    /// none. Results go to `out`, or beside. `written`: the patterns as they stand in the file. `times`: how often each.
    Files { dir: KnobId, out: Option<KnobId>, patterns: Vec<Glob>, patterns_text: String, times: Expr },
    /// One task for each word, so many times.
    Words { words: TextExpr, times: Expr },
}
