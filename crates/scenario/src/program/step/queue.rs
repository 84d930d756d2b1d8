//! Steps with a queue.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks, Target};

/// What a worker does with a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QueueStep {
    /// Puts an item, waiting for room. Fails if the queue is closed.
    Put(Target),
    /// Takes an item, waiting for one. Ends the worker's steps if the queue is closed and empty.
    Take(Target),
    /// Takes items, waiting for them, and runs the body for each until the queue is closed and empty.
    ForEach { target: Target, body: Block },
    /// Puts an item if there is room now and runs the body, or else the other steps.
    TryPut { target: Target, body: Block, otherwise: Block },
    /// Takes an item if there is one now and runs the body, or else the other steps.
    TryTake { target: Target, body: Block, otherwise: Block },
    /// No more items will be put.
    Close(Target),
}

impl QueueStep {
    pub(crate) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::ForEach { body, .. } => Blocks::One(body),
            Self::TryPut { body, otherwise, .. } | Self::TryTake { body, otherwise, .. } => {
                Blocks::Either(body, otherwise)
            }
            Self::Put(_) | Self::Take(_) | Self::Close(_) => Blocks::None,
        }
    }

    pub const fn target(&self) -> &Target {
        match self {
            Self::Put(target)
            | Self::Take(target)
            | Self::Close(target)
            | Self::ForEach { target, .. }
            | Self::TryPut { target, .. }
            | Self::TryTake { target, .. } => target,
        }
    }
}
