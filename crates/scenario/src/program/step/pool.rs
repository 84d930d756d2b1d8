//! What a worker does with a pool: gives it tasks, waits for their results, shuts it down.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks};
use crate::expr::Expr;
use crate::program::resource::Choice;

/// What a worker does with a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PoolStep {
    /// Gives the pool at this position a task, numbered so, or else by the order in which they come.
    Submit { pool: usize, task: Option<Expr> },
    /// Waits for the oldest result of what this worker submitted and has not read yet. Fails if the task failed.
    AwaitResult,
    /// As `Result`; runs the body if the task went well, or else the other steps.
    MatchResult { body: Block, otherwise: Block },
    /// Lets no more tasks in; what becomes of those that are in, and whether it waits for them, is the question.
    Shutdown { pool: usize, mode: Choice<ShutdownMode> },
}

impl PoolStep {
    pub(crate) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::MatchResult { body, otherwise } => Blocks::Either(body, otherwise),
            Self::Submit { .. } | Self::AwaitResult | Self::Shutdown { .. } => Blocks::None,
        }
    }
}

/// How a pool is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShutdownMode {
    /// All that is in is done first.
    Drain,
    /// What was begun is done first; the rest is called off.
    Cancel,
    /// Nobody waits: what was begun is cut off.
    Abandon,
}

impl ShutdownMode {
    pub const ALL: [(&'static str, Self); 3] =
        [("drain", Self::Drain), ("cancel", Self::Cancel), ("abandon", Self::Abandon)];
}
