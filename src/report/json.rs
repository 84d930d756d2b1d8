//! The JSON report, version 1. `docs/report.md` describes it. Fields may be added, but never renamed.

mod costs;
mod gone;
mod member;
mod shape;
mod stuck_workers;

use shape::{
    CommandsJson, CounterJson, CpuJson, DepthJson, DurationsJson, EventsJson, ExpectationJson, FailureJson,
    FailuresJson, FindingJson, LockJson, MachineJson, MarkJson, PipeJson, PoolJson, PriorityJson, QueueJson,
    ReportJson, ResultsJson, SignalsJson, SwapsJson, WorkerJson,
};

use crate::model::{DurationStats, Finding, SwapCounts};
use crate::platform::Machine;
use crate::trace::{ResourceId, RunEnd, Span, Stamp, State};

use super::endings;
use super::{Report, Verdict};

pub(super) use member::report_member;

/// Version of the object's shape.
const SCHEMA_VERSION: u32 = 1;

/// States whose share of a worker's time the report has.
const SHARE_STATES: [State; 9] = [
    State::Running,
    State::Ready,
    State::Lock,
    State::Empty,
    State::Full,
    State::Signal,
    State::Io,
    State::Handover,
    State::Sleep,
];

/// Returns the report as pretty-printed JSON with a newline at the end.
pub fn report_json(report: &Report<'_>) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&ReportJson::of(report))? + "\n")
}

impl From<&DurationStats> for DurationsJson {
    fn from(times: &DurationStats) -> Self {
        let at = |p| Span(times.percentile_ns(p)).as_millis_f64();
        Self {
            count: times.count(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            max: Span(times.max_ns()).as_millis_f64(),
            total: Span(times.total_ns()).as_millis_f64(),
        }
    }
}

impl From<&crate::model::Results> for ResultsJson {
    fn from(results: &crate::model::Results) -> Self {
        let (there, read) = results.first_times();
        Self {
            there: results.unread().put_count(),
            read: results.read_count(),
            gave_up: results.timeouts(),
            held_max: results.unread().max_depth(),
            first_there_s: there.map(Stamp::as_secs_f64),
            first_read_s: read.map(Stamp::as_secs_f64),
        }
    }
}

impl<'a> ReportJson<'a> {
    fn of(report: &Report<'a>) -> Self {
        Self {
            schema: SCHEMA_VERSION,
            contend: env!("CARGO_PKG_VERSION"),
            scenario: &report.scenario.name,
            title: &report.scenario.title,
            params: report.knob_values().collect(),
            machine: MachineJson::from(report.machine),
            elapsed_s: report.ended_at.as_secs_f64(),
            limit_s: report.time_limit.map(Span::as_secs_f64),
            over_limit_s: report.overrun().map(Span::as_secs_f64),
            ended: report.ended.word(),
            error: match report.ended {
                RunEnd::Crashed(how) => Some(how),
                _ => None,
            },
            events: events(report),
            workers: workers(report),
            gone: gone::gone(report),
            locks: locks(report),
            who_costs_whom: costs::who_costs_whom(report),
            queues: queues(report),
            pools: pools(report),
            pipes: pipes(report),
            signals: signals(report),
            counters: counters(report),
            cpu: cpu(report),
            deadlocks: stuck_workers::deadlocks(report),
            stalls: stuck_workers::stalls(report),
            marks: marks(report),
            failures: failures(report),
            findings: report.findings.iter().map(FindingJson::from).collect(),
            muted_findings: report.muted,
            expectations: report.verdicts.iter().map(ExpectationJson::from).collect(),
        }
    }
}

impl<'a> From<&'a Machine> for MachineJson<'a> {
    fn from(machine: &'a Machine) -> Self {
        Self { cores: machine.cores, usable: machine.usable, quota: machine.quota, os: &machine.os }
    }
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity.label(),
            sentence: &finding.sentence,
            evidence: &finding.evidence,
            cure: &finding.fix,
            count: finding.subject.map_or(1, crate::model::FindingSubject::count),
            at_s: finding.at.map(Stamp::as_secs_f64),
        }
    }
}

