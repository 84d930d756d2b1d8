//! Workers that give up for each other again and again: busy, and no further.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_thousands};
use crate::lock::TimeoutStreak;
use contend_trace::{ResourceId, Span, WorkerId};

pub(super) const ID: &str = "livelock";

/// Attempts in a row that ended without the lock. By chance alone nobody loses that often.
const MIN_STREAK: u32 = 25;

/// Whoever has not given up for this long has stopped trying.
const RECENT: Span = Span::from_millis(1_000);

/// A worker that goes on giving up on a lock.
#[derive(Clone, Copy)]
struct RetryingWorker {
    worker: WorkerId,
    lock: ResourceId,
    streak: TimeoutStreak,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Option<Finding> {
    let mut polite: Vec<RetryingWorker> = Vec::new();
    for id in analysis.model.registry().locks() {
        let Some(lock) = analysis.model.lock(id) else { continue };
        let tired = lock.timeout_streaks().filter(|(_, streak)| streak.timeouts >= MIN_STREAK);
        let recent = tired.filter(|(_, streak)| analysis.now.span_since(streak.last) <= RECENT);
        polite.extend(recent.map(|(worker, streak)| RetryingWorker { worker, lock: id, streak }));
    }
    // Whose lock none of the others has only asks in vain: who has it gets on.
    while let Some(at) = polite.iter().position(|one| !polite.iter().any(|other| is_blocking(analysis, other, one))) {
        polite.swap_remove(at);
    }
    let first = polite.iter().min_by_key(|one| (one.worker, one.lock))?;
    let second =
        polite.iter().filter(|other| is_blocking(analysis, other, first)).min_by_key(|o| (o.worker, o.lock))?;
    let since = first.streak.since.max(second.streak.since);
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} and {} each give up for the other and try again: {} and {} in a row.",
            analysis.worker_name(first.worker),
            analysis.worker_name(second.worker),
            format_thousands(i64::from(first.streak.timeouts)),
            format_count(second.streak.timeouts.into(), "failed attempt"),
        ),
        evidence: format!(
            "{} did not get {} since {}, {} did not get {}.",
            analysis.worker_name(first.worker),
            analysis.resource_name(first.lock),
            Span(since.0),
            analysis.worker_name(second.worker),
            analysis.resource_name(second.lock),
        ),
        fix: "Wait for a random time before trying again, or take the locks in one order.".into(),
        subject: Some(FindingSubject::Worker(first.worker)),
        at: Some(since),
    })
}

/// Whether `other` takes the lock that `one` does not get.
fn is_blocking(analysis: &Analysis<'_>, other: &RetryingWorker, one: &RetryingWorker) -> bool {
    let takes = |lock: &crate::Lock| lock.acquisitions_by_worker().any(|(w, n)| w == other.worker && n > 0);
    other.worker != one.worker && other.lock != one.lock && analysis.model.lock(one.lock).is_some_and(takes)
}
