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

/// Returns the resource that an event is about. An event that only adds detail to another event of its stream, such as
/// [`EventKind::Held`], is about none.
pub const fn resource_of(kind: &EventKind) -> Option<ResourceId> {
    if is_detail(kind) { None } else { kind.resource() }
}

/// Whether the event only adds detail to the event before or after it, or repeats that a wait goes on.
const fn is_detail(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Held { .. }
            | EventKind::RwlockRequest { .. }
            | EventKind::RwlockReaders { .. }
            | EventKind::PermitRequest { .. }
            | EventKind::TimedAttempt { .. }
            | EventKind::Alternative { .. }
            | EventKind::AwaitsResult { .. }
            | EventKind::ItemPriority { .. }
            | EventKind::StillWaiting { .. }
    )
}
