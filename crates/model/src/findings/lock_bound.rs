//! `lock-bound`: a lock, or all permits of a semaphore, that is nearly always in use while workers wait for it. More
//! workers would get no more done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_number, format_percent};
use crate::{Lock, LockCapacity};
use contend_trace::{FindingId, ResourceId, Span, WorkerId};

pub(super) const ID: &str = FindingId::LockBound.as_str();

/// Least share of the time that it is held.
const MIN_HELD_SHARE: f64 = 0.75;

/// Least number of ended holds: fewer are a long hold, not a busy lock.
const MIN_HOLDS: u64 = 10;

/// Least number of snapshots to judge by.
const MIN_SNAPSHOTS: u64 = 10;

/// A lock that is nearly always in use.
struct BusyLock<'a> {
    id: ResourceId,
    lock: &'a Lock,
    waited: u64,
    held: f64,
    holds: u64,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let mut families: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
    for id in analysis.model.registry().locks() {
        families.entry(analysis.array_name(id)).or_default().push(id);
    }
    let check = |ids: &Vec<ResourceId>| {
        // What events tell, they tell with more figures.
        check_array(analysis, ids).or_else(|| ids.iter().find_map(|id| check_sightings(analysis, *id)))
    };
    let mut found: Vec<(u64, Finding)> = families.values().filter_map(check).collect();
    found.sort_by_key(|(waited, _)| std::cmp::Reverse(*waited));
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Judges all locks of an array together: each user waits for one of them at a time.
fn check_array(analysis: &Analysis<'_>, ids: &[ResourceId]) -> Option<(u64, Finding)> {
    let mut busy: Vec<BusyLock<'_>> = ids.iter().filter_map(|id| check_busy_lock(analysis, *id)).collect();
    busy.sort_by_key(|one| std::cmp::Reverse((one.waited, one.id)));
    let worst = busy.first()?;
    let users: BTreeSet<WorkerId> =
        busy.iter().flat_map(|one| one.lock.acquisitions_by_worker().map(|(w, _)| w)).collect();
    let waited: u64 = busy.iter().map(|one| one.waited).sum();
    let alive = analysis.total_shares(users.iter().copied()).alive_ns();
    let share = waited as f64 / alive.max(1) as f64;
    if share < analysis.thresholds.lock_bound || users.len() < 2 {
        return None;
    }
    let all = format_count(users.len() as u64, &group_name(analysis, &users));
    let (sentence, fix) = sentence_and_fix(analysis, worst, &all, share.min(1.0));
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence,
        evidence: evidence(analysis, worst),
        fix,
        subject: Some(FindingSubject::Resource(worst.id)),
        at: None,
    };
    let others: Vec<ResourceId> = busy.iter().skip(1).map(|one| one.id).collect();
    Some((waited, analysis.extend_to_array(finding, &others, ids.len())))
}

fn check_busy_lock<'a>(analysis: &Analysis<'a>, id: ResourceId) -> Option<BusyLock<'a>> {
    let lock = analysis.model.lock(id)?;
    let holds = lock.releases(analysis.from, analysis.now);
    let is_signal = matches!(lock.capacity(), LockCapacity::Permits { scoped: false, .. });
    // A lock that is held forever, by a dead worker or in a deadlock, is no bottleneck that can be eased.
    let is_held_forever = || lock.is_held_by(|worker| analysis.is_stuck(worker) || analysis.is_gone(worker));
    if holds < MIN_HOLDS || is_signal || is_held_forever() {
        return None;
    }
    let held = match lock.capacity() {
        LockCapacity::ReadersWriter => lock.utilization(analysis.from, analysis.now)?.held_share,
        _ => lock.held_share(analysis.from, analysis.now, analysis.now),
    };
    let waited = lock.waited_ns(analysis.from, analysis.now, analysis.now);
    (held >= MIN_HELD_SHARE && waited > 0).then_some(BusyLock { id, lock, waited, held, holds })
}

