//! Where counters are: in the run memory, or private to a worker process.

use std::sync::atomic::AtomicU64;

use super::RunContext;
use contend_trace::{CounterMemory, ResourceId, ResourceInfo, ResourceKind};

impl RunContext {
    /// Returns the counter of a resource as this process sees it. The counter server keeps its own values.
    pub fn counter(&'static self, resource: ResourceId) -> &'static AtomicU64 {
        let private = self.private_counters.get().filter(|_| self.counter_memory(resource) == CounterMemory::Private);
        private.and_then(|counters| counters.get(resource.index())).unwrap_or_else(|| {
            let (resource, word) = self.plan.registry.counter_location(resource);
            &self.memory.resource(resource)[word]
        })
    }

    /// Returns where a counter is kept.
    pub fn counter_memory(&self, resource: ResourceId) -> CounterMemory {
        match self.resource_kind(resource) {
            Some(ResourceKind::Counter { memory, .. }) => *memory,
            _ => CounterMemory::Shared,
        }
    }

    /// Gives this process its own copies of private counters, with their initial values.
    pub fn make_private_counters(&self) {
        let initial = |resource: &ResourceInfo| match resource.kind {
            ResourceKind::Counter { initial, .. } => AtomicU64::new(initial as u64),
            _ => AtomicU64::new(0),
        };
        let _ = self.private_counters.set(self.plan.registry.resources.iter().map(initial).collect());
    }
}
