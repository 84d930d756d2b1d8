//! Locks that workers died with, and that others wait for.

use super::{Analysis, Finding, FindingSubject, Severity, format_count};
use crate::LockCapacity;
use contend_trace::{ResourceId, Span, Stamp, WorkerId};

pub(super) const ID: &str = "orphaned-lock";

/// For so long they must have waited, once it is proved that they wait forever.
const PROVED: Span = Span::from_millis(200);

/// And without a proof: the next in line finds out that a robust one is free within moments.
const LEAST: Span = Span::from_millis(500);

/// So many holders are named.
const NAMED: usize = 2;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let locks = || analysis.model.registry().locks().filter(|id| !analysis.model.orphaned_holds(*id).is_empty());
    if locks().next().is_none() {
        return Vec::new();
    }
    let stuck = analysis.model.stall().map_or_else(Vec::new, |stall| stall.workers);
    locks().filter_map(|id| check_lock(analysis, id, &stuck)).collect()
}

/// `stuck` are those that wait forever.
fn check_lock(analysis: &Analysis<'_>, id: ResourceId, stuck: &[WorkerId]) -> Option<Finding> {
    let lock = analysis.model.lock(id)?;
    let dead = analysis.model.orphaned_holds(id);
    let (_, since) = *dead.last()?;
    let mut waiting = lock.waiters();
    let longest = waiting.first()?.1;
    let is_proved = waiting.iter().any(|(worker, _)| stuck.contains(worker));
    if is_proved {
        waiting.retain(|(worker, _)| stuck.contains(worker));
    } else if lock.capacity() != LockCapacity::Exclusive {
        return None; // others may give them what they need
    }
    if analysis.now.span_since(longest.max(since)) < if is_proved { PROVED } else { LEAST } {
        return None;
    }
    let name = analysis.resource_name(id);
    let wait = if waiting.len() == 1 { "waits" } else { "wait" };
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} ended without releasing {name}: {} {wait} for it forever.",
            holder_names(analysis, &dead),
            format_count(waiting.len() as u64, "worker")
        ),
        evidence: evidence(analysis, id, lock.capacity(), &dead),
        fix: match lock.capacity() {
            LockCapacity::Exclusive => "Release it on every way out, or use a robust lock.".into(),
            _ => "Release it on every way out; after a crash, restart all workers that share it.".into(),
        },
        subject: Some(FindingSubject::Resource(id)),
        at: Some(since),
    })
}

/// `a`, `a and b`, `a, b and 3 more workers`.
fn holder_names(analysis: &Analysis<'_>, dead: &[(WorkerId, Stamp)]) -> String {
    let names: Vec<&str> = dead.iter().take(NAMED).map(|(worker, _)| analysis.worker_name(*worker)).collect();
    match dead.len() - names.len() {
        0 => names.join(" and "),
        more => format!("{} and {}", names.join(", "), format_count(more as u64, "more worker")),
    }
}

fn evidence(analysis: &Analysis<'_>, id: ResourceId, room: LockCapacity, dead: &[(WorkerId, Stamp)]) -> String {
    let name = analysis.resource_name(id);
    let ends = dead
        .iter()
        .take(NAMED)
        .map(|(worker, at)| format!("{} ended at {}", analysis.worker_name(*worker), Span(at.0)));
    let ends = ends.collect::<Vec<_>>().join(", ");
    match room {
        LockCapacity::Permits { permits, .. } => {
            let lost = format_count(analysis.model.orphaned_count(id) as u64, "permit");
            format!("{ends}; lost with them: {lost} of {name}, which has {permits}.")
        }
        _ => format!("{ends}; {name} was not released."),
    }
}
