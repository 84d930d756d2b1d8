//! `pool-too-small`: a pool whose tasks arrive faster than it finishes them.

mod idle_cores;

use super::{
    Analysis, Finding, FindingSubject, Severity, Thresholds, format_amount, format_count, format_number,
    format_percent, format_thousands, loop_bound,
};
use crate::Pool;
use contend_trace::{FindingId, PoolId, PoolInfo, State, WorkerKind};

pub(super) const ID: &str = FindingId::PoolTooSmall.as_str();

/// Least number of tasks that arrive per finished task.
const MIN_EXCESS: f64 = 1.05;

/// Least share of its time that the feeder waits for room in a full queue.
const MIN_FULL_SHARE: f64 = 0.30;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    if analysis.model.registry().is_open {
        return idle_cores::find(analysis); // how many tasks will come, and when, is unknown
    }
    // A batch is all there from the start: its tasks wait, but the pool does not fall behind.
    let fed = analysis
        .pools()
        .filter(|(_, _, pool)| pool.total_tasks().is_none() && pool.recent_tasks().service_times.count() > 0);
    fed.filter_map(|(id, info, pool)| {
        check_backlog(analysis, id, info, pool).or_else(|| check_full_queue(analysis, id, info, pool))
    })
    .collect()
}

/// Reports a pool that more tasks arrive at than it finishes.
fn check_backlog(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let (arriving, done) =
        (pool.arrival_rate(analysis.span(), analysis.now), pool.throughput(analysis.span(), analysis.now));
    let busy = pool.utilization(analysis.from, analysis.now, analysis.now);
    let feeder_waits = analysis.total_shares(info.feeder).share(State::Full);
    // Tasks in progress have arrived too, and are not finished yet.
    let behind = (arriving - done) * analysis.span().as_secs_f64();
    if feeder_waits >= MIN_FULL_SHARE
        || busy < analysis.thresholds.pool_too_small
        || arriving < done * MIN_EXCESS
        || behind < f64::from(2 * pool.worker_count() + 3)
    {
        return None;
    }
    let needed = (arriving * pool.recent_tasks().service_times.mean_ns() / 1e9).ceil();
    let limit = shared_limit(analysis, info);
    let remedy = match &limit {
        Some(limit) => limit.remedy.clone(),
        None if needed > f64::from(pool.worker_count()) => format!("About {needed:.0} would keep up."),
        None => return None,
    };
    let finish = if pool.worker_count() == 1 { "finishes" } else { "finish" };
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{}/s arrive, {} {finish} {}/s. {remedy}",
            format_amount(arriving, "task"),
            format_count(u64::from(pool.worker_count()), "worker"),
            format_number(done),
        ),
        evidence: format!(
            "The workers of {} are on tasks {} of the time; {} in the queue, {} rejected.",
            info.name,
            format_percent(busy),
            format_count(analysis.model.queue(info.queue).map_or(0, |queue| queue.depth().into()), "task"),
            format_thousands(pool.recent_tasks().counts.rejected as i64),
        ),
        fix: limit.map_or("Add workers.", |limit| limit.fix).into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// Reports a pool whose full queue holds the feeder up, so that no more tasks arrive than it finishes.
fn check_full_queue(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let waits = analysis.total_shares(info.feeder).share(State::Full);
    let busy = pool.utilization(analysis.from, analysis.now, analysis.now);
    if waits < MIN_FULL_SHARE || busy < analysis.thresholds.pool_too_small {
        return None;
    }
    let finish = if pool.worker_count() == 1 { "finishes" } else { "finish" };
    let limit = shared_limit(analysis, info);
    let remedy = limit.as_ref().map(|limit| format!(" {}", limit.remedy)).unwrap_or_default();
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {finish} {}/s and cannot keep up: {} waits {} of its time for room in {}.",
            format_count(u64::from(pool.worker_count()), "worker"),
            format_amount(pool.throughput(analysis.span(), analysis.now), "task"),
            info.feeder.map_or("the feeder", |feeder| analysis.worker_name(feeder)),
            format_percent(waits),
            analysis.resource_name(info.queue),
        ),
        evidence: format!("The workers of {} are on tasks {} of the time.{remedy}", info.name, format_percent(busy)),
        fix: limit.map_or("Add workers, or make tasks cheaper.", |limit| limit.fix).into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// The fix where more workers do not help.
const LESS_WORK: &str = "Make tasks cheaper, or accept fewer.";

/// A limit that more workers of a pool do not lift.
struct SharedLimit {
    remedy: String,
    fix: &'static str,
}

/// Returns the full cores or event loop that CPU-heavy workers share: more workers would get no more done.
fn shared_limit(analysis: &Analysis<'_>, info: &PoolInfo) -> Option<SharedLimit> {
    let shares = analysis.total_shares(info.workers.iter().copied());
    let computes = shares.get(State::Running) + shares.get(State::Ready) > shares.alive_ns() / 2;
    if !computes {
        return None;
    }
    if let (WorkerKind::Async, Some(overload)) =
        (info.worker_kind, loop_bound::measure(analysis, Thresholds::DEFAULT.loop_bound))
    {
        let remedy = "All event-loop threads are busy: more workers would not help.".into();
        let fix = if overload.has_free_core { "Give the loop more threads." } else { LESS_WORK };
        return Some(SharedLimit { remedy, fix });
    }
    let full = analysis.saturated_cores()?;
    Some(match full.others {
        Some(others) => SharedLimit {
            remedy: format!("The cores are full ({others:.1} of them by other programs): more workers would not help."),
            fix: if full.is_mostly_others() { "Stop the other programs, or make tasks cheaper." } else { LESS_WORK },
        },
        None => SharedLimit { remedy: "The cores are full: more workers would not help.".into(), fix: LESS_WORK },
    })
}
