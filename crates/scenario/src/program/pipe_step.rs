//! The steps on pipes.

use serde::{Deserialize, Serialize};

use super::block::Block;
use super::resource::Target;
use super::step::Blocks;
use crate::expr::Expr;

/// What a worker does with a pipe. Bytes are how long one message is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PipeStep {
    /// Writes a message, waiting for room. Fails if nobody is left who could read it.
    Send { target: Target, bytes: Expr },
    /// Reads a message, waiting for it. Ends the worker's steps if nobody is left who could write one.
    Receive { target: Target, bytes: Expr },
    /// Reads messages, waiting for them, and runs the body for each until nobody is left who could write one.
    ForEach { target: Target, bytes: Expr, body: Block },
    /// The worker uses the pipe no more: it closes its ends of it.
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
