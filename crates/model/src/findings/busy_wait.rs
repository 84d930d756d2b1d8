//! Workers that burn a core while they wait: they ask again and again, or spin for a lock that is held for long.

use std::collections::BTreeSet;

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count, number, percent};
use crate::Lock;
use contend_trace::{LockKind, ResourceId, ResourceKind, Span, State, WorkerId};

pub(super) const ID: &str = "busy-wait";

/// Part of its time that a worker asks in vain, and does nothing else.
const SHARE: f64 = 0.30;

/// Part of that time that it must have a CPU for it.
const CPU: f64 = 0.10;

/// A lock that is held for longer than this on average is better slept for: waking takes less.
const HOLD: Span = Span::micros(50);

/// Holds without which nothing can be said.
const HOLDS: u64 = 20;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let polls = look.model.lanes().filter_map(|(worker, _)| polls(look, worker));
    let spins = look.model.cast().mutexes().filter_map(|id| spins(look, id, look.model.lock(id)?));
    worst_first(polls.chain(spins))
}

/// A worker that asks whether something has happened, and asks again.
fn polls(look: &Look<'_>, worker: WorkerId) -> Option<(f64, Finding)> {
    let lane = look.model.lane(worker);
    let polling = lane.polls.between(look.from.max(lane.began()?), look.now)?;
    let running = look.sum([worker]).share(State::Running);
    if polling.share < SHARE || running < CPU * polling.share || look.is_gone(worker) {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} polls {} {} of its time, {}/s in vain: that burns CPU and gets nothing done.",
            look.name(worker),
            look.resource(polling.on),
            percent(polling.share.min(1.0)),
            number(polling.looks),
        ),
        evidence: format!(
            "It was on a CPU {} of the newest {}, and did nothing between these looks.",
            percent(running),
            look.span()
        ),
        cure: "Wait for a condition, an event or an item instead, or sleep between two looks.".into(),
        about: Some(About::Worker(worker)),
        at: Some(polling.since),
    };
    Some((polling.share, finding))
}

/// A lock that workers spin for although it is held for long.
fn spins(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let kind = &look.model.cast().resource(id)?.kind;
    let holds = lock.releases(look.from, look.now);
    if !matches!(kind, ResourceKind::Mutex { kind: LockKind::Spin | LockKind::Ticket }) || holds < HOLDS {
        return None;
    }
    let users: BTreeSet<WorkerId> = lock.by_worker().map(|(worker, _)| worker).collect();
    let alive = look.sum(users.iter().copied()).alive();
    let share = lock.waited_ns(look.from, look.now, look.now) as f64 / alive.max(1) as f64;
    let hold = lock.held_share(look.from, look.now, look.now) * look.span().0 as f64 / holds as f64;
    if share < SHARE || hold < HOLD.0 as f64 || look.is_stuck_at(lock) {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} spin for {} {} of their time: it is held {} each time, too long to wait awake.",
            count(users.len() as u64, "worker"),
            look.resource(id),
            percent(share.min(1.0)),
            Span(hold as u64),
        ),
        evidence: format!("It was given back {}/s.", number(holds as f64 / look.span().secs())),
        cure: "Use a lock that lets its waiters sleep (kind=std), or hold it for a few microseconds.".into(),
        about: Some(About::Resource(id)),
        at: None,
    };
    Some((share, finding))
}
