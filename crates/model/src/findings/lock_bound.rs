//! A lock, or the permits of a semaphore, that all are in use and that workers wait for: more workers get no more done.

use std::collections::{BTreeMap, BTreeSet};

use super::{About, Finding, Look, Severity, count, number, percent};
use crate::{Lock, Room};
use contend_trace::{ResourceId, Span, WorkerId};

pub(super) const ID: &str = "lock-bound";

/// Part of its users' time that must go into waiting for the lock.
const WAITED: f64 = 0.30;

/// Part of the time that the lock must be held.
const HELD: f64 = 0.75;

/// Holds that must have ended: else it is one long hold, not a busy lock.
const HOLDS: u64 = 10;

/// A lock that is nearly always in use.
struct Busy<'a> {
    id: ResourceId,
    lock: &'a Lock,
    waited: u64,
    held: f64,
    holds: u64,
}

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let mut families: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
    for id in look.model.cast().locks() {
        families.entry(look.family(id)).or_default().push(id);
    }
    let mut found: Vec<(u64, Finding)> = families.values().filter_map(|ids| check(look, ids)).collect();
    found.sort_by_key(|(waited, _)| std::cmp::Reverse(*waited));
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Looks at all locks of an array together: their users wait for one of them at a time.
fn check(look: &Look<'_>, ids: &[ResourceId]) -> Option<(u64, Finding)> {
    let mut busy: Vec<Busy<'_>> = ids.iter().filter_map(|id| busy(look, *id)).collect();
    busy.sort_by_key(|one| std::cmp::Reverse((one.waited, one.id)));
    let worst = busy.first()?;
    let users: BTreeSet<WorkerId> = busy.iter().flat_map(|one| one.lock.by_worker().map(|(w, _)| w)).collect();
    let waited: u64 = busy.iter().map(|one| one.waited).sum();
    let alive = look.sum(users.iter().copied()).alive();
    let share = waited as f64 / alive.max(1) as f64;
    if share < WAITED || users.len() < 2 {
        return None;
    }
    let all = count(users.len() as u64, &group(look, &users));
    let (sentence, cure) = tell(look, worst, &all, share.min(1.0));
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence,
        evidence: evidence(look, worst),
        cure,
        about: Some(About::Resource(worst.id)),
        at: None,
    };
    let others: Vec<ResourceId> = busy.iter().skip(1).map(|one| one.id).collect();
    Some((waited, look.and_others(finding, &others, ids.len())))
}

fn busy<'a>(look: &Look<'a>, id: ResourceId) -> Option<Busy<'a>> {
    let lock = look.model.lock(id)?;
    let holds = lock.releases(look.from, look.now);
    let is_signal = matches!(lock.room(), Room::Permits { scoped: false, .. });
    // Of one that is held for good, by a dead worker or in a deadlock, there is nothing to speed up.
    let for_good = || lock.is_held_by(|worker| look.is_stuck(worker) || look.is_gone(worker));
    if holds < HOLDS || is_signal || for_good() {
        return None;
    }
    let held = match lock.room() {
        Room::Readers => lock.in_use(look.from, look.now)?.held,
        _ => lock.held_share(look.from, look.now, look.now),
    };
    let waited = lock.waited_ns(look.from, look.now, look.now);
    (held >= HELD && waited > 0).then_some(Busy { id, lock, waited, held, holds })
}

/// The finding's sentence, and its cure.
fn tell(look: &Look<'_>, worst: &Busy<'_>, users: &str, share: f64) -> (String, String) {
    let (name, held, share) = (look.resource(worst.id), percent(worst.held), percent(share));
    let ceiling = number(1e9 / mean(look, worst) * f64::from(permits(worst.lock)));
    match worst.lock.room() {
        Room::One => (
            format!("{name} is held {held} of the time; {users} wait {share} of theirs. Ceiling: {ceiling}/s."),
            "Hold it for less time, or split it; more workers only wait longer.".into(),
        ),
        Room::Permits { permits, .. } => (
            format!(
                "{} of {name} {} in use {held} of the time; {users} wait {share} of theirs. Ceiling: {ceiling} permits/s.",
                count(u64::from(permits), "permit"),
                if permits == 1 { "is" } else { "are" },
            ),
            "Add permits, or hold them for less time; more workers only wait longer.".into(),
        ),
        Room::Readers => {
            let alone = worst.lock.in_use(look.from, look.now).map_or(0.0, |used| used.alone);
            (
                format!(
                    "{name} is in use {held} of the time, {} by a writer; {users} wait {share} of theirs.",
                    percent(alone)
                ),
                "Hold it for less time, or split what it guards.".into(),
            )
        }
    }
}

fn evidence(look: &Look<'_>, worst: &Busy<'_>) -> String {
    let pace = number(worst.holds as f64 / look.span().secs());
    let mean = Span(mean(look, worst) as u64);
    match worst.lock.room() {
        Room::One => format!("It was given back {pace}/s, held {mean} each time."),
        Room::Permits { .. } => format!("Permits were given back {pace}/s, each held for {mean}."),
        Room::Readers => format!("It was given back {pace}/s in the newest {}.", look.span()),
    }
}

fn permits(lock: &Lock) -> u32 {
    if let Room::Permits { permits, .. } = lock.room() { permits.max(1) } else { 1 }
}

/// How long a hold lasts on average, ns.
fn mean(look: &Look<'_>, busy: &Busy<'_>) -> f64 {
    busy.held * look.span().0 as f64 * f64::from(permits(busy.lock)) / busy.holds as f64
}

/// The name for one of these workers: their group if they have one in common.
fn group(look: &Look<'_>, workers: &BTreeSet<WorkerId>) -> String {
    let mut groups = workers.iter().filter_map(|w| look.model.cast().worker(*w)).map(|info| info.group.as_str());
    let first = groups.next().unwrap_or_default();
    let one = if first.len() < 3 || groups.any(|group| group != first) { "worker" } else { first };
    one.strip_suffix('s').filter(|one| !one.ends_with('s')).unwrap_or(one).to_owned()
}
