//! `starved`: a worker that waits for a lock while the others get it again and again.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count};
use crate::Lock;
use contend_trace::{FindingId, ResourceId, Span, Stamp, WorkerId};

pub(super) const ID: &str = FindingId::Starved.as_str();

/// Least number of times that each other user got the lock during that wait, on average. In arrival order it is once.
const MIN_PASSED: u64 = 20;

/// One wait of a worker.
#[derive(Clone, Copy)]
struct StarvedWait {
    worker: WorkerId,
    since: Stamp,
    end: Stamp,
    is_over: bool,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    sort_worst_first(
        analysis.model.registry().locks().filter_map(|id| check_lock(analysis, id, analysis.model.lock(id)?)),
    )
}

fn check_lock(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let open = lock.waiters().into_iter().map(|(worker, since)| StarvedWait {
        worker,
        since,
        end: analysis.now,
        is_over: false,
    });
    let change = analysis.model.settings_change(analysis.now).map_or(Stamp(0), |change| change.at);
    let past = lock.longest_waits().filter(|(.., until)| *until >= change).map(|(worker, since, until)| StarvedWait {
        worker,
        since,
        end: until,
        is_over: true,
    });
    let wait = open
        .chain(past)
        .filter(|wait| !analysis.is_stuck(wait.worker))
        .max_by_key(|wait| wait.end.span_since(wait.since))?;
    let waited = wait.end.span_since(wait.since);
    let others =
        lock.acquisitions_by_worker().filter(|(worker, acquired)| *worker != wait.worker && *acquired > 0).count()
            as u64;
    let passed = lock.releases(wait.since, wait.end);
    if waited < Span::from_secs(analysis.thresholds.starved) || others == 0 || passed < MIN_PASSED * others {
        return None;
    }
    let (name, who) = (analysis.resource_name(id), analysis.worker_name(wait.worker));
    let got =
        lock.acquisitions_by_worker().find(|(worker, _)| *worker == wait.worker).map_or(0, |(_, acquired)| acquired);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{who} {} {waited} for {name} while {} got it {}.",
            if wait.is_over { "waited" } else { "has waited" },
            format_count(others, "other"),
            format_count(passed, "time"),
        ),
        evidence: format!(
            "In arrival order each would have got it about once in that time; {who} got it {} in all.",
            format_count(got, "time")
        ),
        fix: "Serve waiters in arrival order, or before newcomers.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: Some(wait.since),
    };
    Some((waited.as_secs_f64(), finding))
}
