//! Workers that burn a core while they wait: they ask again and again, or spin for a lock that is held for long.

use std::collections::BTreeSet;

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_number, format_percent};
use crate::Lock;
use contend_trace::{LockKind, ResourceId, ResourceKind, Span, State, WorkerId};

pub(super) const ID: &str = "busy-wait";

/// Part of its time that a worker asks in vain, and does nothing else.
const SHARE: f64 = 0.30;

/// Part of that time that it must have a CPU for it.
const CPU: f64 = 0.10;

/// A lock that is held for longer than this on average is better slept for: waking takes less.
const HOLD: Span = Span::from_micros(50);

/// Holds without which nothing can be said.
const HOLDS: u64 = 20;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let polls = analysis.model.lanes().filter_map(|(worker, _)| check_polling(analysis, worker));
    let spins =
        analysis.model.registry().mutexes().filter_map(|id| check_spinning(analysis, id, analysis.model.lock(id)?));
    sort_worst_first(polls.chain(spins))
}

/// A worker that asks whether something has happened, and asks again.
fn check_polling(analysis: &Analysis<'_>, worker: WorkerId) -> Option<(f64, Finding)> {
    let lane = analysis.model.lane(worker);
    let polling = lane.polls.summarize(analysis.from.max(lane.began()?), analysis.now)?;
    let running = analysis.total_shares([worker]).share(State::Running);
    if polling.share < SHARE || running < CPU * polling.share || analysis.is_gone(worker) {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} polls {} {} of its time, {}/s in vain: that burns CPU and gets nothing done.",
            analysis.worker_name(worker),
            analysis.resource_name(polling.resource),
            format_percent(polling.share.min(1.0)),
            format_number(polling.polls_per_second),
        ),
        evidence: format!(
            "It was on a CPU {} of the newest {}, and did nothing between these looks.",
            format_percent(running),
            analysis.span()
        ),
        fix: "Wait for a condition, an event or an item instead, or sleep between two looks.".into(),
        subject: Some(FindingSubject::Worker(worker)),
        at: Some(polling.since),
    };
    Some((polling.share, finding))
}

/// A lock that workers spin for although it is held for long.
fn check_spinning(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let kind = &analysis.model.registry().resource(id)?.kind;
    let holds = lock.releases(analysis.from, analysis.now);
    if !matches!(kind, ResourceKind::Mutex { kind: LockKind::Spin | LockKind::Ticket }) || holds < HOLDS {
        return None;
    }
    let users: BTreeSet<WorkerId> = lock.acquisitions_by_worker().map(|(worker, _)| worker).collect();
    let alive = analysis.total_shares(users.iter().copied()).alive_ns();
    let share = lock.waited_ns(analysis.from, analysis.now, analysis.now) as f64 / alive.max(1) as f64;
    let hold = lock.held_share(analysis.from, analysis.now, analysis.now) * analysis.span().0 as f64 / holds as f64;
    if share < SHARE || hold < HOLD.0 as f64 || analysis.is_stuck_at(lock) {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} spin for {} {} of their time: it is held {} each time, too long to wait awake.",
            format_count(users.len() as u64, "worker"),
            analysis.resource_name(id),
            format_percent(share.min(1.0)),
            Span(hold as u64),
        ),
        evidence: format!("It was given back {}/s.", format_number(holds as f64 / analysis.span().as_secs_f64())),
        fix: "Use a lock that lets its waiters sleep (kind=std), or hold it for a few microseconds.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((share, finding))
}
