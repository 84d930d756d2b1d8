//! A pool that cannot keep up with what comes.

use super::{
    Analysis, Finding, FindingSubject, Severity, format_amount, format_count, format_number, format_percent,
    format_thousands, loop_bound,
};
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, State, WorkerKind};

pub(super) const ID: &str = "pool-too-small";

/// Part of their time that its workers must be on tasks.
const BUSY: f64 = 0.90;

/// How many tasks must come for each one that is done.
const EXCESS: f64 = 1.05;

/// Part of its time that the feeder must wait for room in a full queue.
const FULL: f64 = 0.30;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // All of a batch is there from the beginning: it waits, but nothing falls behind.
    let fed = analysis
        .pools()
        .filter(|(_, _, pool)| pool.total_tasks().is_none() && pool.recent_tasks().service_times.count() > 0);
    fed.filter_map(|(id, info, pool)| {
        check_backlog(analysis, id, info, pool).or_else(|| check_full_queue(analysis, id, info, pool))
    })
    .collect()
}

/// More tasks come than are done.
fn check_backlog(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let (come, done) =
        (pool.arrival_rate(analysis.span(), analysis.now), pool.throughput(analysis.span(), analysis.now));
    let busy = pool.utilization(analysis.from, analysis.now, analysis.now);
    let feeder_waits = analysis.total_shares(info.feeder).share(State::Full);
    // What is in work has come too, and is not done yet.
    let behind = (come - done) * analysis.span().as_secs_f64();
    if feeder_waits >= FULL || busy < BUSY || come < done * EXCESS || behind < f64::from(2 * pool.worker_count() + 3) {
        return None;
    }
    let needed = (come * pool.recent_tasks().service_times.mean_ns() / 1e9).ceil();
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
            format_amount(come, "task"),
            format_count(u64::from(pool.worker_count()), "worker"),
            format_number(done),
        ),
        evidence: format!(
            "Workers of {} are on tasks {} of the time; {} in its queue, {} turned away.",
            info.name,
            format_percent(busy),
            format_count(analysis.model.queue(info.queue).map_or(0, |queue| queue.depth().into()), "task"),
            format_thousands(pool.recent_tasks().counts.rejected as i64),
        ),
        fix: limit.map_or("Give it more workers.", |limit| limit.fix).into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// As many tasks come as are done, because the full queue lets no more in.
fn check_full_queue(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let waits = analysis.total_shares(info.feeder).share(State::Full);
    let busy = pool.utilization(analysis.from, analysis.now, analysis.now);
    if waits < FULL || busy < BUSY {
        return None;
    }
    let finish = if pool.worker_count() == 1 { "finishes" } else { "finish" };
    let limit = shared_limit(analysis, info);
    let remedy = limit.as_ref().map(|limit| format!(" {}", limit.remedy)).unwrap_or_default();
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {finish} {}/s, and more would come: {} waits {} of its time for room in {}.",
            format_count(u64::from(pool.worker_count()), "worker"),
            format_amount(pool.throughput(analysis.span(), analysis.now), "task"),
            info.feeder.map_or("whoever brings them", |feeder| analysis.worker_name(feeder)),
            format_percent(waits),
            analysis.resource_name(info.queue),
        ),
        evidence: format!("Workers of {} are on tasks {} of the time.{remedy}", info.name, format_percent(busy)),
        fix: limit.map_or("Give it more workers, or make a task cheaper.", |limit| limit.fix).into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}

/// Why more workers would not help.
struct SharedLimit {
    remedy: String,
    fix: &'static str,
}

/// What workers that compute share, so that more of them do no more.
fn shared_limit(analysis: &Analysis<'_>, info: &PoolInfo) -> Option<SharedLimit> {
    let shares = analysis.total_shares(info.workers.iter().copied());
    let computes = shares.get(State::Running) + shares.get(State::Ready) > shares.alive_ns() / 2;
    if !computes {
        return None;
    }
    if let (WorkerKind::Async, Some(found)) = (info.worker_kind, loop_bound::find(analysis)) {
        let remedy = "The event loop has no thread left: more workers would not help.".into();
        let more = found.fix.starts_with("Give the loop");
        let cure = if more { "Give the loop more threads." } else { "Make a task cheaper, or let fewer come." };
        return Some(SharedLimit { remedy, fix: cure });
    }
    let full = analysis.saturated_cores()?;
    Some(match full.others {
        Some(others) => SharedLimit {
            remedy: format!(
                "The cores are full, {others:.1} of them with other programs: more workers would not help."
            ),
            fix: if full.is_mostly_others() {
                "Stop the other programs, or make a task cheaper."
            } else {
                "Make a task cheaper, or let fewer come."
            },
        },
        None => SharedLimit {
            remedy: "The cores are full: more workers would not help.".into(),
            fix: "Make a task cheaper, or let fewer come.",
        },
    })
}
