//! Steps on queues.

use serde::{Deserialize, Serialize};

use super::block::EMPTY_BLOCK;
use super::{Block, Blocks, Limit, Target};
use crate::expr::Expr;

/// A step on a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QueueStep {
    /// Waits for room and puts an item with a priority. Fails if the queue is closed.
    Put { target: Target, limit: Limit, priority: Option<Expr> },
    /// Waits for an item and takes it. Ends the worker if the queue is closed and empty.
    Take { target: Target, limit: Limit },
    /// Takes items and runs the body for each, until the queue is closed and empty, or one wait exceeds the limit.
    ForEach { target: Target, body: Block, limit: Limit },
    /// If there is room within `timeout`, puts an item and runs the body, else the other steps.
    TryPut { target: Target, timeout: Expr, body: Block, otherwise: Block },
    /// If there is an item within `timeout`, takes it and runs the body, else the other steps.
    TryTake { target: Target, timeout: Expr, body: Block, otherwise: Block },
    /// Closes the queue for new items.
    Close(Target),
}

impl QueueStep {
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Put { limit: Some(limit), .. } | Self::Take { limit: Some(limit), .. } => {
                Blocks::Either(&EMPTY_BLOCK, &limit.otherwise)
            }
            Self::ForEach { body, limit: Some(limit), .. } => Blocks::Either(body, &limit.otherwise),
            Self::ForEach { body, limit: None, .. } => Blocks::One(body),
            Self::TryPut { body, otherwise, .. } | Self::TryTake { body, otherwise, .. } => {
                Blocks::Either(body, otherwise)
            }
            Self::Put { limit: None, .. } | Self::Take { limit: None, .. } | Self::Close(_) => Blocks::None,
        }
    }

    pub const fn target(&self) -> &Target {
        match self {
            Self::Close(target)
            | Self::Put { target, .. }
            | Self::Take { target, .. }
            | Self::ForEach { target, .. }
            | Self::TryPut { target, .. }
            | Self::TryTake { target, .. } => target,
        }
    }
    /// Returns the place for the steps of an `else`, if one can follow this step.
    pub(crate) fn else_steps_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::Put { limit, .. } | Self::Take { limit, .. } | Self::ForEach { limit, .. } => {
                limit.as_mut().map(|limit| &mut limit.otherwise)
            }
            Self::TryPut { otherwise, .. } | Self::TryTake { otherwise, .. } => Some(otherwise),
            Self::Close(_) => None,
        }
    }
}
