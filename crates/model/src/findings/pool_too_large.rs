//! `pool-too-large`: a pool with more workers than it has work or cores for.

use super::{Analysis, Finding, FindingSubject, Severity, format_amount, format_cores, format_count, format_percent};
use crate::Pool;
use contend_trace::{FindingId, PoolId, PoolInfo, State, WorkerId};

pub(super) const ID: &str = FindingId::PoolTooLarge.as_str();

/// Least number of tasks finished in the period.
const MIN_TASKS: f64 = 20.0;

/// Least share of their runnable time that workers wait for a core.
const MIN_READY_SHARE: f64 = 0.30;

/// Least number of its workers that want to run per core.
const MIN_CROWD: f64 = 1.2;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    analysis
        .pools()
        .filter_map(|(id, info, pool)| {
            check_idle_pool(analysis, id, info, pool).or_else(|| check_crowded_pool(analysis, id, info, pool))
        })
        .collect()
}

/// Reports a pool whose workers mostly wait for tasks.
fn check_idle_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let done = pool.throughput(analysis.span(), analysis.now);
    let shares = analysis.total_shares(info.workers.iter().copied());
    // A worker that hands a task over, or waits for anything but a task, is of use.
    let busy = 1.0 - shares.share(State::Empty);
    let size = pool.worker_count();
    // One and a half times the mean need leaves room for bursts.
    let enough = (busy * f64::from(size) * 1.5).ceil().max(1.0);
    if done * analysis.span().as_secs_f64() < MIN_TASKS
        || busy >= analysis.thresholds.pool_too_large
        || enough * 2.0 > f64::from(size)
    {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Note,
        sentence: format!(
            "{} of {} are busy {} of the time; {enough:.0} would be enough.",
            format_count(u64::from(size), "worker"),
            info.name,
            format_percent(busy),
        ),
        evidence: format!("The pool finishes {}/s.", format_amount(done, "task")),
        fix: "Use fewer workers; that saves memory and threads.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// Reports a pool whose workers keep each other from the cores.
fn check_crowded_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let (cores, full) = (analysis.available_cores(), analysis.saturated_cores()?);
    let done = pool.throughput(analysis.span(), analysis.now);
    let demand = analysis.total_cpu_demand(info.workers.iter().copied());
    let everyone = analysis.total_cpu_demand((0..analysis.model.registry().workers.len()).map(WorkerId::from));
    let share = demand.unmet_share();
    // The pool itself is too large: no other workers or programs keep it from the cores.
    let itself = 2 * demand.running >= everyone.running && analysis.mean_runnable(demand) >= MIN_CROWD * full.cores;
    let beside_others =
        full.others.is_some() && analysis.always_runnable(info.workers.iter().copied()) as f64 <= full.cores;
    if share < MIN_READY_SHARE || !itself || beside_others || done * analysis.span().as_secs_f64() < MIN_TASKS {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} compete for {} and spend {} of their runnable time waiting for one. \
             About {} would get as much done.",
            format_count(u64::from(pool.worker_count()), "worker"),
            info.name,
            format_cores(full.cores),
            format_percent(share),
            cores.ceil().max(1.0),
        ),
        evidence: format!("{} The pool finishes {}/s.", full.sentence(), format_amount(done, "task")),
        fix: "Use fewer workers; each task then finishes sooner.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
