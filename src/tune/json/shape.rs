//! The members of a tuning's JSON output, in the order they are written.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TuningJson<'a> {
    pub(super) schema: u32,
    pub(super) contend: &'static str,
    pub(super) scenario: &'a str,
    pub(super) knob: &'a str,
    /// The unit of work: `task`, `item` and so on.
    #[cfg_attr(test, schemars(extend("enum" = ["task", "change", "item", "acquisition", "run"])))]
    pub(super) unit: &'static str,
    pub(super) asked: RequestJson<'a>,
    pub(super) machine: PreflightJson,
    pub(super) elapsed_s: f64,
    pub(super) cut: Option<&'static str>,
    pub(super) sentence: String,
    pub(super) answer: Option<AnswerJson>,
    pub(super) best: Option<f64>,
    pub(super) alike: Vec<f64>,
    pub(super) bottleneck: Option<BottleneckJson>,
    pub(super) because: Vec<String>,
    pub(super) doubts: Vec<String>,
    pub(super) levels: Vec<LevelJson>,
    pub(super) confirmed: Vec<LevelJson>,
    pub(super) holds: Option<bool>,
    pub(super) long: Option<LongRunJson>,
    pub(super) untraced_s: Vec<f64>,
    pub(super) changes: Option<DriftJson>,
    pub(super) open_loop: Vec<OpenLoopJson>,
    pub(super) guesses: Vec<EstimateJson>,
    pub(super) trace: Option<TraceJson>,
}

/// A trace that was replayed, in its own times.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TraceJson {
    pub(super) requests: u64,
    pub(super) secs: f64,
    pub(super) replayed: u64,
    pub(super) from_s: Option<f64>,
    pub(super) to_s: Option<f64>,
    pub(super) speed: f64,
    pub(super) arrivals_per_second: f64,
    pub(super) service_ms: f64,
    pub(super) mmc_workers: Option<u32>,
    pub(super) mdc_workers: Option<u32>,
    pub(super) theory: Vec<TheoryJson>,
}

/// What queueing theory expects of a level; `null` where the queue grows without limit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TheoryJson {
    pub(super) value: f64,
    pub(super) utilization: f64,
    pub(super) mmc_wait_ms: Option<f64>,
    pub(super) mmc_p99_ms: Option<f64>,
    pub(super) mdc_wait_ms: Option<f64>,
    pub(super) mdc_p99_ms: Option<f64>,
    pub(super) measured_p99_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RequestJson<'a> {
    pub(super) over: [f64; 2],
    pub(super) epsilon: f64,
    pub(super) p99_ms: Option<f64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) arrivals_per_second: Option<f64>,
    pub(super) command: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PreflightJson {
    pub(super) cores: f64,
    pub(super) others: Option<f64>,
    pub(super) clock_ghz: Option<[f64; 2]>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AnswerJson {
    #[cfg_attr(test, schemars(extend("enum" = [
        "number", "range", "rising", "flat", "elsewhere", "keeps-up", "unsettled", "falls-behind", "too-noisy",
        "broken", "refused"
    ])))]
    pub(super) kind: &'static str,
    pub(super) level: Option<f64>,
    pub(super) from: Option<f64>,
    pub(super) to: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BottleneckJson {
    #[cfg_attr(test, schemars(extend("enum" = ["used-up", "feeder", "waits", "unknown"])))]
    pub(super) kind: &'static str,
    pub(super) of: Option<String>,
    pub(super) share: Option<f64>,
    pub(super) per_second: Option<f64>,
    pub(super) each_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LevelJson {
    pub(super) value: f64,
    pub(super) shown: String,
    pub(super) per_second: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
    pub(super) of_best: Option<[f64; 3]>,
    #[cfg_attr(test, schemars(extend("enum" = ["enough", "worse", "undecided", "refused"])))]
    pub(super) standing: &'static str,
    pub(super) failures: Vec<String>,
    pub(super) repetitions: Vec<RepetitionJson>,
    pub(super) steady: Vec<RepetitionJson>,
    pub(super) disturbed: Vec<RepetitionJson>,
}

/// A repetition. `docs/tune.md` says which members are per unit of work.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RepetitionJson {
    pub(super) secs: f64,
    pub(super) run_s: Option<f64>,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) per_second: f64,
    pub(super) slices_per_second: Vec<f64>,
    pub(super) service_ms: Option<PercentilesJson>,
    pub(super) response_ms: Option<PercentilesJson>,
    pub(super) cpu_ms: f64,
    pub(super) run_queue_ms: f64,
    pub(super) handover_ms: f64,
    pub(super) each_ms: BTreeMap<&'static str, f64>,
    pub(super) locks: Vec<LockUsageJson>,
    pub(super) utilization: f64,
    pub(super) cores: f64,
    pub(super) others: Option<f64>,
    pub(super) speed: Option<f64>,
    pub(super) switches: [f64; 2],
    pub(super) memory_bytes: u64,
    pub(super) lost_events: u64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PercentilesJson {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LockUsageJson {
    pub(super) name: String,
    pub(super) room: u32,
    pub(super) held: f64,
    pub(super) waited_ms: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct OpenLoopJson {
    pub(super) value: f64,
    pub(super) load: f64,
    pub(super) due_per_second: f64,
    pub(super) repetition: Option<RepetitionJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LongRunJson {
    pub(super) value: f64,
    pub(super) repetition: RepetitionJson,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DriftJson {
    #[cfg_attr(test, schemars(extend("enum" = ["halves", "later"])))]
    pub(super) kind: &'static str,
    pub(super) ratio: f64,
    pub(super) first_s: f64,
    pub(super) secs: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EstimateJson {
    pub(super) value: f64,
    pub(super) from: String,
    pub(super) sentence: String,
}
