//! What resources have not got, for those who look from outside.

use super::life::Life;
use super::monitor::Monitor;
use super::queue::Queue;
use super::semaphore::Semaphore;
use super::waiters::Waiters;
use contend_trace::{Board, Cast, ResourceId, ResourceKind, State};

/// Resources of which [`lacking`] can tell: queues that are no pool's, semaphores, conditions, event flags, barriers, lives.
pub fn can_lack(cast: &Cast) -> Vec<ResourceId> {
    let is_plain = |id: &ResourceId| match cast.resource(*id).map(|resource| &resource.kind) {
        Some(ResourceKind::Queue { .. }) => cast.pools.iter().all(|pool| pool.queue != *id),
        Some(
            ResourceKind::Semaphore { .. }
            | ResourceKind::Condition { .. }
            | ResourceKind::Event
            | ResourceKind::Barrier { .. }
            | ResourceKind::Life { .. },
        ) => true,
        _ => false,
    };
    (0..cast.resources.len()).map(ResourceId::from).filter(is_plain).collect()
}

/// What nobody can have of a resource at this moment, by the state of those who wait for it: an item of an empty queue,
/// room in a full one, a permit of a semaphore that has none, a signal where none is under way. Or that a worker is in no life, nor asked for one.
pub fn lacking(board: &Board, cast: &Cast, id: ResourceId) -> Option<State> {
    let words = board.resource(id);
    let monitor = Monitor::at(words);
    match cast.resource(id)?.kind {
        ResourceKind::Queue { capacity } => Queue { id, capacity, monitor }.lacks(),
        ResourceKind::Semaphore { permits, .. } => {
            Semaphore::at(id, monitor, permits).is_empty().then_some(State::Lock)
        }
        ResourceKind::Condition { .. } | ResourceKind::Event | ResourceKind::Barrier { .. } => {
            Waiters { id, monitor }.is_silent().then_some(State::Signal)
        }
        ResourceKind::Life { .. } => (!Life::at(words).is_alive()).then_some(State::Done),
        _ => None,
    }
}
