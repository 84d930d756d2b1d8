//! The rows of a screen, and which events belong to them.

use contend_trace::{Event, EventKind, ResourceId, WorkerId};

/// A choice of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The events of all workers.
    All,
    Worker(WorkerId),
    /// The events about a lock, a queue or another resource.
    Resource(ResourceId),
}

impl Row {
    pub(crate) fn has(self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Worker(worker) => event.worker == worker,
            Self::Resource(resource) => resource_of(&event.kind) == Some(resource),
        }
    }
}

/// Returns the resource that an event is about. [`EventKind::Held`] and what else only prepares the next event of its
/// stream is about none.
pub const fn resource_of(kind: &EventKind) -> Option<ResourceId> {
    use EventKind as E;
    match *kind {
        E::LockWait { lock, .. }
        | E::Acquired { lock, .. }
        | E::Released { lock, .. }
        | E::WaitTimedOut { lock }
        | E::WaitCancelled { on: lock }
        | E::OwnerDied { lock }
        | E::CopiedHeld { lock, .. }
        | E::SemaphorePassed { lock, .. }
        | E::SemaphorePosted { lock } => Some(lock),
        E::Put { queue, .. }
        | E::Took { queue, .. }
        | E::PutNth { queue, .. }
        | E::TookNth { queue, .. }
        | E::Closed { queue } => Some(queue),
        E::Sent { pipe, .. } | E::Received { pipe, .. } => Some(pipe),
        E::ResultReady { on, .. }
        | E::ResultRead { on, .. }
        | E::Woken { on, .. }
        | E::FlagSeenSet { on, .. }
        | E::Signalled { on, .. }
        | E::GroupCounted { on, .. }
        | E::Polled { on, .. } => Some(on),
        E::Spawns { life, .. } | E::Joins { life, .. } => Some(life),
        E::CounterAdded { counter, .. }
        | E::CounterAddedMany { counter, .. }
        | E::CounterSwapFailed { counter, .. }
        | E::CounterSwapped { counter, .. } => Some(counter),
        E::Blocked { on, .. } => on,
        _ => None,
    }
}
