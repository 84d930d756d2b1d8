//! The members of the JSON report, in the order they are written.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::SwapCounts;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ReportJson<'a> {
    pub(super) schema: u32,
    pub(super) contend: &'static str,
    pub(super) scenario: &'a str,
    pub(super) title: &'a str,
    pub(super) params: BTreeMap<&'a str, String>,
    pub(super) machine: MachineJson<'a>,
    pub(super) elapsed_s: f64,
    pub(super) limit_s: Option<f64>,
    pub(super) over_limit_s: Option<f64>,
    #[cfg_attr(test, schemars(extend("enum" = ["completed", "time", "deadlock", "stall", "stopped", "crashed"])))]
    pub(super) ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a str>,
    pub(super) events: EventsJson,
    pub(super) workers: Vec<WorkerJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gone: Option<GoneJson<'a>>,
    pub(super) locks: Vec<LockJson<'a>>,
    pub(super) who_costs_whom: WhoCostsWhomJson<'a>,
    pub(super) queues: Vec<QueueJson<'a>>,
    pub(super) pools: Vec<PoolJson<'a>>,
    pub(super) pipes: Vec<PipeJson<'a>>,
    pub(super) signals: Vec<SignalsJson<'a>>,
    pub(super) counters: Vec<CounterJson<'a>>,
    pub(super) cpu: CpuJson,
    pub(super) deadlocks: Vec<DeadlockJson<'a>>,
    pub(super) stalls: Vec<StallJson<'a>>,
    pub(super) marks: Vec<MarkJson<'a>>,
    pub(super) failures: FailuresJson<'a>,
    pub(super) findings: Vec<FindingJson<'a>>,
    pub(super) muted_findings: usize,
    pub(super) expectations: Vec<ExpectationJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MachineJson<'a> {
    pub(super) cores: usize,
    pub(super) usable: usize,
    pub(super) quota: Option<f64>,
    pub(super) os: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EventsJson {
    pub(super) recorded: u64,
    pub(super) lost: u64,
    pub(super) complete: bool,
    pub(super) anomalies: u64,
    pub(super) undeclared: u64,
    pub(super) recovered: u64,
    pub(super) in_part: u64,
    pub(super) borne_out: u64,
    pub(super) disagreements: u64,
    pub(super) per_second: f64,
    pub(super) ns_each: f32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WorkerJson<'a> {
    pub(super) name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async"])))]
    pub(super) kind: &'static str,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) ended: Option<String>,
    pub(super) tasks: u64,
    pub(super) lives: u32,
    pub(super) commands: CommandsJson,
    /// None where the system does not report it.
    pub(super) alive_s: f64,
    pub(super) share: BTreeMap<&'static str, Option<f64>>,
}

/// Sums of what an open registry had and lost.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneJson<'a> {
    pub(super) workers: Vec<GoneWorkersJson<'a>>,
    pub(super) resources: Vec<GoneResourcesJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneWorkersJson<'a> {
    pub(super) group: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async"])))]
    pub(super) kind: &'static str,
    pub(super) workers: u64,
    pub(super) lives: u64,
    pub(super) crashes: u64,
    pub(super) tasks: u64,
    pub(super) first_began_s: Option<f64>,
    pub(super) last_ended_s: f64,
    pub(super) alive_s: f64,
    pub(super) share: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneResourcesJson {
    pub(super) kind: &'static str,
    pub(super) resources: u64,
    pub(super) acquired: u64,
    pub(super) contended: u64,
    pub(super) waited_s: f64,
    pub(super) held_s: f64,
    pub(super) items: u64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CommandsJson {
    pub(super) ended: u64,
    pub(super) failed: u64,
    pub(super) cpu_s: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MarkJson<'a> {
    pub(super) at_s: f64,
    pub(super) text: std::borrow::Cow<'a, str>,
    /// None for a mark of the user.
    pub(super) worker: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailuresJson<'a> {
    pub(super) total: u64,
    pub(super) first: Vec<FailureJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailureJson<'a> {
    pub(super) at_s: f64,
    pub(super) worker: &'a str,
    pub(super) what: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LockJson<'a> {
    pub(super) name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = super::LOCK_KINDS)))]
    pub(super) kind: &'static str,
    pub(super) acquired: u64,
    pub(super) contended: u64,
    pub(super) gave_up: u64,
    pub(super) waiting: usize,
    pub(super) orphaned: u64,
    pub(super) wait_ms: DurationsJson,
    pub(super) held_ms: DurationsJson,
    pub(super) fairness: Option<f64>,
}

