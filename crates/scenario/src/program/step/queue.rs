//! Steps on queues.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks, Target};

/// A step on a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QueueStep {
    /// Waits for room and puts an item. Fails if the queue is closed.
    Put(Target),
    /// Waits for an item and takes it. Ends the worker if the queue is closed and empty.
    Take(Target),
    /// Takes items and runs the body for each, until the queue is closed and empty.
    ForEach { target: Target, body: Block },
    /// If there is room, puts an item and runs the body, else the other steps.
    TryPut { target: Target, body: Block, otherwise: Block },
    /// If there is an item, takes it and runs the body, else the other steps.
    TryTake { target: Target, body: Block, otherwise: Block },
    /// Closes the queue for new items.
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
