//! Locks, queues, pipes, signals and counters in the JSON report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::durations::DurationsJson;
use crate::model::SwapCounts;
use crate::report::{Report, ReportedLock};
use crate::trace::ResourceId;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LockJson<'a> {
    name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = LOCK_KINDS)))]
    kind: &'static str,
    acquired: u64,
    contended: u64,
    gave_up: u64,
    waiting: usize,
    orphaned: u64,
    wait_ms: DurationsJson,
    held_ms: DurationsJson,
    fairness: Option<f64>,
    distorted_by_tracing: bool,
}

/// Kinds of a lock.
#[cfg(test)]
const LOCK_KINDS: [&str; 16] = [
    "std",
    "parking-lot",
    "fair",
    "spin",
    "ticket",
    "reentrant",
    "robust",
    "robust-reentrant",
    "not-robust",
    "async",
    "async-reentrant",
    "off",
    "semaphore",
    "rw-readers",
    "rw-writers",
    "rw-fair",
];

pub(super) fn locks<'a>(report: &Report<'a>) -> Vec<LockJson<'a>> {
    let lock = |ReportedLock { name, kind, lock, is_distorted }: ReportedLock<'a>| LockJson {
        name,
        kind,
        acquired: lock.acquired(),
        contended: lock.contended(),
        gave_up: lock.timeouts(),
        waiting: lock.waiters().len(),
        orphaned: lock.orphanings(),
        wait_ms: lock.wait_times().into(),
        held_ms: lock.hold_times().into(),
        fairness: lock.fairness().filter(|_| report.model.is_complete()),
        distorted_by_tracing: is_distorted,
    };
    report.locks().map(lock).collect()
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct QueueJson<'a> {
    name: &'a str,
    capacity: u32,
    /// If its items have priorities, the lowest first.
    priorities: Vec<PriorityJson>,
    put: u64,
    taken: u64,
    gave_up: u64,
    depth: DepthJson,
    wait_ms: Option<DurationsJson>,
}

/// The items of one priority in a queue.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PriorityJson {
    priority: u64,
    put: u64,
    taken: u64,
    /// How long the taken items stayed.
    stay_ms: DurationsJson,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DepthJson {
    mean: f64,
    max: u32,
    last: u32,
}

pub(super) fn queues<'a>(report: &Report<'a>) -> Vec<QueueJson<'a>> {
    let queue = |(name, id, queue): (&'a str, _, &'a crate::model::Queue)| QueueJson {
        name,
        capacity: queue.capacity(),
        put: queue.put_count(),
        taken: queue.taken_count(),
        gave_up: queue.timeouts(),
        priorities: queue.priorities().map(|(priority, items)| priority_json(priority, items)).collect(),
        depth: DepthJson { mean: queue.mean_depth(), max: queue.max_depth(), last: queue.depth() },
        wait_ms: report.pools().find(|(info, _)| info.queue == id).map(|(_, pool)| pool.wait_times().into()),
    };
    report.queues().map(queue).collect()
}

fn priority_json(priority: u8, items: &crate::model::PriorityItems) -> PriorityJson {
    let (put, taken) = (items.put_count(), items.taken_count());
    PriorityJson { priority: priority.into(), put, taken, stay_ms: items.stays().into() }
}

/// A pipe: capacity and depth in bytes, sent and received in messages.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PipeJson<'a> {
    name: &'a str,
    capacity: u32,
    sent: u64,
    received: u64,
    depth: DepthJson,
}

pub(super) fn pipes<'a>(report: &Report<'a>) -> Vec<PipeJson<'a>> {
    let pipe = |(name, pipe): (&'a str, &'a crate::model::Pipe)| {
        let bytes = pipe.byte_queue();
        PipeJson {
            name,
            capacity: bytes.capacity(),
            sent: pipe.sent(),
            received: pipe.received(),
            depth: DepthJson { mean: bytes.mean_depth(), max: bytes.max_depth(), last: bytes.depth() },
        }
    };
    report.pipes().map(pipe).collect()
}

/// A condition, an event, a barrier, a wait group or a latch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SignalsJson<'a> {
    name: &'a str,
    kind: &'static str,
    sent: u64,
    unused: u64,
    woken: u64,
    gave_up: u64,
    count: Option<u32>,
}

pub(super) fn signals<'a>(report: &Report<'a>) -> Vec<SignalsJson<'a>> {
    let (model, registry) = (report.model, report.model.registry());
    let signals = |id: ResourceId| {
        let of = model.signals(id)?;
        Some(SignalsJson {
            name: registry.resource_name(id),
            kind: registry.resource(id)?.kind.word(),
            sent: of.sent(),
            unused: of.wasted(),
            woken: of.woken_workers(),
            gave_up: of.timeouts(),
            count: of.count(),
        })
    };
    registry.signals().filter_map(signals).collect()
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CounterJson<'a> {
    name: &'a str,
    value: i64,
    expected: Option<i64>,
    lost: Option<i64>,
    /// Private copies by worker process.
    copies: BTreeMap<&'a str, i64>,
    swaps: Option<SwapsJson>,
}

/// Compare-and-sets of a counter.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SwapsJson {
    succeeded: u64,
    failed: u64,
}

impl From<SwapCounts> for SwapsJson {
    fn from(SwapCounts { succeeded, failed }: SwapCounts) -> Self {
        Self { succeeded, failed }
    }
}

pub(super) fn counters<'a>(report: &Report<'a>) -> Vec<CounterJson<'a>> {
    let counter = |(name, counter): (&'a str, &'a crate::model::Counter)| CounterJson {
        name,
        value: counter.value(),
        expected: (report.model.is_complete() && counter.has_expected()).then(|| counter.expected()),
        lost: (report.model.is_complete() && counter.has_expected()).then(|| counter.lost_updates()),
        swaps: (counter.swaps() != SwapCounts::default()).then(|| SwapsJson::from(counter.swaps())),
        copies: counter
            .private_copies()
            .map(|(worker, value)| (report.model.registry().worker_name(worker), value))
            .collect(),
    };
    report.counters().map(counter).collect()
}