/// Waiting time by waiter, and by waiter and the worker that was waited for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WhoCostsWhomJson<'a> {
    pub(super) waiters: Vec<WaiterCostJson<'a>>,
    pub(super) pairs: Vec<PairCostJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaiterCostJson<'a> {
    pub(super) name: &'a str,
    pub(super) waited_ms: f64,
    pub(super) handoff_ms: f64,
    pub(super) wakeup_ms: f64,
    pub(super) others_ms: f64,
    pub(super) unknown_ms: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PairCostJson<'a> {
    pub(super) waiter: &'a str,
    pub(super) holder: &'a str,
    pub(super) waited_ms: f64,
    pub(super) ms_per_s: f64,
    pub(super) holder_running_ms: f64,
    pub(super) holder_ready_ms: f64,
    pub(super) holder_waiting_ms: f64,
    pub(super) holder_unknown_ms: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct QueueJson<'a> {
    pub(super) name: &'a str,
    pub(super) capacity: u32,
    /// If its items have priorities, the lowest first.
    pub(super) priorities: Vec<PriorityJson>,
    pub(super) put: u64,
    pub(super) taken: u64,
    pub(super) gave_up: u64,
    pub(super) depth: DepthJson,
    pub(super) wait_ms: Option<DurationsJson>,
}

/// The items of one priority in a queue.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PriorityJson {
    pub(super) priority: u64,
    pub(super) put: u64,
    pub(super) taken: u64,
    /// How long the taken items stayed.
    pub(super) stay_ms: DurationsJson,
}

/// A pipe: capacity and depth in bytes, sent and received in messages.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PipeJson<'a> {
    pub(super) name: &'a str,
    pub(super) capacity: u32,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) depth: DepthJson,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DepthJson {
    pub(super) mean: f64,
    pub(super) max: u32,
    pub(super) last: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PoolJson<'a> {
    pub(super) name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async"])))]
    pub(super) of: &'static str,
    pub(super) workers: u32,
    pub(super) submitted: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) rejected: u64,
    pub(super) retried: u64,
    pub(super) cancelled: u64,
    pub(super) lost: u64,
    pub(super) open: u64,
    pub(super) stolen: u64,
    /// Tasks that workers ran while they waited for a result.
    pub(super) helped: u64,
    pub(super) unseen: u64,
    pub(super) results: Option<ResultsJson>,
    pub(super) throughput_per_s: f64,
    pub(super) service_ms: DurationsJson,
    pub(super) response_ms: DurationsJson,
    pub(super) utilization: f64,
    pub(super) handover: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ResultsJson {
    pub(super) there: u64,
    pub(super) read: u64,
    pub(super) gave_up: u64,
    pub(super) held_max: u32,
    pub(super) first_there_s: Option<f64>,
    pub(super) first_read_s: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CounterJson<'a> {
    pub(super) name: &'a str,
    pub(super) value: i64,
    pub(super) expected: Option<i64>,
    pub(super) lost: Option<i64>,
    /// Private copies by worker process.
    pub(super) copies: BTreeMap<&'a str, i64>,
    pub(super) swaps: Option<SwapsJson>,
}

/// A condition, an event, a barrier, a wait group or a latch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SignalsJson<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'static str,
    pub(super) sent: u64,
    pub(super) unused: u64,
    pub(super) woken: u64,
    pub(super) gave_up: u64,
    pub(super) count: Option<u32>,
}

/// Compare-and-sets of a counter.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SwapsJson {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
}

impl From<SwapCounts> for SwapsJson {
    fn from(SwapCounts { succeeded, failed }: SwapCounts) -> Self {
        Self { succeeded, failed }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CpuJson {
    pub(super) cores: Vec<Option<f64>>,
    pub(super) run: Option<f64>,
    pub(super) viewer: Option<f64>,
    pub(super) others: Option<f64>,
    pub(super) run_queue_delay_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DeadlockJson<'a> {
    pub(super) at_s: f64,
    pub(super) ring: Vec<DeadlockLinkJson<'a>>,
    pub(super) victims: Vec<&'a str>,
    #[cfg_attr(test, schemars(extend("enum" = ["numbered", "observed"])))]
    pub(super) evidence: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DeadlockLinkJson<'a> {
    pub(super) worker: &'a str,
    pub(super) holds: &'a str,
    pub(super) wants: &'a str,
    pub(super) in_line: bool,
    pub(super) waits_for: Vec<&'a str>,
    pub(super) since_s: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StallJson<'a> {
    pub(super) at_s: f64,
    pub(super) workers: Vec<StalledWorkerJson<'a>>,
    #[cfg_attr(test, schemars(extend("enum" = ["numbered"])))]
    pub(super) evidence: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StalledWorkerJson<'a> {
    pub(super) worker: &'a str,
    pub(super) waits_for: Option<&'a str>,
    pub(super) alternatives: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FindingJson<'a> {
    #[cfg_attr(test, schemars(extend("enum" = crate::model::Finding::IDS)))]
    pub(super) id: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["note", "warning", "error"])))]
    pub(super) severity: &'static str,
    pub(super) sentence: &'a str,
    pub(super) evidence: &'a str,
    pub(super) cure: &'a str,
    pub(super) count: u32,
    pub(super) at_s: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ExpectationJson<'a> {
    pub(super) text: &'a str,
    pub(super) seen: bool,
    pub(super) evidence: &'a str,
    /// Why the expectation could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_judged: Option<String>,
}

/// Durations in milliseconds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DurationsJson {
    pub(super) count: u64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
    pub(super) total: f64,
}
