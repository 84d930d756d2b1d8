//! Two locks that are taken in both orders: no deadlock yet.

use super::{About, Finding, Look, Severity};
use crate::orders::Hazard;
use contend_trace::Span;

pub(super) const ID: &str = "order-hazard";

/// Pairs that are looked at, and findings that are told of them; more say nothing more.
const LOOKED_AT: usize = 256;
const SHOWN: usize = 3;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let is_over = |hazard: &Hazard| {
        let workers = [hazard.workers.0, hazard.workers.1];
        workers.iter().all(|worker| look.is_stuck(*worker)) // it has happened
    };
    let hazards = look.model.happens.hazards().filter(|hazard| !is_over(hazard)).take(LOOKED_AT);
    let mut found = look.merge(hazards.map(|hazard| tell(look, &hazard)).collect());
    found.truncate(SHOWN);
    found
}

fn tell(look: &Look<'_>, hazard: &Hazard) -> Finding {
    let (a, b) = (look.resource(hazard.locks.0), look.resource(hazard.locks.1));
    let (one, other) = (look.name(hazard.workers.0), look.name(hazard.workers.1));
    let what = if hazard.doubtful { "they may deadlock" } else { "a deadlock that has not happened yet" };
    let at = Span(hazard.at.0);
    Finding {
        id: ID,
        severity: if hazard.doubtful { Severity::Note } else { Severity::Warning },
        sentence: format!("{one} takes {a} then {b}, {other} takes {b} then {a}: {what}."),
        evidence: if hazard.doubtful {
            format!("Both orders were seen by {at}. What could keep them apart is not known: events are missing.")
        } else {
            format!("Both orders were seen by {at}, and nothing recorded keeps the two apart.")
        },
        cure: "Take them in the same order everywhere.".into(),
        about: Some(About::Resource(hazard.locks.0)),
        at: Some(hazard.at),
    }
}
