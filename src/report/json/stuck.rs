//! Workers that wait forever, in the JSON report.

use super::shape::{Deadlock, Link, Stalled, StalledWorker};
use crate::report::Report;
use crate::trace::WorkerId;

pub(super) fn deadlocks<'a>(report: &Report<'a>) -> Vec<Deadlock<'a>> {
    let cast = report.model.cast();
    let link = |link: &crate::model::Link| Link {
        worker: cast.worker_name(link.worker),
        holds: cast.resource_name(link.holds),
        wants: cast.resource_name(link.wants),
        in_line: link.in_line,
        waits_for: link.waits_for.iter().map(|worker| cast.worker_name(*worker)).collect(),
        since_s: link.since.secs(),
    };
    let deadlock = |found: &crate::model::Deadlock| Deadlock {
        at_s: found.at.secs(),
        ring: found.ring.iter().map(link).collect(),
        victims: found.victims.iter().map(|worker| cast.worker_name(*worker)).collect(),
    };
    report.model.deadlocks().iter().map(deadlock).collect()
}

/// The stall that there is, orphaned locks included: workers that no other worker will let go on.
pub(super) fn stalls<'a>(report: &Report<'a>) -> Vec<Stalled<'a>> {
    let (model, cast) = (report.model, report.model.cast());
    let worker = |id: &WorkerId| StalledWorker {
        worker: cast.worker_name(*id),
        waits_for: model.lane(*id).doing().on.map(|on| cast.resource_name(on)),
    };
    let stalled =
        |stall: crate::model::Stall| Stalled { at_s: stall.at.secs(), workers: stall.set.iter().map(worker).collect() };
    model.standing_stall(report.at).map(stalled).into_iter().collect()
}
