//! A pool that cannot keep up with what comes.

use super::{About, Finding, Look, Severity, count, number, percent};
use crate::model::Pool;
use crate::trace::{PoolId, PoolInfo, State};

pub(super) const ID: &str = "pool-too-small";

/// Part of their time that its workers must be on tasks.
const BUSY: f64 = 0.90;

/// How many tasks must come for each one that is done.
const EXCESS: f64 = 1.05;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    look.pools().filter_map(|(id, info, pool)| check(look, id, info, pool)).collect()
}

fn check(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    // All of a batch is there from the beginning: it waits, but nothing falls behind.
    if pool.total().is_some() || pool.service().count() == 0 {
        return None;
    }
    let (come, done) = (pool.arrivals(look.span(), look.now), pool.throughput(look.span(), look.now));
    let busy = pool.utilization(look.from, look.now, look.now);
    // What is in work has come too, and is not done yet.
    let behind = (come - done) * look.span().secs();
    if busy < BUSY || come < done * EXCESS || behind < f64::from(2 * pool.size() + 3) {
        return None;
    }
    let needed = (come * pool.service().mean() / 1e9).ceil();
    let shares = look.sum(info.workers.iter().copied());
    let computes = shares.get(State::Running) + shares.get(State::Ready) > shares.alive() / 2;
    let full = computes && look.cores_are_full();
    let remedy = if full {
        "The cores are full: more workers would not help.".into()
    } else if needed > f64::from(pool.size()) {
        format!("About {needed:.0} would keep up.")
    } else {
        return None;
    };
    let finish = if pool.size() == 1 { "finishes" } else { "finish" };
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} tasks/s arrive, {} {finish} {}/s. {remedy}",
            number(come),
            count(u64::from(pool.size()), "worker"),
            number(done),
        ),
        evidence: format!(
            "Workers of {} are on tasks {} of the time; {} tasks wait, {} were turned away.",
            info.name,
            percent(busy),
            number(look.model.queue(info.queue).map_or(0.0, |queue| f64::from(queue.depth()))),
            number(pool.rejected() as f64),
        ),
        cure: if full { "Make a task cheaper, or let fewer come.".into() } else { "Give it more workers.".into() },
        about: Some(About::Pool(id)),
        at: None,
    })
}
