//! Deadlocks, exactly.

use crate::trace::{ResourceId, Stamp, WorkerId};

/// Workers that can never run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// When the ring closed: the newest wait in it.
    pub at: Stamp,
    /// All that can never run again.
    pub set: Vec<WorkerId>,
    /// A ring inside the set: each wants what the next one holds, the last what the first holds.
    pub ring: Vec<Link>,
    /// The set without the ring.
    pub victims: Vec<WorkerId>,
}

/// One worker of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub worker: WorkerId,
    /// What it holds that the one before it wants.
    pub holds: ResourceId,
    /// What it wants of the next one.
    pub wants: ResourceId,
    /// Since when it waits.
    pub since: Stamp,
}
