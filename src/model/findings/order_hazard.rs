//! Two locks that are taken in both orders: no deadlock yet.

use super::{About, Finding, Look, Severity};

pub(super) const ID: &str = "order-hazard";

/// Pairs that are told; more say nothing more.
const SHOWN: usize = 3;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    if look.model.deadlock().is_some() {
        return Vec::new(); // it has happened
    }
    let told = |hazard: crate::model::orders::Hazard| {
        let (a, b) = (look.resource(hazard.locks.0), look.resource(hazard.locks.1));
        let (one, other) = (look.name(hazard.workers.0), look.name(hazard.workers.1));
        Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "{one} takes {a} then {b}, {other} takes {b} then {a}: a deadlock that has not happened yet."
            ),
            evidence: format!(
                "Both orders were seen by {}, and no third lock keeps the two apart.",
                crate::trace::Span(hazard.at.0)
            ),
            cure: "Take them in the same order everywhere.".into(),
            about: Some(About::Resource(hazard.locks.0)),
            at: Some(hazard.at),
        }
    };
    look.model.orders.hazards().take(SHOWN).map(told).collect()
}
