//! What each declared resource is in a run with these settings.

use super::eval_at_least_one;
use contend_scenario::{Choice, ResourceSpec, Scenario, Settings};
use contend_trace::{CounterMemory, LockKind, ResourceId, ResourceKind, RwPolicy};

pub(super) fn resource_kind(
    scenario: &Scenario,
    index: usize,
    settings: &Settings,
    home: SharingScope,
) -> ResourceKind {
    match &scenario.resources[index].spec {
        ResourceSpec::Mutex { kind } => ResourceKind::Mutex { kind: lock_kind(kind, settings, home) },
        ResourceSpec::Counter { initial, memory, .. } => {
            let memory = memory.pick(|knob| settings.number(knob)).unwrap_or(CounterMemory::Shared);
            ResourceKind::Counter { initial: *initial, memory }
        }
        ResourceSpec::Queue { capacity } => ResourceKind::Queue { capacity: eval_at_least_one(capacity, settings) },
        ResourceSpec::Pipe { capacity } => ResourceKind::Pipe { capacity: pages(capacity.eval(settings)) },
        ResourceSpec::Condition { .. } => ResourceKind::Condition { mutex: ResourceId::default() },
        ResourceSpec::Event => ResourceKind::Event,
        ResourceSpec::Server(serving) => {
            ResourceKind::Server { max_requests: eval_at_least_one(&serving.max_requests, settings) }
        }
        ResourceSpec::Barrier { parties } => ResourceKind::Barrier { parties: eval_at_least_one(parties, settings) },
        ResourceSpec::Semaphore { permits } => {
            let scoped = scenario.is_scoped(index);
            // Without a permit, and with nobody to give one, everybody would wait for nothing.
            let permits = (permits.eval(settings) as u32).max(u32::from(scoped));
            ResourceKind::Semaphore { permits, scoped }
        }
        ResourceSpec::Rwlock { policy } => {
            ResourceKind::Rwlock { policy: policy.pick(|knob| settings.number(knob)).unwrap_or(RwPolicy::Fair) }
        }
    }
}

/// Room in a pipe as the kernel gives it: a power of two of pages.
fn pages(bytes: f64) -> u32 {
    (bytes.clamp(4_096.0, f64::from(1 << 20)) as u32).next_power_of_two()
}

/// Who shares a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SharingScope {
    /// Threads of one process.
    Process,
    /// Several processes.
    Processes,
    /// Tasks, and perhaps threads among them.
    Loop,
}

/// Processes share robust mutexes and tasks async ones, whatever the scenario says: the other kinds exist within one process
/// only, or block the thread of whoever waits.
fn lock_kind(kind: &Choice<LockKind>, settings: &Settings, home: SharingScope) -> LockKind {
    match (kind.pick(|knob| settings.number(knob)).unwrap_or(LockKind::Std), home) {
        (LockKind::Off, _) => LockKind::Off,
        (kind, SharingScope::Process) => kind,
        (LockKind::Reentrant, SharingScope::Processes) => LockKind::RobustReentrant,
        (_, SharingScope::Processes) => LockKind::Robust,
        (LockKind::Reentrant, SharingScope::Loop) => LockKind::AsyncReentrant,
        (_, SharingScope::Loop) => LockKind::Async,
    }
}
