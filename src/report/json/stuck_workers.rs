//! Deadlocks and stalls in the JSON report.

use serde::Serialize;

use crate::report::Report;
use crate::trace::WorkerId;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DeadlockJson<'a> {
    at_s: f64,
    ring: Vec<DeadlockLinkJson<'a>>,
    victims: Vec<&'a str>,
    #[cfg_attr(test, schemars(extend("enum" = ["numbered", "observed"])))]
    evidence: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DeadlockLinkJson<'a> {
    worker: &'a str,
    holds: &'a str,
    wants: &'a str,
    in_line: bool,
    waits_for: Vec<&'a str>,
    since_s: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StallJson<'a> {
    at_s: f64,
    workers: Vec<StalledWorkerJson<'a>>,
    #[cfg_attr(test, schemars(extend("enum" = ["numbered"])))]
    evidence: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StalledWorkerJson<'a> {
    worker: &'a str,
    waits_for: Option<&'a str>,
    alternatives: Vec<&'a str>,
}

pub(super) fn deadlocks<'a>(report: &Report<'a>) -> Vec<DeadlockJson<'a>> {
    let registry = report.model.registry();
    let link = |link: &crate::model::CycleLink| DeadlockLinkJson {
        worker: registry.worker_name(link.worker),
        holds: registry.resource_name(link.holds),
        wants: registry.resource_name(link.wants),
        in_line: link.is_ahead_in_queue,
        waits_for: link.waits_for.iter().map(|worker| registry.worker_name(*worker)).collect(),
        since_s: link.since.as_secs_f64(),
    };
    let deadlock = |found: &crate::model::Deadlock| DeadlockJson {
        at_s: found.closed_at.as_secs_f64(),
        ring: found.cycle.iter().map(link).collect(),
        victims: found.victims.iter().map(|worker| registry.worker_name(*worker)).collect(),
        evidence: found.evidence.word(),
    };
    report.model.deadlocks().iter().map(deadlock).collect()
}

/// Returns the stall, if any, orphaned locks included: workers that no other worker will wake.
pub(super) fn stalls<'a>(report: &Report<'a>) -> Vec<StallJson<'a>> {
    let (model, registry) = (report.model, report.model.registry());
    let worker = |id: &WorkerId| StalledWorkerJson {
        worker: registry.worker_name(*id),
        waits_for: model.lane(*id).activity().resource.map(|on| registry.resource_name(on)),
        alternatives: model.lane(*id).alternatives().map(|on| registry.resource_name(on)).collect(),
    };
    let stalled = |stall: crate::model::Stall| StallJson {
        at_s: stall.at.as_secs_f64(),
        workers: stall.workers.iter().map(worker).collect(),
        evidence: crate::trace::Evidence::Numbered.word(),
    };
    model.settled_stall(report.ended_at).map(stalled).into_iter().collect()
}
