//! Steps on pools: submit tasks, wait for results, shut down.

use serde::{Deserialize, Serialize};

use super::block::EMPTY_BLOCK;
use super::{Block, Blocks, Limit};
use crate::choice::Choice;
use crate::expr::Expr;

/// A step on a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PoolStep {
    /// Submits a task to the pool at this position, with this number, or else numbered in the order of submission.
    Submit { pool: usize, task: Option<Expr> },
    /// Waits for the oldest result that this worker has not read yet. Fails if the task failed.
    AwaitResult { meanwhile: ResultWait, limit: Limit },
    /// Like `AwaitResult`, but runs the body if the task went well, else the other steps: also if the result is not
    /// ready within `timeout`. Then it is still the oldest one.
    MatchResult { meanwhile: ResultWait, body: Block, otherwise: Block, timeout: Option<Expr> },
    /// Drops the queued tasks: all, or those with this number.
    CancelQueued { pool: usize, task: Option<Expr> },
    /// Closes the pool for new tasks. `mode` decides about the accepted tasks.
    Shutdown { pool: usize, mode: Choice<ShutdownMode> },
}

impl PoolStep {
    /// Whether a worker that waits in this step runs other tasks meanwhile.
    pub const fn helps(&self) -> bool {
        matches!(
            self,
            Self::AwaitResult { meanwhile: ResultWait::Helps, .. }
                | Self::MatchResult { meanwhile: ResultWait::Helps, .. }
        )
    }

    pub(crate) fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::MatchResult { body, otherwise, .. } => Blocks::Either(body, otherwise),
            Self::AwaitResult { limit: Some(limit), .. } => Blocks::Either(&EMPTY_BLOCK, &limit.otherwise),
            Self::Submit { .. }
            | Self::AwaitResult { limit: None, .. }
            | Self::CancelQueued { .. }
            | Self::Shutdown { .. } => Blocks::None,
        }
    }

    /// Returns the place for the steps of an `else`, if one can follow this step.
    pub(crate) fn else_steps_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::MatchResult { otherwise, .. } => Some(otherwise),
            Self::AwaitResult { limit, .. } => limit.as_mut().map(|limit| &mut limit.otherwise),
            Self::Submit { .. } | Self::CancelQueued { .. } | Self::Shutdown { .. } => None,
        }
    }
}

/// What a worker does while it waits for a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultWait {
    /// Nothing: it blocks.
    Blocks,
    /// Runs other tasks of its own pool.
    Helps,
}

/// What `shutdown` does with accepted tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShutdownMode {
    /// Waits until all tasks are done.
    Drain,
    /// Cancels tasks that have not begun, and waits for the others.
    Cancel,
    /// Does not wait, and cuts off the tasks that have begun.
    Abandon,
    /// Cancels tasks that have not begun, interrupts the others, and waits for their end.
    Interrupt,
    /// As `Interrupt`, but the results of cancelled tasks never come.
    Discard,
}

impl ShutdownMode {
    pub const ALL: [(&'static str, Self); 5] = [
        ("drain", Self::Drain),
        ("cancel", Self::Cancel),
        ("abandon", Self::Abandon),
        ("interrupt", Self::Interrupt),
        ("discard", Self::Discard),
    ];

    /// Whether tasks that have begun are interrupted.
    pub const fn interrupts(self) -> bool {
        matches!(self, Self::Interrupt | Self::Discard)
    }
}