/// Judges a mutex by the snapshots of the wait slots: if many events were lost, its holds are unknown.
fn check_sightings(analysis: &Analysis<'_>, id: ResourceId) -> Option<(u64, Finding)> {
    let lock = analysis.model.lock(id)?;
    let seen = analysis.model.slot_sightings.of_lock(id, analysis.from);
    let users = lock.acquisitions_by_worker().count() as u64;
    let share = seen.waiters as f64 / (seen.snapshots * users).max(1) as f64;
    let is_busy = seen.with_waiters as f64 >= MIN_HELD_SHARE * seen.snapshots as f64;
    let is_passed_on = lock.releases(analysis.from, analysis.now) >= MIN_HOLDS && !analysis.is_stuck_at(lock);
    if analysis.is_nearly_lossless()
        || lock.capacity() != LockCapacity::Exclusive
        || seen.snapshots < MIN_SNAPSHOTS
        || share < analysis.thresholds.lock_bound
        || users < 2
        || !(is_busy && is_passed_on)
    {
        return None;
    }
    let (name, workers) = (analysis.resource_name(id), format_count(users, "worker"));
    let waiting = format_number(seen.waiters as f64 / seen.snapshots as f64);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!("On average {waiting} of {workers} wait for {name}."),
        evidence: format!(
            "Workers waited for it in {} of {}.",
            format_percent(seen.with_waiters as f64 / seen.snapshots as f64),
            format_count(seen.snapshots, "snapshot"),
        ),
        fix: "Hold it for less time, or split it; more workers only wait longer.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    let waited = (share * users as f64 * analysis.span().0 as f64) as u64;
    Some((waited, finding))
}

/// The finding's sentence and fix.
fn sentence_and_fix(analysis: &Analysis<'_>, worst: &BusyLock<'_>, users: &str, share: f64) -> (String, String) {
    let (name, held, share) = (analysis.resource_name(worst.id), format_percent(worst.held), format_percent(share));
    let ceiling = format_number(worst.lock.ceiling(analysis.from, analysis.now).unwrap_or(0.0));
    match worst.lock.capacity() {
        LockCapacity::Exclusive => (
            format!("{name} is held {held} of the time; {users} wait {share} of theirs. Ceiling: {ceiling}/s."),
            "Hold it for less time, or split it; more workers only wait longer.".into(),
        ),
        LockCapacity::Permits { permits, .. } => (
            format!(
                "{} of {name} {} in use {held} of the time; {users} wait {share} of theirs. \
                 Ceiling: {ceiling} permits/s.",
                format_count(u64::from(permits), "permit"),
                if permits == 1 { "is" } else { "are" },
            ),
            "Add permits, or hold them for less time; more workers only wait longer.".into(),
        ),
        LockCapacity::ReadersWriter => {
            let alone = worst.lock.utilization(analysis.from, analysis.now).map_or(0.0, |used| used.exclusive_share);
            (
                format!(
                    "{name} is in use {held} of the time, {} by a writer; {users} wait {share} of theirs.",
                    format_percent(alone)
                ),
                "Hold it for less time, or split what it guards.".into(),
            )
        }
    }
}

fn evidence(analysis: &Analysis<'_>, worst: &BusyLock<'_>) -> String {
    let rate = format_number(worst.holds as f64 / analysis.span().as_secs_f64());
    let mean = Span(mean_hold_ns(analysis, worst) as u64);
    match worst.lock.capacity() {
        LockCapacity::Exclusive => format!("It was released {rate}/s and held for {mean} on average."),
        LockCapacity::Permits { .. } => format!("Permits were released {rate}/s and held for {mean} on average."),
        LockCapacity::ReadersWriter => format!("It was released {rate}/s in the last {}.", analysis.span()),
    }
}

fn permit_count(lock: &Lock) -> u32 {
    if let LockCapacity::Permits { permits, .. } = lock.capacity() { permits.max(1) } else { 1 }
}

/// Mean length of a hold, ns.
fn mean_hold_ns(analysis: &Analysis<'_>, busy: &BusyLock<'_>) -> f64 {
    busy.held * analysis.span().0 as f64 * f64::from(permit_count(busy.lock)) / busy.holds as f64
}

/// A noun for one of these workers: their group's name, if they have one in common.
fn group_name(analysis: &Analysis<'_>, workers: &BTreeSet<WorkerId>) -> String {
    let mut groups =
        workers.iter().filter_map(|w| analysis.model.registry().worker(*w)).map(|info| info.group.as_str());
    let first = groups.next().unwrap_or_default();
    let one = if first.len() < 3 || groups.any(|group| group != first) { "worker" } else { first };
    one.strip_suffix('s').filter(|one| !one.ends_with('s')).unwrap_or(one).to_owned()
}
