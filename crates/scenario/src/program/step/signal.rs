//! Steps on conditions, event flags, barriers and wait groups.

use serde::{Deserialize, Serialize};

use super::block::EMPTY_BLOCK;
use super::{Block, Blocks, Expr, Limit, Target};

/// A step on a condition, an event flag, a barrier or a wait group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SignalStep {
    /// Waits for a condition, whose mutex it returns meanwhile, for an event flag, or for a wait group's count to be 0.
    Wait {
        target: Target,
        limit: Limit,
    },
    /// Wakes one waiter of the condition, if there is one.
    Notify(Target),
    /// Wakes all waiters of the condition.
    NotifyAll(Target),
    /// Sets an event flag and wakes all its waiters.
    Set(Target),
    Clear(Target),
    /// Waits until all parties of a barrier have arrived.
    BarrierWait {
        target: Target,
        limit: Limit,
    },
    /// Adds to the count of a wait group.
    GroupAdd {
        target: Target,
        count: Expr,
    },
    /// Takes 1 off the count of a wait group or a latch, and wakes all its waiters at 0. Fails if it is 0 already.
    GroupDone(Target),
}

impl SignalStep {
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Wait { limit: Some(limit), .. } | Self::BarrierWait { limit: Some(limit), .. } => {
                Blocks::Either(&EMPTY_BLOCK, &limit.otherwise)
            }
            _ => Blocks::None,
        }
    }

    /// Returns the place for the steps of an `else`, if one can follow this step.
    pub(crate) fn else_steps_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::Wait { limit, .. } | Self::BarrierWait { limit, .. } => {
                limit.as_mut().map(|limit| &mut limit.otherwise)
            }
            _ => None,
        }
    }

    pub const fn target(&self) -> &Target {
        match self {
            Self::Wait { target, .. }
            | Self::GroupAdd { target, .. }
            | Self::GroupDone(target)
            | Self::Notify(target)
            | Self::NotifyAll(target)
            | Self::Set(target)
            | Self::Clear(target)
            | Self::BarrierWait { target, .. } => target,
        }
    }
}
