//! A fair lock that is in use for a small part of the time, although there is always a queue for it: at each turn the
//! next in line has to be woken first. (Blasgen, Gray, Mitchell, Price: The convoy phenomenon, 1979.)

use super::families::worst_first;
use super::{About, Finding, Look, Severity, number, percent};
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

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // A lost release makes the hold before it look like nothing.
    if !look.lossless() {
        return Vec::new();
    }
    worst_first(look.model.cast().mutexes().filter_map(|id| check(look, id, look.model.lock(id)?)))
}

/// Whether a lock goes to the next in line at each release, who has to be woken for it; and what to use instead.
fn instead(look: &Look<'_>, id: ResourceId) -> Option<&'static str> {
    match look.model.cast().resource(id)?.kind {
        ResourceKind::Mutex { kind: LockKind::Fair } => {
            Some("Use a lock that a running worker may take first (kind=std), or do more in one turn.")
        }
        ResourceKind::Mutex { kind: LockKind::Async | LockKind::AsyncReentrant } => Some("Do more in one turn."),
        _ => None,
    }
}

fn check(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let cure = instead(look, id)?;
    let turns = lock.handoffs(look.from)?;
    let queue = lock.waited_ns(look.from, look.now, look.now) as f64 / look.span().0.max(1) as f64;
    let contended = lock.recent_contended() as f64 / lock.recent_acquired().max(1) as f64;
    let idle = turns.idle >= turns.held.saturating_mul(IDLE) && turns.idle_share >= IDLE_SHARE;
    if turns.count < TURNS || !idle || queue < QUEUE || contended < CONTENDED || look.is_stuck_at(lock) {
        return None;
    }
    let name = look.resource(id);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{name} is free {} of the time while {} wait: each handover takes {}, each hold {}.",
            percent(turns.idle_share),
            workers(queue),
            Span(turns.idle),
            Span(turns.held),
        ),
        evidence: format!(
            "It changed hands {}/s; {} of its acquisitions had to wait.",
            number(lock.releases(look.from, look.now) as f64 / look.span().secs()),
            percent(contended),
        ),
        cure: cure.into(),
        about: Some(About::Resource(id)),
        at: None,
    };
    Some((queue, finding))
}

/// `3.9 workers`, `1 worker`.
fn workers(n: f64) -> String {
    let n = number(n);
    if n == "1" { "1 worker".to_owned() } else { format!("{n} workers") }
}
