//! `convoy`: a fair lock that is mostly free although workers queue for it, because the next in line has to be woken at
//! each turn. (Blasgen, Gray, Mitchell, Price: The convoy phenomenon, 1979.)

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_number, format_percent};
use crate::Lock;
use contend_trace::{FindingId, LockKind, ResourceId, ResourceKind, Span};

pub(super) const ID: &str = FindingId::Convoy.as_str();

/// Least number of turns to judge by.
const MIN_TURNS: u64 = 100;

/// Least ratio of the idle time between two turns to a turn.
const MIN_IDLE_RATIO: u64 = 2;

/// Least share of the time that it is free.
const MIN_FREE_SHARE: f64 = 0.6;

/// Least share of its acquisitions that had to wait.
const MIN_CONTENDED_SHARE: f64 = 0.5;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // Without its release, a hold has no length.
    if !analysis.is_lossless() {
        return Vec::new();
    }
    sort_worst_first(
        analysis.model.registry().mutexes().filter_map(|id| check_lock(analysis, id, analysis.model.lock(id)?)),
    )
}

/// Returns a fix if each release hands the lock to the next in line, which has to be woken for it.
fn alternative_lock(analysis: &Analysis<'_>, id: ResourceId) -> Option<&'static str> {
    match analysis.model.registry().resource(id)?.kind {
        ResourceKind::Mutex { kind: LockKind::Fair } => {
            Some("Use a lock that running workers may take first (kind=std), or do more per hold.")
        }
        ResourceKind::Mutex { kind: LockKind::Async | LockKind::AsyncReentrant } => Some("Do more per hold."),
        _ => None,
    }
}

fn check_lock(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let fix = alternative_lock(analysis, id)?;
    let turns = lock.handoffs(analysis.from)?;
    let queue = lock.waited_ns(analysis.from, analysis.now, analysis.now) as f64 / analysis.span().0.max(1) as f64;
    let contended = lock.recent_contended() as f64 / lock.recent_acquired().max(1) as f64;
    let idle = turns.median_idle_ns >= turns.median_held_ns.saturating_mul(MIN_IDLE_RATIO)
        && turns.idle_share >= MIN_FREE_SHARE;
    if turns.count < MIN_TURNS
        || !idle
        || queue < analysis.thresholds.convoy
        || contended < MIN_CONTENDED_SHARE
        || analysis.is_stuck_at(lock)
    {
        return None;
    }
    let name = analysis.resource_name(id);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{name} is free {} of the time while {}: the median handover takes {}, the median hold {}.",
            format_percent(turns.idle_share),
            format_waiters(queue),
            Span(turns.median_idle_ns),
            Span(turns.median_held_ns),
        ),
        evidence: format!(
            "It was released {}/s; {} of its acquisitions had to wait.",
            format_number(lock.releases(analysis.from, analysis.now) as f64 / analysis.span().as_secs_f64()),
            format_percent(contended),
        ),
        fix: fix.into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((queue, finding))
}

/// `3.9 workers wait`, `1 worker waits`.
fn format_waiters(n: f64) -> String {
    let n = format_number(n);
    if n == "1" { "1 worker waits".to_owned() } else { format!("{n} workers wait") }
}
