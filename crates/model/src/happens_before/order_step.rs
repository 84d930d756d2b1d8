//! The steps of a worker that pass order to other workers, or need it from them.

use contend_trace::{EventKind, ResourceId, Stamp, State};

/// A step that affects the order between workers.
#[derive(Debug, Clone)]
pub(super) enum OrderStep {
    /// The worker took a lock while it held others.
    Nested {
        lock: ResourceId,
        held: Vec<ResourceId>,
        at: Stamp,
    },
    Begin,
    /// The worker has arrived at a barrier, if it could have given up until now.
    LateArrival(ResourceId),
    /// The life ends.
    End,
    Event(EventKind),
}

impl OrderStep {
    #[inline]
    pub(super) fn from_event(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::LifeEnded(_) => Some(Self::End),
            EventKind::PutNth { .. }
            | EventKind::TookNth { .. }
            | EventKind::Put { .. }
            | EventKind::TaskRetried { .. }
            | EventKind::ItemPriority { .. }
            | EventKind::TaskNumbered { helped: true, .. }
            | EventKind::Signalled { .. }
            | EventKind::Woken { .. }
            | EventKind::FlagSeenSet { .. }
            | EventKind::GroupCounted { .. }
            | EventKind::Blocked { state: State::Signal, on: Some(_) }
            | EventKind::TimedAttempt { .. }
            | EventKind::WaitTimedOut { .. }
            | EventKind::WaitCancelled { .. }
            | EventKind::SemaphorePosted { .. }
            | EventKind::SemaphorePassed { .. }
            | EventKind::Acquired { .. }
            | EventKind::Released { .. }
            | EventKind::Sent { .. }
            | EventKind::Received { .. }
            | EventKind::ResultReady { .. }
            | EventKind::ResultRead { .. }
            | EventKind::Spawns { .. }
            | EventKind::SpawnedBy { .. }
            | EventKind::Joins { .. } => Some(Self::Event(*kind)),
            _ => None,
        }
    }
}

/// The resource that the step supplied, or the resource whose supply it still needs.
pub(super) type StepOutcome = Result<Option<ResourceId>, ResourceId>;
