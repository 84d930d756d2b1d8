//! `order-hazard`: two locks that workers take in both orders, without a deadlock yet.

use super::{Analysis, Finding, FindingSubject, Severity};
use crate::lock_orders::OrderHazard;
use contend_trace::{FindingId, Span};

pub(super) const ID: &str = FindingId::OrderHazard.as_str();

/// Most pairs examined, and most findings about them.
const MAX_HAZARDS: usize = 256;
const MAX_FINDINGS: usize = 3;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let is_over = |hazard: &OrderHazard| {
        let workers = [hazard.workers.0, hazard.workers.1];
        workers.iter().all(|worker| analysis.is_stuck(*worker)) // they are deadlocked already
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
            format!("Both orders occurred by {at}. Events are missing, so something may keep them apart.")
        } else {
            format!("Both orders occurred by {at}, and nothing recorded keeps them apart.")
        },
        fix: "Take both locks in the same order everywhere.".into(),
        subject: Some(FindingSubject::Resource(hazard.locks.0)),
        at: Some(hazard.at),
    }
}
