//! A fair lock that is in use for a small part of the time, although there is always a queue for it: at each turn the
//! next in line has to be woken first. (Blasgen, Gray, Mitchell, Price: The convoy phenomenon, 1979.)

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_number, format_percent};
use crate::Lock;
use contend_trace::{LockKind, ResourceId, ResourceKind, Span};

pub(super) const ID: &str = "convoy";

/// Turns without which nothing can be said.
const TURNS: u64 = 100;

/// How many times as long as a turn it lies idle between two.
const IDLE: u64 = 2;

/// Part of the time in which nobody has it.
const IDLE_SHARE: f64 = 0.6;

/// Who waits at least, on average: there is hardly a moment without a queue.
const QUEUE: f64 = 1.0;

/// Part of its acquisitions that had to wait.
const CONTENDED: f64 = 0.5;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // A lost release makes the hold before it look like nothing.
    if !analysis.is_lossless() {
        return Vec::new();
    }
    sort_worst_first(
        analysis.model.registry().mutexes().filter_map(|id| check_lock(analysis, id, analysis.model.lock(id)?)),
    )
}

/// Whether a lock goes to the next in line at each release, who has to be woken for it; and what to use instead.
fn alternative_lock(analysis: &Analysis<'_>, id: ResourceId) -> Option<&'static str> {
    match analysis.model.registry().resource(id)?.kind {
        ResourceKind::Mutex { kind: LockKind::Fair } => {
            Some("Use a lock that a running worker may take first (kind=std), or do more in one turn.")
        }
        ResourceKind::Mutex { kind: LockKind::Async | LockKind::AsyncReentrant } => Some("Do more in one turn."),
        _ => None,
    }
}

fn check_lock(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let cure = alternative_lock(analysis, id)?;
    let turns = lock.handoffs(analysis.from)?;
    let queue = lock.waited_ns(analysis.from, analysis.now, analysis.now) as f64 / analysis.span().0.max(1) as f64;
    let contended = lock.recent_contended() as f64 / lock.recent_acquired().max(1) as f64;
    let idle = turns.median_idle_ns >= turns.median_held_ns.saturating_mul(IDLE) && turns.idle_share >= IDLE_SHARE;
    if turns.count < TURNS || !idle || queue < QUEUE || contended < CONTENDED || analysis.is_stuck_at(lock) {
        return None;
    }
    let name = analysis.resource_name(id);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{name} is free {} of the time while {} wait: each handover takes {}, each hold {}.",
            format_percent(turns.idle_share),
            format_workers(queue),
            Span(turns.median_idle_ns),
            Span(turns.median_held_ns),
        ),
        evidence: format!(
            "It changed hands {}/s; {} of its acquisitions had to wait.",
            format_number(lock.releases(analysis.from, analysis.now) as f64 / analysis.span().as_secs_f64()),
            format_percent(contended),
        ),
        fix: cure.into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((queue, finding))
}

/// `3.9 workers`, `1 worker`.
fn format_workers(n: f64) -> String {
    let n = format_number(n);
    if n == "1" { "1 worker".to_owned() } else { format!("{n} workers") }
}
