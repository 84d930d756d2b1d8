//! A task of a pool and how it ends.

use super::result_store::Promise;
use contend_trace::{DropReason, EventKind, PoolId};

/// One unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolTask {
    /// Position in the feed: selects the file of a batch.
    pub number: u64,
    /// The intended start in ticks, however late the feeder was.
    pub due: u64,
    /// How many workers died while they ran the task.
    pub crash_count: u32,
    /// Where the submitter waits for the result.
    pub result: Option<Promise>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOutcome {
    Done,
    /// A step failed; contains the reason.
    Failed(String),
    /// The worker had to leave the task.
    CutOff,
}

/// A [`TaskOutcome`] without the reason, small enough for a word in shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcomeKind {
    Done,
    Failed,
    CutOff,
}

impl TaskOutcome {
    pub const fn kind(&self) -> TaskOutcomeKind {
        match self {
            Self::Done => TaskOutcomeKind::Done,
            Self::Failed(_) => TaskOutcomeKind::Failed,
            Self::CutOff => TaskOutcomeKind::CutOff,
        }
    }
}

impl TaskOutcomeKind {
    /// Whether the task succeeded.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Done)
    }

    /// Returns the event that records this end.
    pub const fn end_event(self, pool: PoolId) -> EventKind {
        match self {
            Self::Done | Self::Failed => EventKind::TaskEnded { pool, ok: self.is_ok() },
            Self::CutOff => EventKind::TaskDropped { pool, reason: DropReason::Lost, nth: 0 },
        }
    }
}
