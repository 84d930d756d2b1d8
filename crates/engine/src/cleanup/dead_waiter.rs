//! Workers whose processes died while they waited for a signal, or at a queue without room.

use crate::context::RunContext;
use crate::recorder::Recorder;
use crate::shared::item_queue::ItemQueue;
use crate::shared::signal_waiters::SignalWaiters;
use contend_trace::{EventKind, ResourceKind, State, WorkerId};

/// Removes a dead worker from the waiters of a signal and records that; otherwise the next signal would go to it. The
/// same for a queue without room, where another worker would complete with it.
pub fn remove_dead_waiter(run: &'static RunContext, worker: WorkerId, recorder: &mut Recorder<'_>) {
    let wait_events = run.memory.ring(worker).wait_record().map_or_else(Vec::new, |record| record.events());
    for event in wait_events {
        if let EventKind::Blocked { state: State::Signal, on: Some(id) } = event
            && run.plan.registry.signals().any(|signal| signal == id)
        {
            SignalWaiters { id, monitor: run.monitor(id) }.remove_dead_waiter(recorder);
        }
        if let EventKind::Blocked { state, on: Some(id) } = event
            && let Some(ResourceKind::Queue { capacity }) = run.plan.registry.resource(id).map(|info| &info.kind)
            && run.plan.registry.pools.iter().all(|pool| pool.queue != id)
        {
            ItemQueue::at(id, *capacity, run.monitor(id)).remove_dead_waiter(state);
        }
    }
}
