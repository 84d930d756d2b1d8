//! Steps that reach out of the program and may fail, and what then.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::expr::Expr;
use crate::program::text::{Template, Text};

/// A step that may fail. What fails ends the task, and no other, unless there is an `else`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub what: What,
    /// What is tried again, for [`What::Retry`]; else what is done when it went well.
    pub body: Vec<Step>,
    /// What is done when it failed. `None`: it fails.
    pub otherwise: Option<Vec<Step>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// Asks a server for something and reads the answer to its end.
    Get { from: Origin, timeout: Expr },
    /// Runs a command and waits for its end.
    Exec { command: Vec<Text>, timeout: Option<Expr> },
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
pub enum Origin {
    /// A server of the scenario (position in `Scenario::resources`) and the path on it.
    Server(usize, Template),
    Url(Text),
}
