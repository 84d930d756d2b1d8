//! Differences between the setups of two sides: the program, its settings, the machine.

use std::collections::BTreeSet;

use super::run_report::{RunReport, ThresholdReport};
use super::side::{Side, different_settings};
use crate::trace::Span;
use crate::trace::format::{format_counted, format_percent};

/// A difference between two sides that explains other differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupDifference {
    /// What differs: `scenario`, `knob NAME`, `machine` and others.
    pub what: String,
    pub a: String,
    pub b: String,
}

/// Returns how the setups of two sides differ.
pub(super) fn setup_differences(a: &Side, b: &Side) -> Vec<SetupDifference> {
    let mut found = Vec::new();
    let mut compare = |what: &str, a: String, b: String| {
        if a != b {
            found.push(SetupDifference { what: what.to_owned(), a, b });
        }
    };
    let of = |side: &Side, value: &dyn Fn(&RunReport) -> String| -> String {
        let values: BTreeSet<String> = side.reports().map(value).collect();
        Vec::from_iter(values).join(" or ")
    };
    let both = |value: &dyn Fn(&RunReport) -> String| (of(a, value), of(b, value));
    let (scenario_a, scenario_b) = both(&|run| run.scenario.clone());
    compare("scenario", scenario_a, scenario_b);
    for (knob, a, b) in different_settings(a.first(), b.first()) {
        compare(&format!("knob {knob}"), a.to_owned(), b.to_owned());
    }
    for (what, value) in [
        ("workers", &worker_kinds as &dyn Fn(&RunReport) -> String),
        ("machine", &describe_machine),
        ("version of contend", &|run| run.contend.clone()),
        ("end", &|run| run.ended.clone()),
    ] {
        let (a, b) = both(value);
        compare(what, a, b);
    }
    let set: BTreeSet<&str> = [a, b].into_iter().flat_map(Side::reports).flat_map(threshold_ids).collect();
    for id in set {
        let default = [a, b].into_iter().flat_map(Side::reports).find_map(|run| threshold(run, id));
        let describe = |run: &RunReport| describe_threshold(threshold(run, id), default);
        let (a, b) = both(&describe);
        compare(&format!("threshold of {id}"), a, b);
    }
    let (muted_a, muted_b) = both(&describe_muted);
    compare("muted findings", muted_a, muted_b);
    found
}

fn threshold_ids(run: &RunReport) -> impl Iterator<Item = &str> {
    run.thresholds.iter().map(|threshold| threshold.finding.as_str())
}

fn threshold<'a>(run: &'a RunReport, id: &str) -> Option<&'a ThresholdReport> {
    run.thresholds.iter().find(|threshold| threshold.finding == id)
}

/// Returns the value of a threshold in one run; `other` is that of a run where it is set.
fn describe_threshold(of_run: Option<&ThresholdReport>, other: Option<&ThresholdReport>) -> String {
    let format = |value: f64, unit: &str| match unit {
        "share" => format_percent(value),
        "seconds" => Span((value.max(0.0) * 1e9) as u64).to_string(),
        _ => value.to_string(),
    };
    match (of_run, other) {
        (Some(set), _) => format(set.value, &set.unit),
        (None, Some(other)) => format!("{} (default)", format(other.default, &other.unit)),
        (None, None) => "default".to_owned(),
    }
}

fn describe_muted(run: &RunReport) -> String {
    if run.muted.is_empty() { "none".to_owned() } else { run.muted.join(", ") }
}

fn worker_kinds(run: &RunReport) -> String {
    let plural = |kind: &str| match kind {
        "process" => "processes".to_owned(),
        "async" => "tasks of an event loop".to_owned(),
        other => format!("{other}s"),
    };
    let kinds: BTreeSet<String> = run.workers.iter().map(|worker| plural(&worker.kind)).collect();
    Vec::from_iter(kinds).join(" and ")
}

fn describe_machine(run: &RunReport) -> String {
    let machine = &run.machine;
    let quota = machine.quota.map_or(String::new(), |quota| format!(", quota {quota:.1}"));
    format!("{} of {}{quota}, {}", machine.usable, format_counted(machine.cores as u64, "core"), machine.os)
}
