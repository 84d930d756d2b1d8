//! The resources of a run as its workers use them.

#[cfg(feature = "net")]
use std::sync::atomic::Ordering;

use super::RunContext;
use crate::locks::any_mutex::AnyMutex;
use crate::plan::PoolPlan;
use crate::pool::result_store::ResultStore;
use crate::shared::async_mutex::AsyncMutex;
use crate::shared::monitor::Monitor;
use crate::shared::pipe::SharedPipe;
use crate::shared::rwlock::Rwlock;
use crate::shared::rwlock_line::RwlockLine;
use crate::shared::semaphore::Semaphore;
use crate::shared::signal_waiters::SignalWaiters;
use crate::shared::stored_items::StoredItems;
use crate::shared::wait_queue::WaitQueue;
use contend_trace::{LockKind, PoolId, ResourceId, ResourceKind, RwPolicy};

impl RunContext {
    /// Returns the mutex of a resource; without one, workers pass.
    #[inline]
    pub fn lock(&self, resource: ResourceId) -> Option<&AnyMutex<'static>> {
        self.locks.get(resource.index())?.as_ref().or_else(|| self.copied_lock(resource))
    }

    /// Returns the mutex of a copy, in a forked process: the original, which this process has at the same address.
    #[cold]
    fn copied_lock(&self, copy: ResourceId) -> Option<&AnyMutex<'static>> {
        let original = self.plan.registry.lock_copy(copy)?.original;
        self.locks.get(original.index())?.as_ref()
    }

    pub(super) fn resource_kind(&self, resource: ResourceId) -> Option<&ResourceKind> {
        self.plan.registry.resource(resource).map(|info| &info.kind)
    }

    /// Returns the mutex of tasks of a resource.
    pub fn async_mutex(&'static self, resource: ResourceId) -> Option<AsyncMutex<'static>> {
        let Some(ResourceKind::Mutex { kind: kind @ (LockKind::Async | LockKind::AsyncReentrant) }) =
            self.resource_kind(resource)
        else {
            return None;
        };
        Some(AsyncMutex::at(resource, self.monitor(resource), self.wait_queue(resource)?, kind.is_reentrant()))
    }

    pub fn semaphore(&'static self, resource: ResourceId) -> Option<Semaphore<'static>> {
        let Some(ResourceKind::Semaphore { permits, .. }) = self.resource_kind(resource) else { return None };
        Some(Semaphore::at(resource, self.monitor(resource), *permits))
    }

    pub fn rwlock(&'static self, resource: ResourceId) -> Option<Rwlock<'static>> {
        let Some(ResourceKind::Rwlock { policy }) = self.resource_kind(resource) else { return None };
        let words = Some(self.plan.rwlock_line_words()).filter(|words| *policy == RwPolicy::Fair && !words.is_empty());
        let line = words.map(|words| RwlockLine(&self.memory.extra()[words]));
        Some(Rwlock::at(resource, self.monitor(resource), *policy, line))
    }

    pub fn pipe(&self, resource: ResourceId) -> SharedPipe<'static> {
        SharedPipe::at(resource, self.memory.resource(resource))
    }

    /// Returns the monitor in a resource's words.
    pub fn monitor(&'static self, resource: ResourceId) -> Monitor<'static> {
        Monitor::at(self.memory.resource(resource)).with_wait_queue(self.wait_queue(resource))
    }

    /// Returns the items of a queue, if they have priorities.
    pub fn stored_items(&'static self, queue: ResourceId) -> Option<StoredItems<'static>> {
        let (words, by_priority) = self.plan.item_words(queue)?;
        let tick_nanos = self.memory.tick_nanos().unwrap_or(1.0);
        Some(StoredItems { words: &self.memory.extra()[words], by_priority, tick_nanos })
    }

    /// Returns the wait queue of a resource, if tasks share it.
    pub fn wait_queue(&self, resource: ResourceId) -> Option<&'static WaitQueue> {
        self.wait_queues.get(resource.index())?.as_ref()
    }

    /// Returns the results of a pool, if the scenario reads them.
    pub fn results(&self, pool: PoolId) -> Option<ResultStore> {
        let id = self.plan.registry.pools.get(pool.index())?.results?;
        let PoolPlan { result_words, result_capacity, .. } = &self.plan.pools[pool.index()];
        let monitor = Monitor::at_words(self.memory.resource(id), &self.memory.extra()[result_words.clone()]);
        Some(ResultStore {
            id,
            pool,
            capacity: *result_capacity,
            monitor: monitor.with_wait_queue(self.wait_queue(id)),
        })
    }

    /// Returns the waiters of a condition, an event flag, a barrier or a wait group.
    pub fn signal_waiters(&'static self, id: ResourceId) -> SignalWaiters<'static> {
        SignalWaiters { id, monitor: self.monitor(id) }
    }

    /// Returns the port that a server listens on.
    #[cfg(feature = "net")]
    pub fn port(&self, server: ResourceId) -> u16 {
        self.memory.resource(server)[0].load(Ordering::Acquire) as u16
    }
}
