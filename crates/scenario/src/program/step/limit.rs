//! The time limit of a wait.

use serde::{Deserialize, Serialize};

use super::Block;
use crate::expr::Expr;

/// How long a step waits, and what the worker does if it gives up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeLimit {
    pub timeout: Expr,
    /// The steps of a worker that gave up. Empty: it goes on.
    pub otherwise: Block,
}

/// The time limit of a step that may have none.
pub type Limit = Option<Box<TimeLimit>>;
