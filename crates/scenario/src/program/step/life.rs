//! Steps on other workers: spawn, join and run.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks};
use crate::choice::Choice;
use crate::expr::Expr;
use contend_trace::Cancellation;

/// A step on other workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LifeStep {
    /// Starts the workers, one after the other. Waits first for a worker that still runs: a lane has one worker at a
    /// time.
    Spawn(GroupMembers),
    /// Waits until all workers have ended, for `timeout` at most in all. Runs the body if all ended well in time, else
    /// the other steps.
    Join { members: GroupMembers, body: Block, otherwise: Block, timeout: Option<Expr> },
    /// Cancels the workers: their waits and steps end.
    Cancel { members: GroupMembers, how: Choice<Cancellation> },
    /// Runs the steps of a group itself, without another worker.
    RunInline { group: usize },
}

impl LifeStep {
    pub(crate) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Join { body, otherwise, .. } => Blocks::Either(body, otherwise),
            Self::Spawn(_) | Self::Cancel { .. } | Self::RunInline { .. } => Blocks::None,
        }
    }
}

/// Workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMembers {
    /// Position in `Scenario::groups`.
    pub group: usize,
    pub which: MemberSelector,
}

/// Which workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MemberSelector {
    All,
    /// The worker at this index, which wraps around.
    At(Expr),
    /// A worker that does not run; for `spawn` only.
    AnyIdle,
}
