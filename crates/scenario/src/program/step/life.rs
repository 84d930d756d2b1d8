//! Steps on other workers: starting them, and waiting until they have ended.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks};
use crate::expr::Expr;

/// What a worker does with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LifeStep {
    /// Starts them, one after the other. One that still runs is waited for first: a lane has one worker at a time.
    Spawn(GroupMembers),
    /// Waits until each of them has ended. Runs the body if all ended well, else the other steps.
    Join { members: GroupMembers, body: Block, otherwise: Block },
    /// Does the steps of a group itself: no other worker has anything to do with it.
    RunInline { group: usize },
}

impl LifeStep {
    pub(crate) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Join { body, otherwise, .. } => Blocks::Either(body, otherwise),
            Self::Spawn(_) | Self::RunInline { .. } => Blocks::None,
        }
    }
}

/// Workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMembers {
    /// Position in `Scenario::workers`.
    pub group: usize,
    pub which: MemberSelector,
}

/// Which workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MemberSelector {
    All,
    /// The one at this place, wrapping around.
    At(Expr),
    /// One that does not run; only to spawn it.
    AnyIdle,
}
