//! A pool with more workers than it has use for.

use super::{About, Finding, Look, Severity, cores_of, count, percent, some};
use crate::model::Pool;
use crate::trace::{PoolId, PoolInfo, State};

pub(super) const ID: &str = "pool-too-large";

/// Workers have work less than this part of their time.
const IDLE: f64 = 0.30;

/// Tasks that must have been done in the time looked at.
const TASKS: f64 = 20.0;

/// Part of the time in which a worker could run that it has no CPU.
const READY: f64 = 0.30;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    look.pools()
        .filter_map(|(id, info, pool)| idle(look, id, info, pool).or_else(|| crowded(look, id, info, pool)))
        .collect()
}

/// Most have nothing to do.
fn idle(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let done = pool.throughput(look.span(), look.now);
    let shares = look.sum(info.workers.iter().copied());
    // What hands a task over, or waits for anything but work, is of use.
    let busy = 1.0 - shares.share(State::Empty);
    let size = pool.size();
    // One and a half times what is needed on average leaves room for tasks that come in bunches.
    let enough = (busy * f64::from(size) * 1.5).ceil().max(1.0);
    if done * look.span().secs() < TASKS || busy >= IDLE || enough * 2.0 > f64::from(size) {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Note,
        sentence: format!(
            "{} of {} have work {} of the time: {enough:.0} would do.",
            count(u64::from(size), "worker"),
            info.name,
            percent(busy),
        ),
        evidence: format!("It does {}/s, and that is all that come.", some(done, "task")),
        cure: "Fewer workers free memory and threads for others.".into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}

/// They keep each other from the cores.
fn crowded(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let cores = look.model.usable_cores();
    let done = pool.throughput(look.span(), look.now);
    let shares = look.sum(info.workers.iter().copied());
    let (running, ready) = (shares.get(State::Running), shares.get(State::Ready));
    let share = ready as f64 / (running + ready).max(1) as f64;
    let crowded = f64::from(pool.size()) > cores && share >= READY && look.cores_are_full();
    if cores <= 0.0 || !crowded || done * look.span().secs() < TASKS {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} share {}: {} of the time they could run they have no CPU. About {} would do as much.",
            count(u64::from(pool.size()), "worker"),
            info.name,
            cores_of(cores),
            percent(share),
            cores.ceil(),
        ),
        evidence: format!("The cores are full, and {}/s are done.", some(done, "task")),
        cure: "Fewer workers finish each task sooner.".into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}
