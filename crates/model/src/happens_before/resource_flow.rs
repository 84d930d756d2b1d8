//! The order that passes through one resource: the clocks of its suppliers, by number or by count.

use super::flow_clocks::{BarrierRounds, CountedChanges, CountedReleases, NumberedItems};
use contend_trace::{ResourceKind, WorkerId};

/// The order that passes through a resource, by the kind of resource.
#[derive(Debug, Clone)]
pub(super) enum ResourceFlow {
    /// Items; and room, if the capacity is small.
    Queue {
        items: NumberedItems,
        room: NumberedItems,
        capacity: u64,
    },
    /// Conditions and event flags: each worker that is woken, and each signal.
    Signals {
        woken: CountedReleases,
        sent: CountedReleases,
    },
    Barrier(BarrierRounds),
    /// A wait group: each worker that is woken, each time that the count came down to 0, and the changes of the count
    /// that lead to it.
    Group {
        woken: CountedReleases,
        sent: CountedReleases,
        changes: CountedChanges,
    },
    /// A semaphore that is used as a signal: permits beyond the initial ones.
    Posts {
        initial_permits: u64,
        posted: CountedReleases,
    },
    /// The mutex of conditions: each turn comes after the one before.
    MutexTurns {
        next: NumberedItems,
        held: Vec<(WorkerId, u64)>,
    },
    Pipe {
        sent: CountedReleases,
        received: u64,
    },
    Results(NumberedItems),
    Life {
        starts: NumberedItems,
        ends: NumberedItems,
        lives: u64,
    },
    /// No order, or none that is numbered.
    None,
}

impl ResourceFlow {
    /// Returns the number of clocks that it keeps.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Queue { items, room, .. } => items.len() + room.len(),
            Self::Signals { woken, sent } => woken.len() + sent.len(),
            Self::Barrier(rounds) => rounds.completed.len(),
            Self::Group { woken, sent, .. } => woken.len() + sent.len() + 1,
            Self::Posts { posted, .. } => posted.len(),
            Self::MutexTurns { next, .. } => next.len(),
            Self::Pipe { sent, .. } => sent.len(),
            Self::Results(items) => items.len(),
            Self::Life { starts, ends, .. } => starts.len() + ends.len(),
            Self::None => 0,
        }
    }

    /// Returns the flow of a resource through which nothing has passed yet.
    pub(super) fn of(kind: &ResourceKind, is_monitor: bool) -> Self {
        match kind {
            ResourceKind::Mutex { .. } if is_monitor => {
                Self::MutexTurns { next: NumberedItems::default(), held: Vec::new() }
            }
            ResourceKind::Semaphore { permits, scoped: false } => {
                Self::Posts { initial_permits: u64::from(*permits), posted: CountedReleases::default() }
            }
            ResourceKind::Queue { capacity } => Self::Queue {
                items: NumberedItems::default(),
                room: NumberedItems::default(),
                capacity: u64::from(*capacity),
            },
            ResourceKind::Pipe { .. } => Self::Pipe { sent: CountedReleases::default(), received: 0 },
            ResourceKind::Condition { .. } | ResourceKind::Event => {
                Self::Signals { woken: CountedReleases::default(), sent: CountedReleases::default() }
            }
            ResourceKind::Barrier { .. } => Self::Barrier(BarrierRounds::default()),
            ResourceKind::WaitGroup | ResourceKind::Latch { .. } => Self::Group {
                woken: CountedReleases::default(),
                sent: CountedReleases::default(),
                changes: CountedChanges::default(),
            },
            ResourceKind::Results => Self::Results(NumberedItems::default()),
            ResourceKind::Life { .. } => {
                Self::Life { starts: NumberedItems::default(), ends: NumberedItems::default(), lives: 0 }
            }
            _ => Self::None,
        }
    }
}
