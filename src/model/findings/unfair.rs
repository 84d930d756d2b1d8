//! A lock that goes to some far more often than to others who want it as much.

use super::{About, Finding, Look, Severity, count, percent};
use crate::model::Lock;
use crate::trace::{ResourceId, Stamp, WorkerId};

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
    // Acquisitions among lost events would make one worker look poor; in a deadlock nobody gets anything.
    if !look.lossless() || look.model.deadlock().is_some() {
        return Vec::new();
    }
    look.model.cast().mutexes().filter_map(|id| check(look, id, look.model.lock(id)?)).collect()
}

fn check(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<Finding> {
    if lock.acquired() < ACQUIRED {
        return None;
    }
    let keen = |worker: &WorkerId| wait_share(look, lock, *worker) >= WANTS;
    let (least, poor) = lock.by_worker().filter(|(worker, _)| keen(worker)).min_by_key(|(_, n)| *n)?;
    let group = &look.model.cast().worker(least)?.group;
    let alike = |worker: WorkerId| look.model.cast().worker(worker).is_some_and(|info| info.group == *group);
    let (most, rich) = lock.by_worker().filter(|(worker, _)| alike(*worker)).max_by_key(|(_, n)| *n)?;
    if rich < (poor + 1).saturating_mul(FACTOR) || !began_together(look, least, most) {
        return None;
    }
    let fairness = lock.fairness()?;
    let name = look.resource(id);
    Some(Finding {
        id: ID,
        severity: if fairness < GRAVE { Severity::Warning } else { Severity::Note },
        sentence: format!(
            "{} got {name} {}, {} only {}, though it waits for it {} of its time.",
            look.name(most),
            count(rich, "time"),
            look.name(least),
            count(poor, "time"),
            percent(wait_share(look, lock, least)),
        ),
        evidence: format!("Jain's index of fairness over all who asked is {fairness:.2}; 1 is fair."),
        cure: "Use a fair lock, or let go of it for longer between two turns.".into(),
        about: Some(About::Resource(id)),
        at: None,
    })
}

/// Part of a worker's life that it waited for the lock.
fn wait_share(look: &Look<'_>, lock: &Lock, worker: WorkerId) -> f64 {
    let past = lock.waits_by_worker().find(|(w, ..)| *w == worker).map_or(0, |(_, ns, _)| ns);
    let open = lock.waiters().iter().find(|(w, _)| *w == worker).map_or(0, |(_, since)| look.now.since(*since).0);
    let alive = look.model.lane(worker).totals(look.now).alive();
    if alive == 0 { 0.0 } else { (past + open) as f64 / alive as f64 }
}

/// Whether two workers had about the same time to get it.
fn began_together(look: &Look<'_>, a: WorkerId, b: WorkerId) -> bool {
    let since = |w| look.now.since(look.model.lane(w).began().unwrap_or(Stamp(0))).0;
    since(a).abs_diff(since(b)) <= since(b) / 10
}
