//! A pool that cannot keep up with what comes.

use super::{About, Finding, Look, Severity, count, loop_bound, number, percent, some, thousands};
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, State, WorkerKind};

pub(super) const ID: &str = "pool-too-small";

/// Part of their time that its workers must be on tasks.
const BUSY: f64 = 0.90;

/// How many tasks must come for each one that is done.
const EXCESS: f64 = 1.05;

/// Part of its time that the feeder must wait for room in a full queue.
const FULL: f64 = 0.30;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // All of a batch is there from the beginning: it waits, but nothing falls behind.
    let fed = look.pools().filter(|(_, _, pool)| pool.total().is_none() && pool.recent().service.count() > 0);
    fed.filter_map(|(id, info, pool)| behind(look, id, info, pool).or_else(|| blocked(look, id, info, pool))).collect()
}

/// More tasks come than are done.
fn behind(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let (come, done) = (pool.arrivals(look.span(), look.now), pool.throughput(look.span(), look.now));
    let busy = pool.utilization(look.from, look.now, look.now);
    let feeder_waits = look.sum(info.feeder).share(State::Full);
    // What is in work has come too, and is not done yet.
    let behind = (come - done) * look.span().secs();
    if feeder_waits >= FULL || busy < BUSY || come < done * EXCESS || behind < f64::from(2 * pool.size() + 3) {
        return None;
    }
    let needed = (come * pool.recent().service.mean() / 1e9).ceil();
    let limit = limit(look, info);
    let remedy = match &limit {
        Some(limit) => limit.remedy.clone(),
        None if needed > f64::from(pool.size()) => format!("About {needed:.0} would keep up."),
        None => return None,
    };
    let finish = if pool.size() == 1 { "finishes" } else { "finish" };
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{}/s arrive, {} {finish} {}/s. {remedy}",
            some(come, "task"),
            count(u64::from(pool.size()), "worker"),
            number(done),
        ),
        evidence: format!(
            "Workers of {} are on tasks {} of the time; {} in its queue, {} turned away.",
            info.name,
            percent(busy),
            count(look.model.queue(info.queue).map_or(0, |queue| queue.depth().into()), "task"),
            thousands(pool.recent().counts.rejected as i64),
        ),
        cure: limit.map_or("Give it more workers.", |limit| limit.cure).into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}

/// As many tasks come as are done, because the full queue lets no more in.
fn blocked(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let waits = look.sum(info.feeder).share(State::Full);
    let busy = pool.utilization(look.from, look.now, look.now);
    if waits < FULL || busy < BUSY {
        return None;
    }
    let finish = if pool.size() == 1 { "finishes" } else { "finish" };
    let limit = limit(look, info);
    let remedy = limit.as_ref().map(|limit| format!(" {}", limit.remedy)).unwrap_or_default();
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {finish} {}/s, and more would come: {} waits {} of its time for room in {}.",
            count(u64::from(pool.size()), "worker"),
            some(pool.throughput(look.span(), look.now), "task"),
            info.feeder.map_or("whoever brings them", |feeder| look.name(feeder)),
            percent(waits),
            look.resource(info.queue),
        ),
        evidence: format!("Workers of {} are on tasks {} of the time.{remedy}", info.name, percent(busy)),
        cure: limit.map_or("Give it more workers, or make a task cheaper.", |limit| limit.cure).into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}

/// Why more workers would not help.
struct Limit {
    remedy: String,
    cure: &'static str,
}

/// What workers that compute share, so that more of them do no more.
fn limit(look: &Look<'_>, info: &PoolInfo) -> Option<Limit> {
    let shares = look.sum(info.workers.iter().copied());
    let computes = shares.get(State::Running) + shares.get(State::Ready) > shares.alive() / 2;
    if !computes {
        return None;
    }
    if let (WorkerKind::Async, Some(found)) = (info.of, loop_bound::find(look)) {
        let remedy = "The event loop has no thread left: more workers would not help.".into();
        let more = found.cure.starts_with("Give the loop");
        let cure = if more { "Give the loop more threads." } else { "Make a task cheaper, or let fewer come." };
        return Some(Limit { remedy, cure });
    }
    let full = look.full()?;
    Some(match full.others {
        Some(others) => Limit {
            remedy: format!(
                "The cores are full, {others:.1} of them with other programs: more workers would not help."
            ),
            cure: if full.by_others() {
                "Stop the other programs, or make a task cheaper."
            } else {
                "Make a task cheaper, or let fewer come."
            },
        },
        None => Limit {
            remedy: "The cores are full: more workers would not help.".into(),
            cure: "Make a task cheaper, or let fewer come.",
        },
    })
}
