//! What resources have not got, for those who look from outside.

use super::item_queue::ItemQueue;
use super::life::WorkerLife;
use super::monitor::Monitor;
use super::semaphore::Semaphore;
use super::signal_waiters::SignalWaiters;
use contend_trace::{Registry, ResourceId, ResourceKind, RunMemory, State};

/// Resources of which [`unavailable_state`] can tell: queues that are no pool's, semaphores, conditions, event flags, barriers, lives.
pub fn checkable_resources(cast: &Registry) -> Vec<ResourceId> {
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
pub fn unavailable_state(memory: &RunMemory, cast: &Registry, id: ResourceId) -> Option<State> {
    let words = memory.resource(id);
    let monitor = Monitor::at(words);
    match cast.resource(id)?.kind {
        ResourceKind::Queue { capacity } => ItemQueue { id, capacity, monitor }.unavailable_state(),
        ResourceKind::Semaphore { permits, .. } => {
            Semaphore::at(id, monitor, permits).is_empty().then_some(State::Lock)
        }
        ResourceKind::Condition { .. } | ResourceKind::Event | ResourceKind::Barrier { .. } => {
            SignalWaiters { id, monitor }.has_no_pending_signal().then_some(State::Signal)
        }
        ResourceKind::Life { .. } => (!WorkerLife::at(words).is_alive()).then_some(State::Done),
        _ => None,
    }
}
