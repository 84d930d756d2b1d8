//! Reads from outside whether a resource can serve a waiter. The reader compares this with what it knows from events.

use super::item_queue::ItemQueue;
use super::life::WorkerLife;
use super::monitor::Monitor;
use super::semaphore::Semaphore;
use super::signal_waiters::SignalWaiters;
use contend_trace::{Registry, ResourceId, ResourceKind, RunMemory, State};

/// Returns the resources that [`unavailable_states`] can check: queues outside of pools, semaphores, conditions, event
/// flags, barriers, wait groups, and lives.
pub fn checkable_resources(registry: &Registry) -> Vec<ResourceId> {
    let is_checkable = |id: &ResourceId| match registry.resource(*id).map(|resource| &resource.kind) {
        Some(ResourceKind::Queue { .. }) => registry.pools.iter().all(|pool| pool.queue != *id),
        Some(
            ResourceKind::Semaphore { .. }
            | ResourceKind::Condition { .. }
            | ResourceKind::Event
            | ResourceKind::Barrier { .. }
            | ResourceKind::WaitGroup
            | ResourceKind::Latch { .. }
            | ResourceKind::Life { .. },
        ) => true,
        _ => false,
    };
    (0..registry.resources.len()).map(ResourceId::from).filter(is_checkable).collect()
}

/// Returns the state in which workers wait if the resource cannot serve them at this moment: `Empty` for an empty
/// queue, `Full` for a full one, both for one without room, `Lock` for a semaphore without permits, `Signal` where no
/// signal is pending; `Done` for a worker that has no life and was not spawned.
pub fn unavailable_states(memory: &RunMemory, registry: &Registry, id: ResourceId) -> Vec<State> {
    let words = memory.resource(id);
    let monitor = Monitor::at(words);
    let Some(resource) = registry.resource(id) else { return Vec::new() };
    let state = match resource.kind {
        ResourceKind::Queue { capacity } => return ItemQueue::at(id, capacity, monitor).unavailable_states(),
        ResourceKind::Semaphore { permits, .. } => {
            Semaphore::at(id, monitor, permits).is_empty().then_some(State::Lock)
        }
        ResourceKind::Condition { .. }
        | ResourceKind::Event
        | ResourceKind::Barrier { .. }
        | ResourceKind::WaitGroup
        | ResourceKind::Latch { .. } => SignalWaiters { id, monitor }.has_no_pending_signal().then_some(State::Signal),
        ResourceKind::Life { .. } => (!WorkerLife::at(words).is_alive()).then_some(State::Done),
        _ => None,
    };
    state.into_iter().collect()
}
