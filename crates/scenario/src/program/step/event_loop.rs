//! Steps about the thread of an event loop.

use serde::{Deserialize, Serialize};

use super::{Block, Blocks};

/// A step about the thread of an event loop. A worker with a thread of its own uses that thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LoopStep {
    /// Runs the body as blocking calls: its waits block the thread of the loop.
    Blocking(Block),
    /// Hands the body to a thread beside the event loop, and awaits its end.
    ToThread(Block),
    /// Lets other workers that are ready run first.
    Yield,
}

impl LoopStep {
    pub(super) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::Blocking(body) | Self::ToThread(body) => Blocks::One(body),
            Self::Yield => Blocks::None,
        }
    }
}
