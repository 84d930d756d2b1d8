//! What each declared resource is in a run with these settings.

use super::{Fixed, at_least_one};
use contend_scenario::{Choice, ResourceSpec, Scenario, Settings};
use contend_trace::{LockKind, Memory, ResourceId, ResourceKind, RwPolicy};

pub(super) fn resource_kind(scenario: &Scenario, index: usize, settings: &Settings, home: Home) -> ResourceKind {
    match &scenario.resources[index].spec {
        ResourceSpec::Mutex { kind } => ResourceKind::Mutex { kind: lock_kind(kind, settings, home) },
        ResourceSpec::Counter { initial, memory, .. } => {
            let memory = memory.pick(|knob| settings.number(knob)).unwrap_or(Memory::Shared);
            ResourceKind::Counter { initial: *initial, memory }
        }
        ResourceSpec::Queue { capacity } => ResourceKind::Queue { capacity: at_least_one(capacity, settings) },
        ResourceSpec::Pipe { capacity } => ResourceKind::Pipe { capacity: pages(capacity.eval(&Fixed(settings))) },
        ResourceSpec::Condition { .. } => ResourceKind::Condition { of: ResourceId::default() },
        ResourceSpec::Event => ResourceKind::Event,
        ResourceSpec::Server(serving) => ResourceKind::Server { room: at_least_one(&serving.room, settings) },
        ResourceSpec::Barrier { parties } => ResourceKind::Barrier { parties: at_least_one(parties, settings) },
        ResourceSpec::Semaphore { permits } => {
            let scoped = scenario.is_scoped(index);
            // Without a permit, and with nobody to give one, everybody would wait for nothing.
            let permits = (permits.eval(&Fixed(settings)) as u32).max(u32::from(scoped));
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
pub(super) enum Home {
    /// Threads of one process.
    Process,
    /// Several processes.
    Processes,
    /// Tasks, and perhaps threads among them.
    Loop,
}

/// Processes share robust mutexes and tasks async ones, whatever the scenario says: the other kinds exist within one process
/// only, or block the thread of whoever waits.
fn lock_kind(kind: &Choice<LockKind>, settings: &Settings, home: Home) -> LockKind {
    match (kind.pick(|knob| settings.number(knob)).unwrap_or(LockKind::Std), home) {
        (LockKind::Off, _) => LockKind::Off,
        (kind, Home::Process) => kind,
        (LockKind::Reentrant, Home::Processes) => LockKind::RobustReentrant,
        (_, Home::Processes) => LockKind::Robust,
        (LockKind::Reentrant, Home::Loop) => LockKind::AsyncReentrant,
        (_, Home::Loop) => LockKind::Async,
    }
}
