//! Single members of the JSON report.

use serde_json::Value;

use super::shape::{FindingJson, MachineJson};
use super::{
    costs, counters, cpu, events, failures, locks, marks, pipes, pools, queues, signals, stuck_workers, workers,
};
use crate::report::Report;
use crate::scenario::{PathSegment, ReportPath};

/// Returns the member at a path.
///
/// # Errors
///
/// Says what the report of this run lacks, such as an element of a list.
pub(in crate::report) fn report_member(report: &Report<'_>, path: &ReportPath) -> Result<Value, String> {
    let mut segments = path.segments.iter();
    let Some(PathSegment::Member(first)) = segments.next() else { return Err("the path is empty".to_owned()) };
    let mut value = section(report, first).map_err(|error| error.to_string())?;
    for segment in segments {
        let next = match (segment, value) {
            (PathSegment::Length, Value::Array(list)) => Some(list.len().into()),
            (PathSegment::Member(name), Value::Object(mut members)) => members.remove(name),
            (PathSegment::Index(at), Value::Array(list)) => list.into_iter().nth(*at),
            (PathSegment::Named(name), Value::Array(list)) => list.into_iter().find(|element| is_named(element, name)),
            (PathSegment::Member(_), Value::Null) => Some(Value::Null),
            _ => None,
        };
        value = next.ok_or_else(|| match segment {
            PathSegment::Member(name) => format!("{path}: there is no `{name}`"),
            PathSegment::Index(at) => format!("{path}: the list has no element {at}"),
            PathSegment::Named(name) => format!("{path}: the list has no `{name}`"),
            PathSegment::Length => format!("{path} is no list"),
        })?;
    }
    Ok(value)
}

fn is_named(element: &Value, name: &str) -> bool {
    ["name", "id"].into_iter().any(|key| element.get(key).and_then(Value::as_str) == Some(name))
}

/// Returns one member at the top of the report.
fn section(report: &Report<'_>, name: &str) -> serde_json::Result<Value> {
    use serde_json::to_value;
    match name {
        "machine" => to_value(MachineJson::from(report.machine)),
        "elapsed_s" => to_value(report.ended_at.as_secs_f64()),
        "ended" => to_value(report.ended.word()),
        "events" => to_value(events(report)),
        "workers" => to_value(workers(report)),
        "locks" => to_value(locks(report)),
        "who_costs_whom" => to_value(costs::who_costs_whom(report)),
        "queues" => to_value(queues(report)),
        "pools" => to_value(pools(report)),
        "pipes" => to_value(pipes(report)),
        "counters" => to_value(counters(report)),
        "cpu" => to_value(cpu(report)),
        "deadlocks" => to_value(stuck_workers::deadlocks(report)),
        "stalls" => to_value(stuck_workers::stalls(report)),
        "failures" => to_value(failures(report)),
        "marks" => to_value(marks(report)),
        "signals" => to_value(signals(report)),
        "muted_findings" => to_value(report.muted),
        "findings" => to_value(report.findings.iter().map(FindingJson::from).collect::<Vec<_>>()),
        _ => Ok(Value::Null),
    }
}
