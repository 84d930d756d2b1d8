//! Steps that reach out of the program and may fail, and what then.

use serde::{Deserialize, Serialize};

use super::Block;
use crate::expr::Expr;
use crate::program::text::{Template, TextExpr};

/// A step that may fail. What fails ends the task, and no other, unless there is an `else`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub kind: AttemptKind,
    /// What is tried again, for [`AttemptKind::Retry`]; else what is done when it went well.
    pub body: Block,
    /// What is done when it failed. `None`: it fails.
    pub otherwise: Option<Block>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AttemptKind {
    /// Asks a server for something and reads the answer to its end.
    HttpGet { target: RequestTarget, timeout: Expr },
    /// Runs a command and waits for its end.
    Exec { command: Vec<TextExpr>, timeout: Option<Expr> },
    /// Does the body, and does it again when it fails, up to so many times more.
    Retry {
        times: Expr,
        /// The first pause before another try, in nanoseconds; each further one is twice as long.
        backoff: Expr,
        /// Share of each pause that is left to chance, 0 to 1.
        jitter: Expr,
    },
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RequestTarget {
    /// A server of the scenario (position in `Scenario::resources`) and the path on it.
    Server(usize, Template),
    Url(TextExpr),
}
