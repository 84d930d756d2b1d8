//! The sections of the JSON report, in the order they are written.
//!
//! One table lists them for the whole report and for a single section of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::answer::{self, AnswerJson};
use super::circumstances::{self, CpuJson, EventsJson, MachineJson};
use super::costs::{self, WhoCostsWhomJson};
use super::gone::{self, GoneJson};
use super::incidents::{self, ExpectationJson, FailuresJson, FindingJson, MarkJson};
use super::pools::{self, PoolJson};
use super::resources::{self, CounterJson, LockJson, PipeJson, QueueJson, SignalsJson};
use super::stuck_workers::{self, DeadlockJson, StallJson};
use super::transfers::{self, TransferJson};
use super::workers::{self, WorkerJson};
use crate::report::Report;
use crate::report::finding_options::{ThresholdJson, distinct, thresholds_json};
use crate::trace::{RunEnd, Span};

/// Version of the object's shape.
const SCHEMA_VERSION: u32 = 1;

/// Defines the report and the access to one of its sections from one table. A row is the section's name, its type and
/// its value.
macro_rules! report_sections {
    ($report:ident; $($(#[$attribute:meta])* $name:ident: $type:ty = $value:expr;)+) => {
        #[derive(Debug, Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub(super) struct ReportJson<'a> {
            $($(#[$attribute])* $name: $type,)+
        }

        impl<'a> ReportJson<'a> {
            pub(super) fn of($report: &Report<'a>) -> Self {
                Self { $($name: $value,)+ }
            }
        }

        /// Computes one section and no other. The value of an unknown one is null.
        pub(super) fn section<'a>($report: &Report<'a>, name: &str) -> serde_json::Result<Value> {
            $(if name == stringify!($name) {
                let value: $type = $value;
                return serde_json::to_value(value);
            })+
            Ok(Value::Null)
        }
    };
}

report_sections! { report;
    schema: u32 = SCHEMA_VERSION;
    contend: &'static str = env!("CARGO_PKG_VERSION");
    scenario: &'a str = &report.scenario.name;
    title: &'a str = &report.scenario.title;
    params: BTreeMap<&'a str, String> = report.knob_values().collect();
    machine: MachineJson<'a> = circumstances::machine(report);
    elapsed_s: f64 = report.ended_at.as_secs_f64();
    limit_s: Option<f64> = report.time_limit.map(Span::as_secs_f64);
    over_limit_s: Option<f64> = report.overrun().map(Span::as_secs_f64);
    #[cfg_attr(test, schemars(extend("enum" = ["completed", "time", "deadlock", "stall", "stopped", "crashed"])))]
    ended: &'static str = report.ended.word();
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str> = match report.ended {
        RunEnd::Crashed(how) => Some(how),
        _ => None,
    };
    events: EventsJson = circumstances::events(report);
    workers: Vec<WorkerJson<'a>> = workers::workers(report);
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<GoneJson<'a>> = gone::gone(report);
    locks: Vec<LockJson<'a>> = resources::locks(report);
    who_costs_whom: WhoCostsWhomJson<'a> = costs::who_costs_whom(report);
    queues: Vec<QueueJson<'a>> = resources::queues(report);
    pools: Vec<PoolJson<'a>> = pools::pools(report);
    pipes: Vec<PipeJson<'a>> = resources::pipes(report);
    transfers: Vec<TransferJson<'a>> = transfers::transfers(report);
    signals: Vec<SignalsJson<'a>> = resources::signals(report);
    counters: Vec<CounterJson<'a>> = resources::counters(report);
    cpu: CpuJson = circumstances::cpu(report);
    deadlocks: Vec<DeadlockJson<'a>> = stuck_workers::deadlocks(report);
    stalls: Vec<StallJson<'a>> = stuck_workers::stalls(report);
    marks: Vec<MarkJson<'a>> = incidents::marks(report);
    notes: &'a [String] = report.model.notes();
    failures: FailuresJson<'a> = incidents::failures(report);
    findings: Vec<FindingJson<'a>> = report.findings.iter().map(FindingJson::from).collect();
    muted_findings: usize = report.muted.len();
    muted: Vec<&'static str> = distinct(&report.muted_ids());
    thresholds: Vec<ThresholdJson> = thresholds_json(report.model.thresholds());
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerJson<'a>> = answer::answer(report);
    expectations: Vec<ExpectationJson<'a>> = report.verdicts.iter().map(ExpectationJson::from).collect();
}
