//! Adds the declared resources to the plan, each with the kind that it has with these settings.

use super::values::{check_limit, eval_at_least_one, eval_count, numbered_name};
use super::{Plan, PlanError};
use contend_scenario::{Choice, MemoryOrder, ResourceSpec, Scenario, Settings};
use contend_trace::{CounterMemory, LockKind, ResourceId, ResourceInfo, ResourceKind, RwPolicy, WorkerKind};

/// The workers that share a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharingScope {
    /// Threads of one process.
    Process,
    /// Several processes.
    Processes,
    /// Tasks, and perhaps threads among them.
    Loop,
}

impl Plan {
    pub(super) fn add_resources(&mut self, scenario: &Scenario, settings: &Settings) -> Result<(), PlanError> {
        // A forked process has copies of the locks of the process that it is forked from.
        let groups = scenario.groups.iter().filter(|group| !group.is_fork_copy);
        let groups = groups.map(|group| settings.effective_kind(group.kind));
        let pools = scenario.pools.iter().map(|pool| settings.pool_kind(&pool.worker_kind));
        let has_processes = groups.chain(pools).any(|kind| kind == WorkerKind::Process);
        for (index, resource) in scenario.resources.iter().enumerate() {
            let count = eval_count(&resource.count, settings);
            check_limit("resources", self.registry.resources.len() as u64 + count)?;
            let first = ResourceId::from(self.registry.resources.len());
            self.arrays.push((first, count as u32));
            if let ResourceSpec::Counter { packed: true, .. } = resource.spec {
                self.registry.packed.push((first, count as u32));
            }
            if let ResourceSpec::Counter { order, .. } = &resource.spec {
                let order = order.pick(|knob| settings.number(knob)).unwrap_or(MemoryOrder::Relaxed);
                self.counter_orders.insert(index, order);
                let is_assigned = scenario.is_assigned(index);
                let ids = (first.0..).take(count as usize).map(ResourceId);
                self.registry.assigned_counters.extend(ids.filter(|_| is_assigned));
            }
            let shared_by_tasks = scenario.kinds_at_resource(index, settings).any(|kind| kind == WorkerKind::Async);
            let scope = if shared_by_tasks {
                SharingScope::Loop
            } else if has_processes {
                SharingScope::Processes
            } else {
                SharingScope::Process
            };
            let kind = resource_kind(scenario, index, settings, scope);
            if let ResourceKind::Queue { capacity } = kind {
                self.add_stored_items(scenario, index, settings, (count, capacity));
            }
            for i in 0..count {
                self.shared_by_tasks.push(shared_by_tasks);
                let name = numbered_name(&resource.name, i, &resource.count);
                self.registry.resources.push(ResourceInfo { name, kind: kind.clone() });
            }
        }
        self.link_conditions(scenario);
        Ok(())
    }

    /// Links each condition to its mutex; in arrays, to the one at the same position.
    fn link_conditions(&mut self, scenario: &Scenario) {
        for (i, resource) in scenario.resources.iter().enumerate() {
            let ResourceSpec::Condition { mutex } = resource.spec else { continue };
            let (first, count) = self.arrays[i];
            for position in 0..count {
                let mutex = self.array_member(mutex, f64::from(position));
                self.registry.resources[first.index() + position as usize].kind = ResourceKind::Condition { mutex };
            }
        }
    }
}

fn resource_kind(scenario: &Scenario, index: usize, settings: &Settings, scope: SharingScope) -> ResourceKind {
    match &scenario.resources[index].spec {
        ResourceSpec::Mutex { kind } => ResourceKind::Mutex { kind: lock_kind(kind, settings, scope) },
        ResourceSpec::Counter { initial, memory, .. } => {
            let memory = memory.pick(|knob| settings.number(knob)).unwrap_or(CounterMemory::Shared);
            ResourceKind::Counter { initial: *initial, memory }
        }
        ResourceSpec::Queue { capacity, .. } => ResourceKind::Queue { capacity: eval_count(capacity, settings) as u32 },
        ResourceSpec::Pipe { capacity } => {
            ResourceKind::Pipe { capacity: round_pipe_capacity(capacity.eval(settings)) }
        }
        ResourceSpec::Condition { .. } => ResourceKind::Condition { mutex: ResourceId::default() },
        ResourceSpec::Event => ResourceKind::Event,
        ResourceSpec::Server(server) => {
            ResourceKind::Server { max_requests: eval_at_least_one(&server.max_requests, settings) }
        }
        ResourceSpec::Barrier { parties } => ResourceKind::Barrier { parties: eval_at_least_one(parties, settings) },
        ResourceSpec::WaitGroup => ResourceKind::WaitGroup,
        ResourceSpec::Latch { initial } => ResourceKind::Latch { initial: eval_at_least_one(initial, settings) },
        ResourceSpec::Semaphore { permits } => {
            let scoped = scenario.is_scoped(index);
            // A scoped semaphore without permits would block every worker forever.
            let permits = (permits.eval(settings) as u32).max(u32::from(scoped));
            ResourceKind::Semaphore { permits, scoped }
        }
        ResourceSpec::Rwlock { policy } => {
            ResourceKind::Rwlock { policy: policy.pick(|knob| settings.number(knob)).unwrap_or(RwPolicy::Fair) }
        }
    }
}

/// Returns the capacity of a pipe as the kernel rounds it: a power of two of pages.
fn round_pipe_capacity(bytes: f64) -> u32 {
    (bytes.clamp(4_096.0, f64::from(1 << 20)) as u32).next_power_of_two()
}

/// Returns the kind of a mutex. Processes share robust mutexes and tasks async ones, whatever the scenario says: the
/// other kinds work within one process only, or block the thread of a waiting task.
fn lock_kind(kind: &Choice<LockKind>, settings: &Settings, scope: SharingScope) -> LockKind {
    match (kind.pick(|knob| settings.number(knob)).unwrap_or(LockKind::Std), scope) {
        (LockKind::Off, _) => LockKind::Off,
        (kind, SharingScope::Process) => kind,
        (LockKind::NotRobust, SharingScope::Processes) => LockKind::NotRobust,
        (LockKind::Reentrant, SharingScope::Processes) => LockKind::RobustReentrant,
        (_, SharingScope::Processes) => LockKind::Robust,
        (LockKind::Reentrant, SharingScope::Loop) => LockKind::AsyncReentrant,
        (_, SharingScope::Loop) => LockKind::Async,
    }
}
