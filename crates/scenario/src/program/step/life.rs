//! Steps on other workers: starting them, and waiting until they have ended.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::expr::Expr;

/// What a worker does with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LifeStep {
    /// Starts them, one after the other. One that still runs is waited for first: a lane has one worker at a time.
    Spawn(Members),
    /// Waits until each of them has ended. Runs the body if all ended well, else the other steps.
    Join { members: Members, body: Vec<Step>, otherwise: Vec<Step> },
    /// Does the steps of a group itself: no other worker has anything to do with it.
    Run { group: usize },
}

/// Workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Members {
    /// Position in `Scenario::workers`.
    pub group: usize,
    pub which: Which,
}

/// Which workers of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Which {
    All,
    /// The one at this place, wrapping around.
    At(Expr),
    /// One that does not run; only to spawn it.
    Any,
}
