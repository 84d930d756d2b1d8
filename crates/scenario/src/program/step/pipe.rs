//! Steps on pipes.

use serde::{Deserialize, Serialize};

use super::Blocks;
use super::block::Block;
use crate::expr::Expr;
use crate::program::resource::Target;

/// A step on a pipe. `bytes` is the length of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PipeStep {
    /// Waits for room and writes a message. Fails if no reader is left.
    Send { target: Target, bytes: Expr },
    /// Waits for a message and reads it. Ends the worker if no sender is left.
    Receive { target: Target, bytes: Expr },
    /// Reads messages and runs the body for each, until no sender is left.
    ForEach { target: Target, bytes: Expr, body: Block },
    /// Closes the worker's own ends of the pipe.
    Close(Target),
}

impl PipeStep {
    pub(crate) const fn blocks(&self) -> Blocks<'_> {
        match self {
            Self::ForEach { body, .. } => Blocks::One(body),
            Self::Send { .. } | Self::Receive { .. } | Self::Close(_) => Blocks::None,
        }
    }

    pub const fn target(&self) -> &Target {
        match self {
            Self::Send { target, .. }
            | Self::Receive { target, .. }
            | Self::ForEach { target, .. }
            | Self::Close(target) => target,
        }
    }
}
