//! Two locks that are taken in both orders: no deadlock yet.

use super::{Analysis, Finding, FindingSubject, Severity};
use crate::lock_orders::OrderHazard;
use contend_trace::Span;

pub(super) const ID: &str = "order-hazard";

/// Pairs that are looked at, and findings that are told of them; more say nothing more.
const MAX_HAZARDS: usize = 256;
const MAX_FINDINGS: usize = 3;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let is_over = |hazard: &OrderHazard| {
        let workers = [hazard.workers.0, hazard.workers.1];
        workers.iter().all(|worker| analysis.is_stuck(*worker)) // it has happened
    };
    let hazards = analysis.model.happens_before.hazards().filter(|hazard| !is_over(hazard)).take(MAX_HAZARDS);
    let mut found = analysis.merge_findings(hazards.map(|hazard| hazard_finding(analysis, &hazard)).collect());
    found.truncate(MAX_FINDINGS);
    found
}

fn hazard_finding(analysis: &Analysis<'_>, hazard: &OrderHazard) -> Finding {
    let (a, b) = (analysis.resource_name(hazard.locks.0), analysis.resource_name(hazard.locks.1));
    let (one, other) = (analysis.worker_name(hazard.workers.0), analysis.worker_name(hazard.workers.1));
    let what = if hazard.is_uncertain { "they may deadlock" } else { "a deadlock that has not happened yet" };
    let at = Span(hazard.at.0);
    Finding {
        id: ID,
        severity: if hazard.is_uncertain { Severity::Note } else { Severity::Warning },
        sentence: format!("{one} takes {a} then {b}, {other} takes {b} then {a}: {what}."),
        evidence: if hazard.is_uncertain {
            format!("Both orders were seen by {at}. What could keep them apart is not known: events are missing.")
        } else {
            format!("Both orders were seen by {at}, and nothing recorded keeps the two apart.")
        },
        fix: "Take them in the same order everywhere.".into(),
        subject: Some(FindingSubject::Resource(hazard.locks.0)),
        at: Some(hazard.at),
    }
}
