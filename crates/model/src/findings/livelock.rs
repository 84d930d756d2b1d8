//! `livelock`: workers that keep giving up on locks that the others take, and get no further.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_thousands};
use crate::lock::TimeoutStreak;
use contend_trace::{FindingId, ResourceId, Span, WorkerId};

pub(super) const ID: &str = FindingId::Livelock.as_str();

/// A worker that last gave up longer ago than this has stopped trying.
const MAX_SINCE_LAST_TRY: Span = Span::from_millis(1_000);

/// A worker that keeps giving up on a lock.
#[derive(Clone, Copy)]
struct RetryingWorker {
    worker: WorkerId,
    lock: ResourceId,
    streak: TimeoutStreak,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    find_livelock(analysis).into_iter().collect()
}

fn find_livelock(analysis: &Analysis<'_>) -> Option<Finding> {
    let mut retrying: Vec<RetryingWorker> = Vec::new();
    for id in analysis.model.registry().locks() {
        let Some(lock) = analysis.model.lock(id) else { continue };
        let streaks =
            lock.timeout_streaks().filter(|(_, streak)| f64::from(streak.timeouts) >= analysis.thresholds.livelock);
        let recent = streaks.filter(|(_, streak)| analysis.now.span_since(streak.last) <= MAX_SINCE_LAST_TRY);
        retrying.extend(recent.map(|(worker, streak)| RetryingWorker { worker, lock: id, streak }));
    }
    // A worker whose lock is taken by none of the others is no part of a livelock: the lock's holder makes progress.
    while let Some(at) = retrying.iter().position(|one| !retrying.iter().any(|other| is_blocking(analysis, other, one)))
    {
        retrying.swap_remove(at);
    }
    let first = retrying.iter().min_by_key(|one| (one.worker, one.lock))?;
    let second =
        retrying.iter().filter(|other| is_blocking(analysis, other, first)).min_by_key(|o| (o.worker, o.lock))?;
    let since = first.streak.since.max(second.streak.since);
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} and {} keep giving up on locks and retrying: {} and {} in a row.",
            analysis.worker_name(first.worker),
            analysis.worker_name(second.worker),
            format_thousands(i64::from(first.streak.timeouts)),
            format_count(second.streak.timeouts.into(), "failed attempt"),
        ),
        evidence: format!(
            "Since {} after the start, {} has not got {} and {} has not got {}.",
            Span(since.0),
            analysis.worker_name(first.worker),
            analysis.resource_name(first.lock),
            analysis.worker_name(second.worker),
            analysis.resource_name(second.lock),
        ),
        fix: "Wait for a random time before retrying, or take the locks in one order.".into(),
        subject: Some(FindingSubject::Worker(first.worker)),
        at: Some(since),
    })
}

/// Whether `other` takes the lock that `one` fails to get.
fn is_blocking(analysis: &Analysis<'_>, other: &RetryingWorker, one: &RetryingWorker) -> bool {
    let takes = |lock: &crate::Lock| lock.acquisitions_by_worker().any(|(w, n)| w == other.worker && n > 0);
    other.worker != one.worker && other.lock != one.lock && analysis.model.lock(one.lock).is_some_and(takes)
}