impl<'a> From<&'a Verdict> for ExpectationJson<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let (text, evidence) = (&verdict.text, &verdict.evidence);
        Self { text, seen: verdict.is_seen(), evidence, not_judged: verdict.not_judged_reason() }
    }
}

fn events(report: &Report<'_>) -> EventsJson {
    let health = report.model.health();
    let secs = report.ended_at.as_secs_f64();
    EventsJson {
        recorded: health.events,
        lost: health.lost,
        complete: report.model.is_complete(),
        anomalies: health.anomalies,
        undeclared: health.undeclared,
        recovered: health.recovered,
        in_part: health.partially_recovered,
        borne_out: health.confirmed_verdicts,
        disagreements: health.disagreements,
        per_second: if secs > 0.0 { health.events as f64 / secs } else { 0.0 },
        ns_each: health.ns_per_event,
    }
}

fn workers<'a>(report: &Report<'a>) -> Vec<WorkerJson<'a>> {
    let worker = |(_, info, lane): (_, &'a crate::trace::WorkerInfo, &'a crate::model::Lane)| {
        let totals = lane.total_state_times(report.ended_at);
        let known = |state| state != State::Ready || totals.get(state) > 0 || report.model.has_ready_times();
        WorkerJson {
            name: &info.name,
            kind: info.kind.word(),
            pid: lane.pid(),
            tid: lane.tid(),
            ended: lane.ending().as_ref().map(endings::describe_ending),
            tasks: lane.ended_tasks(),
            lives: lane.life_count(),
            commands: commands(lane.commands()),
            alive_s: Span(totals.alive_ns()).as_secs_f64(),
            share: SHARE_STATES
                .into_iter()
                .map(|state| (state.word(), known(state).then(|| totals.share(state))))
                .collect(),
        }
    };
    report.workers().map(worker).collect()
}

fn commands(of: crate::model::CommandStats) -> CommandsJson {
    CommandsJson { ended: of.ended, failed: of.failed, cpu_s: of.cpu.as_secs_f64() }
}

fn marks<'a>(report: &Report<'a>) -> Vec<MarkJson<'a>> {
    let registry = report.model.registry();
    let mark = |mark: crate::model::NamedMark<'a>| MarkJson {
        at_s: mark.at.as_secs_f64(),
        text: mark.text,
        worker: mark.worker.map(|worker| registry.worker_name(worker)),
    };
    report.model.named_marks().into_iter().map(mark).collect()
}

fn failures<'a>(report: &Report<'a>) -> FailuresJson<'a> {
    let (failures, registry) = (report.model.failures(), report.model.registry());
    let failure = |failure: &'a crate::model::Failure| FailureJson {
        at_s: failure.at.as_secs_f64(),
        worker: registry.worker_name(failure.worker),
        what: &failure.message,
    };
    FailuresJson { total: failures.total(), first: failures.first_failures().iter().map(failure).collect() }
}

fn locks<'a>(report: &Report<'a>) -> Vec<LockJson<'a>> {
    let lock = |(name, kind, lock): (&'a str, _, &'a crate::model::Lock)| LockJson {
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
    };
    report.locks().map(lock).collect()
}

fn priority_json(priority: u8, items: &crate::model::PriorityItems) -> PriorityJson {
    let (put, taken) = (items.put_count(), items.taken_count());
    PriorityJson { priority: priority.into(), put, taken, stay_ms: items.stays().into() }
}

fn queues<'a>(report: &Report<'a>) -> Vec<QueueJson<'a>> {
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

fn pipes<'a>(report: &Report<'a>) -> Vec<PipeJson<'a>> {
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

