//! A pool with more workers than it has use for.

use super::{Analysis, Finding, FindingSubject, Severity, format_amount, format_cores, format_count, format_percent};
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, State, WorkerId};

pub(super) const ID: &str = "pool-too-large";

/// Workers have work less than this part of their time.
const IDLE: f64 = 0.30;

/// Tasks that must have been done in the time looked at.
const TASKS: f64 = 20.0;

/// Part of the time in which a worker could run that it has no CPU.
const READY: f64 = 0.30;

/// How many of its workers want to run, for each core.
const CROWD: f64 = 1.2;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    analysis
        .pools()
        .filter_map(|(id, info, pool)| {
            check_idle_pool(analysis, id, info, pool).or_else(|| check_crowded_pool(analysis, id, info, pool))
        })
        .collect()
}

/// Most have nothing to do.
fn check_idle_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let done = pool.throughput(analysis.span(), analysis.now);
    let shares = analysis.total_shares(info.workers.iter().copied());
    // What hands a task over, or waits for anything but work, is of use.
    let busy = 1.0 - shares.share(State::Empty);
    let size = pool.worker_count();
    // One and a half times what is needed on average leaves room for tasks that come in bunches.
    let enough = (busy * f64::from(size) * 1.5).ceil().max(1.0);
    if done * analysis.span().as_secs_f64() < TASKS || busy >= IDLE || enough * 2.0 > f64::from(size) {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Note,
        sentence: format!(
            "{} of {} have work {} of the time: {enough:.0} would do.",
            format_count(u64::from(size), "worker"),
            info.name,
            format_percent(busy),
        ),
        evidence: format!("It does {}/s, and that is all that come.", format_amount(done, "task")),
        fix: "Fewer workers free memory and threads for others.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// They keep each other from the cores.
fn check_crowded_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let (cores, full) = (analysis.available_cores(), analysis.saturated_cores()?);
    let done = pool.throughput(analysis.span(), analysis.now);
    let demand = analysis.total_cpu_demand(info.workers.iter().copied());
    let everybody = analysis.total_cpu_demand((0..analysis.model.registry().workers.len()).map(WorkerId::from));
    let share = demand.unmet_share();
    // They themselves are too many: not other workers, or other programs, that keep them from the cores.
    let itself = 2 * demand.running >= everybody.running && analysis.mean_runnable(demand) >= CROWD * full.cores;
    let beside_others =
        full.others.is_some() && analysis.always_runnable(info.workers.iter().copied()) as f64 <= full.cores;
    if share < READY || !itself || beside_others || done * analysis.span().as_secs_f64() < TASKS {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} share {}: {} of the time they could run they have no CPU. About {} would do as much.",
            format_count(u64::from(pool.worker_count()), "worker"),
            info.name,
            format_cores(full.cores),
            format_percent(share),
            cores.ceil().max(1.0),
        ),
        evidence: format!("{} {}/s are done.", full.sentence(), format_amount(done, "task")),
        fix: "Fewer workers finish each task sooner.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
