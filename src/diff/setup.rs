//! Differences between the setups of two sides: what was run, how, and where.

use std::collections::BTreeSet;

use super::run_report::RunReport;
use super::side::{Side, different_settings};
use crate::trace::format::format_counted;

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
    found
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
