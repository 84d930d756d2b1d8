//! Who waits for whom.

use crate::trace::{ResourceId, WorkerId};

/// One worker waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    pub lock: ResourceId,
    /// The wait ends by itself.
    pub timed: bool,
}

/// The wait-for graph at one moment, edges in order of the waiter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitFor {
    pub edges: Vec<Edge>,
}
