//! The steps on pipes.

use serde::{Deserialize, Serialize};

use super::resource::Target;
use crate::expr::Expr;

/// What a worker does with a pipe. Bytes are how long one message is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PipeStep {
    /// Writes a message, waiting for room. Fails if nobody is left who could read it.
    Send { target: Target, bytes: Expr },
    /// Reads a message, waiting for it. Ends the worker's steps if nobody is left who could write one.
    Receive { target: Target, bytes: Expr },
    /// Reads messages, waiting for them, and runs the body for each until nobody is left who could write one.
    Each { target: Target, bytes: Expr, body: Vec<super::Step> },
    /// The worker uses the pipe no more: it closes its ends of it.
    Close(Target),
}

impl PipeStep {
    pub const fn target(&self) -> &Target {
        match self {
            Self::Send { target, .. }
            | Self::Receive { target, .. }
            | Self::Each { target, .. }
            | Self::Close(target) => target,
        }
    }
}
