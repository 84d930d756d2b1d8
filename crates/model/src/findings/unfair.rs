//! A lock that goes to some far more often than to others who want it as much.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count, percent};
use crate::{Lock, RecentUse};
use contend_trace::{ResourceId, Stamp, WorkerId};

pub(super) const ID: &str = "unfair";

/// Acquisitions without which nothing can be said.
const ACQUIRED: u64 = 200;

/// How many times as often as the least one the most favoured worker gets it.
const FACTOR: u64 = 3;

/// Part of its life that the least favoured worker waits: one that seldom asks is not treated unfairly.
const WANTS: f64 = 0.30;

/// Below this index of fairness it is worth a warning.
const GRAVE: f64 = 0.60;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // Acquisitions among lost events would make one worker look poor.
    if !look.lossless() {
        return Vec::new();
    }
    worst_first(look.model.cast().locks().filter_map(|id| check(look, id, look.model.lock(id)?)))
}

fn check(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    // A worker that is stuck elsewhere, or takes several permits at once, gets a different number whatever the lock does.
    if lock.recent_acquired() < ACQUIRED || lock.is_taken_in_bulk() || look.is_stuck_at(lock) {
        return None;
    }
    let users = lock.recent_users();
    let keen = |user: &&RecentUse| wait_share(look, lock, user) >= WANTS;
    let poorest = users.iter().filter(keen).min_by_key(|user| user.acquired)?;
    let group = &look.model.cast().worker(poorest.worker)?.group;
    let alike = |worker: WorkerId| look.model.cast().worker(worker).is_some_and(|info| info.group == *group);
    let richest = users.iter().filter(|user| alike(user.worker)).max_by_key(|user| user.acquired)?;
    let (poor, rich) = (poorest.acquired, richest.acquired);
    // A worker that asks less often gets it less often, even in order of arrival: but then each waits as long for one turn.
    let waits_longer = wait_each(look, lock, poorest) >= FACTOR as f64 * wait_each(look, lock, richest);
    let together = began_together(look, poorest.worker, richest.worker);
    if rich < (poor + 1).saturating_mul(FACTOR) || !waits_longer || !together {
        return None;
    }
    let fairness = lock.recent_fairness()?;
    let finding = Finding {
        id: ID,
        severity: if fairness < GRAVE { Severity::Warning } else { Severity::Note },
        sentence: format!(
            "{} got {} {}; {}, which waits for it {} of its time, only {}.",
            look.name(richest.worker),
            look.resource(id),
            count(rich, "time"),
            look.name(poorest.worker),
            percent(wait_share(look, lock, poorest)),
            count(poor, "time"),
        ),
        evidence: format!("Jain's index of fairness over its users is {fairness:.2}; 1 is fair."),
        cure: "Use a fair lock, or leave it free for longer between two turns.".into(),
        about: Some(About::Resource(id)),
        at: None,
    };
    Some((1.0 - fairness, finding))
}

/// How long a worker waits for each time that it gets the lock, ns.
fn wait_each(look: &Look<'_>, lock: &Lock, user: &RecentUse) -> f64 {
    waited(look, lock, user) as f64 / user.acquired.max(1) as f64
}

/// How long a worker has waited for the lock with the present settings, the wait that goes on included, ns.
fn waited(look: &Look<'_>, lock: &Lock, user: &RecentUse) -> u64 {
    let from = look.model.settings_from(look.now);
    let waits = lock.waiters().into_iter().find(|(worker, _)| *worker == user.worker);
    user.waited.saturating_add(waits.map_or(0, |(_, since)| look.now.since(since.max(from)).0))
}

/// Part of a worker's life with the present settings that it waited for the lock.
fn wait_share(look: &Look<'_>, lock: &Lock, user: &RecentUse) -> f64 {
    let from = look.model.settings_from(look.now);
    let alive = look.model.lane(user.worker).shares(from, look.now, look.now).alive();
    if alive == 0 { 0.0 } else { waited(look, lock, user) as f64 / alive as f64 }
}

/// Whether two workers had about the same time to get it.
fn began_together(look: &Look<'_>, a: WorkerId, b: WorkerId) -> bool {
    let since = |w| look.now.since(look.model.lane(w).began().unwrap_or(Stamp(0))).0;
    since(a).abs_diff(since(b)) <= since(b) / 10
}
