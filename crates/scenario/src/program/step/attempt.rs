//! Steps that may fail: requests, commands, compare-and-sets and retries.

use serde::{Deserialize, Serialize};

use super::{Block, Target};
use crate::expr::Expr;
use crate::program::text::{Template, TextExpr};

/// A step that may fail. A failure ends the task, but no other task, unless there is an `else`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub kind: AttemptKind,
    /// The steps to retry, for [`AttemptKind::Retry`]; otherwise the steps after a success.
    pub body: Block,
    /// The steps after a failure. `None`: the failure is passed on.
    pub otherwise: Option<Block>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AttemptKind {
    /// Sends a request to a server and reads the whole answer.
    HttpGet { target: RequestTarget, timeout: Expr },
    /// Runs a command and waits for its end.
    Exec { command: Vec<TextExpr>, timeout: Option<Expr> },
    /// Changes a counter if it has the expected value.
    CompareAndSet(Swap),
    /// Runs the body, and runs it again if it fails, up to `times` more times.
    Retry {
        times: Expr,
        /// The pause before the second try, in nanoseconds; it doubles with every try.
        backoff: Expr,
        /// Random share of each pause, 0 to 1.
        jitter: Expr,
    },
}

/// An atomic change of a counter that has a certain value, and a failure if it has another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swap {
    pub target: Target,
    /// The expected value. `None`: the worker's own copy.
    pub expected: Option<Expr>,
    pub new: SwapValue,
}

/// The value that a counter gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SwapValue {
    /// The expected value plus this.
    Added(i8),
    Value(Expr),
}

/// The receiver of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RequestTarget {
    /// A server of the scenario (position in `Scenario::resources`) and the path on it.
    Server(usize, Template),
    Url(TextExpr),
}
