//! `busy-wait`: workers that use CPU time while they wait, because they poll, or spin for a lock that is held for long.

use std::collections::BTreeSet;

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_number, format_percent};
use crate::Lock;
use contend_trace::{FindingId, LockKind, ResourceId, ResourceKind, Span, State, WorkerId};

pub(super) const ID: &str = FindingId::BusyWait.as_str();

/// Least share of the time that a worker polls in vain that it runs on a CPU.
const MIN_CPU_SHARE: f64 = 0.10;

/// Mean hold above which sleeping for a lock is cheaper than spinning: waking a thread takes less time.
const MAX_SPIN_HOLD: Span = Span::from_micros(50);

/// Least number of holds to judge by.
const MIN_HOLDS: u64 = 20;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let polls = analysis.model.lanes().filter_map(|(worker, _)| check_polling(analysis, worker));
    let spins =
        analysis.model.registry().mutexes().filter_map(|id| check_spinning(analysis, id, analysis.model.lock(id)?));
    sort_worst_first(polls.chain(spins))
}

/// Reports a worker that polls again and again.
fn check_polling(analysis: &Analysis<'_>, worker: WorkerId) -> Option<(f64, Finding)> {
    let lane = analysis.model.lane(worker);
    let polling = lane.polls.summarize(analysis.from.max(lane.began()?), analysis.now)?;
    let running = analysis.total_shares([worker]).share(State::Running);
    if polling.share < analysis.thresholds.busy_wait
        || running < MIN_CPU_SHARE * polling.share
        || analysis.is_gone(worker)
    {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} polls {} in vain {} of its time, {}/s: that only burns CPU.",
            analysis.worker_name(worker),
            analysis.resource_name(polling.resource),
            format_percent(polling.share.min(1.0)),
            format_number(polling.polls_per_second),
        ),
        evidence: format!(
            "It ran on a CPU {} of the last {} and did nothing between the polls.",
            format_percent(running),
            analysis.span()
        ),
        fix: "Block on a condition, an event or a queue instead, or sleep between polls.".into(),
        subject: Some(FindingSubject::Worker(worker)),
        at: Some(polling.since),
    };
    Some((polling.share, finding))
}

/// Reports a lock that workers spin for although it is held for long.
fn check_spinning(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let kind = &analysis.model.registry().resource(id)?.kind;
    let holds = lock.releases(analysis.from, analysis.now);
    if !matches!(kind, ResourceKind::Mutex { kind: LockKind::Spin | LockKind::Ticket }) || holds < MIN_HOLDS {
        return None;
    }
    let users: BTreeSet<WorkerId> = lock.acquisitions_by_worker().map(|(worker, _)| worker).collect();
    let alive = analysis.total_shares(users.iter().copied()).alive_ns();
    let share = lock.waited_ns(analysis.from, analysis.now, analysis.now) as f64 / alive.max(1) as f64;
    let hold = lock.held_share(analysis.from, analysis.now, analysis.now) * analysis.span().0 as f64 / holds as f64;
    if share < analysis.thresholds.busy_wait || hold < MAX_SPIN_HOLD.0 as f64 || analysis.is_stuck_at(lock) {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {} for {} {} of their time; it is held {} on average, too long to spin for.",
            format_count(users.len() as u64, "worker"),
            if users.len() == 1 { "spins" } else { "spin" },
            analysis.resource_name(id),
            format_percent(share.min(1.0)),
            Span(hold as u64),
        ),
        evidence: format!("It was released {}/s.", format_number(holds as f64 / analysis.span().as_secs_f64())),
        fix: "Use a lock whose waiters sleep (kind=std), or hold it for a few microseconds only.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((share, finding))
}
