//! `unfair`: a lock that some workers get far more often than others that want it as much.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent};
use crate::{Lock, RecentLockUse};
use contend_trace::{FindingId, ResourceId, Stamp, WorkerId};

pub(super) const ID: &str = FindingId::Unfair.as_str();

/// Least number of acquisitions to judge by.
const MIN_ACQUIRED: u64 = 200;

/// Least share of its life that the least favoured worker waits: one that seldom asks is not treated unfairly.
const MIN_WAITING_SHARE: f64 = 0.30;

/// Fairness index below which it is a warning.
const MIN_FAIR_INDEX: f64 = 0.60;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // A worker whose acquisitions are among lost events would look less favoured.
    if !analysis.is_lossless() {
        return Vec::new();
    }
    sort_worst_first(
        analysis.model.registry().locks().filter_map(|id| check_lock(analysis, id, analysis.model.lock(id)?)),
    )
}

fn check_lock(analysis: &Analysis<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    // A worker that is stuck, or that takes several permits at once, gets a different number whatever the lock does.
    if lock.recent_acquired() < MIN_ACQUIRED || lock.is_taken_in_bulk() || analysis.is_stuck_at(lock) {
        return None;
    }
    let users = lock.recent_users();
    // No two workers differ by more than the least and the most favoured of all: mostly that decides.
    let acquired = || users.iter().map(|user| user.acquired);
    let (least, most) = (acquired().min()?, acquired().max()?);
    if (most as f64) < analysis.thresholds.unfair * (least + 1) as f64 {
        return None;
    }
    // A worker lives no longer than the period, whose length is quicker to find than its life.
    let period = analysis.now.span_since(analysis.model.settings_start(analysis.now)).0 as f64;
    let keen = |user: &&RecentLockUse| {
        total_wait_ns(analysis, lock, user) as f64 >= MIN_WAITING_SHARE * period
            || wait_share(analysis, lock, user) >= MIN_WAITING_SHARE
    };
    let poorest = users.iter().filter(keen).min_by_key(|user| user.acquired)?;
    let group = &analysis.model.registry().worker(poorest.worker)?.group;
    let alike = |worker: WorkerId| analysis.model.registry().worker(worker).is_some_and(|info| info.group == *group);
    let richest = users.iter().filter(|user| alike(user.worker)).max_by_key(|user| user.acquired)?;
    let (poor, rich, min_ratio) = (poorest.acquired, richest.acquired, analysis.thresholds.unfair);
    // A worker that asks less often gets it less often, even in arrival order; but then each turn takes as long a wait.
    let waits_longer = mean_wait_ns(analysis, lock, poorest) >= min_ratio * mean_wait_ns(analysis, lock, richest);
    let together = has_similar_start(analysis, poorest.worker, richest.worker);
    if (rich as f64) < min_ratio * (poor + 1) as f64 || !waits_longer || !together {
        return None;
    }
    let fairness = lock.recent_fairness()?;
    let finding = Finding {
        id: ID,
        severity: if fairness < MIN_FAIR_INDEX { Severity::Warning } else { Severity::Note },
        sentence: format!(
            "{} got {} {}; {}, which waits for it {} of its time, got it only {}.",
            analysis.worker_name(richest.worker),
            analysis.resource_name(id),
            format_count(rich, "time"),
            analysis.worker_name(poorest.worker),
            format_percent(wait_share(analysis, lock, poorest)),
            format_count(poor, "time"),
        ),
        evidence: format!("Jain's fairness index over its users is {fairness:.2}; 1 is fair."),
        fix: "Use a fair lock, or leave it free longer between two holds.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((1.0 - fairness, finding))
}

/// Mean wait of a worker per acquisition, ns.
fn mean_wait_ns(analysis: &Analysis<'_>, lock: &Lock, user: &RecentLockUse) -> f64 {
    total_wait_ns(analysis, lock, user) as f64 / user.acquired.max(1) as f64
}

/// Time that a worker has waited for the lock with the present settings, an ongoing wait included, ns.
fn total_wait_ns(analysis: &Analysis<'_>, lock: &Lock, user: &RecentLockUse) -> u64 {
    let from = analysis.model.settings_start(analysis.now);
    let waits = lock.waiters().into_iter().find(|(worker, _)| *worker == user.worker);
    user.waited.saturating_add(waits.map_or(0, |(_, since)| analysis.now.span_since(since.max(from)).0))
}

/// Share of its life with the present settings that a worker waited for the lock.
fn wait_share(analysis: &Analysis<'_>, lock: &Lock, user: &RecentLockUse) -> f64 {
    let from = analysis.model.settings_start(analysis.now);
    let alive = analysis.model.lane(user.worker).state_times(from, analysis.now, analysis.now).alive_ns();
    if alive == 0 { 0.0 } else { total_wait_ns(analysis, lock, user) as f64 / alive as f64 }
}

/// Whether two workers began at about the same time.
fn has_similar_start(analysis: &Analysis<'_>, a: WorkerId, b: WorkerId) -> bool {
    let since = |w| analysis.now.span_since(analysis.model.lane(w).began().unwrap_or(Stamp(0))).0;
    since(a).abs_diff(since(b)) <= since(b) / 10
}