fn pools<'a>(report: &Report<'a>) -> Vec<PoolJson<'a>> {
    let pool = |(info, pool): (&'a crate::trace::PoolInfo, &'a crate::model::Pool)| PoolJson {
        name: &info.name,
        of: info.worker_kind.word(),
        workers: pool.worker_count(),
        submitted: pool.submitted(),
        done: pool.done(),
        failed: pool.failed(),
        rejected: pool.rejected(),
        retried: pool.retried(),
        cancelled: pool.cancelled(),
        lost: pool.lost(),
        open: pool.open_tasks(),
        stolen: pool.stolen(),
        helped: pool.helped(),
        unseen: pool.unread_failures(),
        results: info.results.and_then(|id| report.model.results(id)).map(ResultsJson::from),
        throughput_per_s: report.throughput(pool),
        service_ms: pool.service_times().into(),
        response_ms: pool.response_times().into(),
        utilization: pool.utilization(Stamp::default(), report.ended_at, report.ended_at),
        handover: report.handover_share(pool),
    };
    report.pools().map(pool).collect()
}

fn signals<'a>(report: &Report<'a>) -> Vec<SignalsJson<'a>> {
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

fn counters<'a>(report: &Report<'a>) -> Vec<CounterJson<'a>> {
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

fn cpu(report: &Report<'_>) -> CpuJson {
    let cores = report.model.cores();
    let delay = report.workers().filter_map(|(_, _, lane)| lane.run_queue_delay()).reduce(u64::saturating_add);
    let load = report.model.cpu_load(Stamp::default(), report.ended_at);
    CpuJson {
        run: load.map(|load| load.run),
        viewer: load.map(|load| load.viewer),
        others: load.map(|load| load.others),
        cores: (0..cores.count()).map(|core| cores.mean_load(core).map(f64::from)).collect(),
        run_queue_delay_ms: delay.map(|delay| Span(delay).as_millis_f64()),
    }
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use serde_json::Value;

    use super::*;
    use crate::report::fixture::BankFixture;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};
    use crate::trace::{Message, Sample, Stamp};

    #[test]
    fn schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<ReportJson<'static>>(&SchemaSource {
            name: "report",
            title: "The report of a run of contend",
            document: include_str!("../../docs/report.md"),
            path_of_row: str::to_owned,
        });
    }

    /// Expectations name members of the report: this is the list that the checker knows.
    #[test]
    fn members_in_expectations_match_the_schema() {
        let schema: Value = serde_json::from_str(include_str!("../../docs/schema/report.json")).expect("JSON");
        let mut text = String::new();
        list_members(&schema, "", &mut text);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/scenario/src/check/expect/report_members.txt");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &text).expect("written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == text, "{path} is stale; UPDATE_DOCS=1 cargo test --lib schema writes it");
    }

    /// Members that are known before a run, or are about its expectations.
    const NOT_DECIDED: [&str; 10] = [
        "contend",
        "error",
        "expectations",
        "gone",
        "limit_s",
        "over_limit_s",
        "params",
        "scenario",
        "schema",
        "title",
    ];

    /// Writes a line for each member that is a value: its path, and `number`, `text`, `boolean` or its words.
    fn list_members(schema: &Value, path: &str, out: &mut String) {
        // A nullable object is `anyOf` two schemas.
        let schema = schema.get("anyOf").map_or(schema, |any| &any[0]);
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match kind.expect("a type") {
            "object" => {
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    if path.is_empty() && NOT_DECIDED.contains(&name.as_str()) {
                        continue;
                    }
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    list_members(member, &path, out);
                }
                if let Some(each) = schema.get("additionalProperties").filter(|each| each.is_object()) {
                    list_members(each, &format!("{path}.*"), out);
                }
            }
            "array" => list_members(&schema["items"], &format!("{path}[]"), out),
            kind => {
                let words = schema.get("enum").and_then(Value::as_array);
                let kind = match (words, kind) {
                    (Some(words), _) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
                    (None, "string") => "text".to_owned(),
                    (None, "integer") => "number".to_owned(),
                    (None, kind) => kind.to_owned(),
                };
                let _ = writeln!(out, "{path} {kind}");
            }
        }
    }

    /// Every member that the checker knows can be read from a report.
    #[test]
    fn sections_in_expectations_are_read_as_they_are_written() {
        let bank = BankFixture::new();
        let (report, whole) = (bank.report(), report_json(&bank.report()).unwrap());
        let whole: Value = serde_json::from_str(&whole).unwrap();
        let members = include_str!("../../crates/scenario/src/check/expect/report_members.txt");
        for name in members.lines().map(|line| line.split(['.', '[', ' ']).next().unwrap()) {
            let segments = vec![crate::scenario::PathSegment::Member(name.to_owned())];
            let path =
                crate::scenario::ReportPath { segments, value: crate::scenario::ReportValue::Number, scale: 1.0 };
            assert_eq!(report_member(&report, &path).as_ref(), Ok(&whole[name]), "{name}");
        }
    }

    #[test]
    fn json_figures_match_the_run() {
        let value: Value = serde_json::from_str(&report_json(&BankFixture::new().report()).unwrap()).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["ended"], "deadlock");
        assert_eq!(value["params"]["hold"], "1ms");
        assert_eq!(value["locks"][0]["acquired"], 3);
        assert_eq!(value["counters"][0]["value"], 2);
        assert_eq!(value["pools"][0]["done"], 19);
        assert_eq!(value["pools"][0]["failed"], 1);
        assert_eq!(value["deadlocks"][0]["ring"].as_array().unwrap().len(), 2);
        let shares = value["workers"][0]["share"].as_object().unwrap();
        let whole: f64 = shares.values().map(|share| share.as_f64().unwrap()).sum();
        assert!((whole - 1.0).abs() < 1e-9, "the shares of a worker make a whole, not {whole}");
    }

    #[test]
    fn cores_are_in_numeric_order_and_missing_cores_are_null() {
        let mut bank = BankFixture::new();
        let load = |core: u16| (core != 77).then(|| f32::from(core) / 256.0);
        for at in (1..=20).map(|tenth| Stamp(0) + Span::from_millis(1_000 + tenth * 100)) {
            bank.model.apply(&Message::Sample(Sample::Cores { at, load: (0..256).map(load).collect() }));
        }
        let value: Value = serde_json::from_str(&report_json(&bank.report()).unwrap()).unwrap();
        let cores = value["cpu"]["cores"].as_array().unwrap();
        assert_eq!(cores.len(), 256);
        let means: Vec<f64> = cores.iter().filter_map(Value::as_f64).collect();
        assert_eq!((means.len(), &cores[77]), (255, &Value::Null));
        assert!(means[4..].is_sorted() && means[254] > 0.9, "{means:?}"); // the first four had other loads before
    }

    /// Returns all ways a run can end. A new variant does not compile until it is added here.
    fn all_run_ends() -> Vec<RunEnd> {
        let next = |end: &RunEnd| match end {
            RunEnd::Completed => Some(RunEnd::Time),
            RunEnd::Time => Some(RunEnd::Deadlock),
            RunEnd::Deadlock => Some(RunEnd::Stall),
            RunEnd::Stall => Some(RunEnd::Stopped),
            RunEnd::Stopped => Some(RunEnd::Crashed(String::new())),
            RunEnd::Crashed(_) => None,
        };
        std::iter::successors(Some(RunEnd::Completed), next).collect()
    }

    #[test]
    fn every_way_a_run_ends_is_documented() {
        for (document, member) in [
            (include_str!("../../docs/report.md"), "| `ended` |"),
            (include_str!("../../docs/tests.md"), "| `scenarios[].runs[].ended` |"),
        ] {
            let row = document.lines().find_map(|line| line.strip_prefix(member)).expect("a row");
            for end in all_run_ends() {
                assert!(row.contains(&format!("`{}`", end.word())), "{member} does not name {end:?}: {row}");
            }
            let documented = row.split('`').skip(1).step_by(2).filter(|word| !word.contains('.')).count();
            assert_eq!(documented, all_run_ends().len(), "{member} names an unknown end: {row}");
        }
    }

    #[test]
    fn failed_run_has_an_error_message() {
        let mut bank = BankFixture::new();
        bank.ended = RunEnd::Crashed("the runner was ended by SIGKILL".to_owned());
        let value: Value = serde_json::from_str(&report_json(&bank.report()).unwrap()).unwrap();
        assert_eq!(value["ended"], "crashed");
        assert_eq!(value["error"], "the runner was ended by SIGKILL");
    }
}
