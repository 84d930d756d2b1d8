//! `orphaned-lock`: locks whose holders have ended, or do not exist in a forked process, and that other workers wait
//! for.

use super::{Analysis, Finding, FindingSubject, Severity, format_count};
use crate::{LifeEnd, LockCapacity};
use contend_trace::{Evidence, FindingId, LockCopy, ResourceId, Span, Stamp, WorkerId};

pub(super) const ID: &str = FindingId::OrphanedLock.as_str();

/// Least wait for the lock, once it is proven that the waiters wait forever.
const MIN_PROVEN_WAIT: Span = Span::from_millis(200);

/// Least wait without a proof: the next in line notices within moments that a robust lock is free.
const MIN_WAIT: Span = Span::from_millis(500);

/// Most holders named.
const MAX_NAMED: usize = 2;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let locks = || analysis.model.registry().locks().filter(|id| !analysis.model.orphaned_holds(*id).is_empty());
    if locks().next().is_none() {
        return Vec::new();
    }
    let stuck = analysis.model.stall().map_or_else(Vec::new, |stall| stall.workers);
    locks().filter_map(|id| check_lock(analysis, id, &stuck)).collect()
}

/// Judges one lock. `stuck` are the workers that provably wait forever.
fn check_lock(analysis: &Analysis<'_>, id: ResourceId, stuck: &[WorkerId]) -> Option<Finding> {
    let lock = analysis.model.lock(id)?;
    let dead = analysis.model.orphaned_holds(id);
    let (_, since) = *dead.last()?;
    let mut waiting = lock.waiters();
    let longest = waiting.first()?.1;
    let is_proven = waiting.iter().any(|(worker, _)| stuck.contains(worker));
    if is_proven {
        waiting.retain(|(worker, _)| stuck.contains(worker));
    } else if lock.capacity() != LockCapacity::Exclusive && !are_permits_lost(analysis, id, lock.capacity()) {
        return None; // other holders may release it
    }
    if analysis.now.span_since(longest.max(since)) < if is_proven { MIN_PROVEN_WAIT } else { MIN_WAIT } {
        return None;
    }
    if let Some(copy) = analysis.model.registry().lock_copy(id) {
        let holder = *dead.last()?;
        return is_proven.then(|| copied_lock(analysis, *copy, holder, since));
    }
    let name = analysis.resource_name(id);
    let wait = if waiting.len() == 1 { "waits" } else { "wait" };
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} ended without releasing {name}: {} {wait} for it{}.",
            holder_names(analysis, &dead),
            format_count(waiting.len() as u64, "worker"),
            // Another worker may still release a lock that is only observed.
            if analysis.model.registry().evidence(id) == Evidence::Numbered { " forever" } else { "" }
        ),
        evidence: evidence(analysis, id, lock.capacity(), &dead),
        fix: match lock.capacity() {
            LockCapacity::Exclusive => "Release it on every exit path, or use a robust lock.".into(),
            _ => "Release it on every exit path; after a crash, restart all workers that share it.".into(),
        },
        subject: Some(FindingSubject::Resource(id)),
        at: Some(since),
    })
}

/// Whether all permits of a semaphore of a user's program were taken by workers that were cut off or killed, so
/// that nobody who has one is left. One that ended by itself may have used it as a signal.
fn are_permits_lost(analysis: &Analysis<'_>, id: ResourceId, room: LockCapacity) -> bool {
    let LockCapacity::Permits { permits, .. } = room else { return false };
    let died = |worker: WorkerId| {
        let ending = analysis.model.lane(worker).ending();
        matches!(ending, Some(LifeEnd::Panicked | LifeEnd::FoundDead | LifeEnd::Died(_)))
    };
    let all_died = analysis.model.orphaned_holds(id).iter().all(|(worker, _)| died(*worker));
    analysis.model.registry().is_open && all_died && analysis.model.orphaned_count(id) >= permits as usize
}

/// Reports a lock that was held at a fork, and that the forked process waits for.
fn copied_lock(analysis: &Analysis<'_>, copy: LockCopy, (holder, at): (WorkerId, Stamp), since: Stamp) -> Finding {
    let (original, worker) = (analysis.resource_name(copy.original), analysis.worker_name(copy.worker));
    let holder = if holder == copy.worker { "Another worker" } else { analysis.worker_name(holder) };
    Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{holder} held {original} when {worker} was forked: it is locked in the copy, and {worker} waits for it \
             forever."
        ),
        evidence: format!(
            "{worker} was forked {} after the start; only the thread that forks exists in the copy.",
            Span(at.0)
        ),
        fix: "Fork before other threads start, or run a new program instead (exec, spawn).".into(),
        subject: Some(FindingSubject::Resource(copy.copy)),
        at: Some(since),
    }
}

/// `a`, `a and b`, `a, b and 3 more workers`.
fn holder_names(analysis: &Analysis<'_>, dead: &[(WorkerId, Stamp)]) -> String {
    let names: Vec<&str> = dead.iter().take(MAX_NAMED).map(|(worker, _)| analysis.worker_name(*worker)).collect();
    match dead.len() - names.len() {
        0 => names.join(" and "),
        more => format!("{} and {}", names.join(", "), format_count(more as u64, "more worker")),
    }
}

fn evidence(analysis: &Analysis<'_>, id: ResourceId, room: LockCapacity, dead: &[(WorkerId, Stamp)]) -> String {
    let name = analysis.resource_name(id);
    let ends = dead
        .iter()
        .take(MAX_NAMED)
        .map(|(worker, at)| format!("{} ended {} after the start", analysis.worker_name(*worker), Span(at.0)));
    let ends = ends.collect::<Vec<_>>().join(", ");
    match room {
        LockCapacity::Permits { permits, .. } => {
            let lost = analysis.model.orphaned_count(id) as u64;
            let are = if lost == 1 { "is" } else { "are" };
            format!("{ends}; {lost} of the {} of {name} {are} lost.", format_count(permits.into(), "permit"))
        }
        _ => format!("{ends}; {name} was not released."),
    }
}
