//! Whether a run showed what its scenario says it must show.

use crate::model::{Finding, Model};
use crate::scenario::{Claim, Compare, Expect, Metric, Scenario, Settings, Subject};
use crate::trace::{Span, Stamp};

use super::measure::{measure, shown};
use super::words::listed;

/// Two values are equal when they differ by no more than this part of the expected one: rounding, not leeway.
const SAME: f64 = 1e-9;

/// What became of one expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The expectation as written.
    pub text: String,
    pub seen: bool,
    /// The figures it rests on.
    pub evidence: String,
}

/// Judges every expectation that applies to these settings, in the order of the file.
pub fn judge(model: &Model, scenario: &Scenario, settings: &Settings, now: Stamp) -> Vec<Verdict> {
    let findings = model.findings(now);
    let applies = |expect: &&Expect| expect.when.iter().all(|(knob, value)| same(settings.number(*knob), *value));
    let weigh = |expect: &Expect| {
        let (seen, evidence) = match &expect.claim {
            Claim::Deadlock { within } => deadlock(model, within.map(|ns| Span(ns as u64))),
            Claim::NoDeadlock => no_deadlock(model),
            Claim::Finding { id, seen } => finding(&findings, id, *seen),
            Claim::Measure { metric, of, compare, value } => {
                let measured = figure(model, scenario, *metric, of, now, (*compare, *value));
                measured.unwrap_or_else(|why| (false, format!("cannot be measured: {why}")))
            }
        };
        Verdict { text: expect.text.clone(), seen, evidence }
    };
    scenario.expects.iter().filter(applies).map(weigh).collect()
}

fn deadlock(model: &Model, within: Option<Span>) -> (bool, String) {
    let Some(deadlock) = model.deadlock() else { return (false, "no deadlock was found".to_owned()) };
    let names: Vec<&str> = deadlock.set.iter().map(|worker| model.cast().worker_name(*worker)).collect();
    let after = deadlock.at.since(Stamp::default());
    let evidence = format!("{} can never go on, {after} after the start", listed(&names));
    match within {
        Some(limit) if after > limit => (false, format!("{evidence}; {limit} was the limit")),
        _ => (true, evidence),
    }
}

fn no_deadlock(model: &Model) -> (bool, String) {
    let (found, evidence) = deadlock(model, None);
    (!found, evidence)
}

fn finding(findings: &[Finding], id: &str, wanted: bool) -> (bool, String) {
    match findings.iter().find(|finding| finding.id == id) {
        Some(found) => (wanted, format!("{id}: {}", found.sentence)),
        None => (!wanted, format!("no finding `{id}` was made")),
    }
}

fn figure(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &Subject,
    now: Stamp,
    (compare, due): (Compare, f64),
) -> Result<(bool, String), String> {
    let found = measure(model, scenario, metric, of, now)?;
    let (seen, word) = match compare {
        Compare::Above => (found.value > due, "more than"),
        Compare::Below => (found.value < due, "less than"),
        Compare::Equals => (same(found.value, due), "exactly"),
    };
    let missed = if seen { String::new() } else { format!("; {word} {} was expected", shown(metric, due)) };
    Ok((seen, found.evidence + &missed))
}

fn same(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= SAME * wanted.abs().max(1.0)
}
