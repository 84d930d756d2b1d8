//! A pool with more workers than it has use for.

use super::{About, Finding, Look, Severity, cores_of, count, percent, some};
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
    let (cores, full) = (look.available(), look.full()?);
    let done = pool.throughput(look.span(), look.now);
    let demand = look.demand_of(info.workers.iter().copied());
    let everybody = look.demand_of((0..look.model.cast().workers.len()).map(WorkerId::from));
    let share = demand.without();
    // They themselves are too many: not other workers, or other programs, that keep them from the cores.
    let itself = 2 * demand.running >= everybody.running && look.at_once(demand) >= CROWD * full.cores;
    let beside_others = full.others.is_some() && look.always_want(info.workers.iter().copied()) as f64 <= full.cores;
    if share < READY || !itself || beside_others || done * look.span().secs() < TASKS {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} share {}: {} of the time they could run they have no CPU. About {} would do as much.",
            count(u64::from(pool.size()), "worker"),
            info.name,
            cores_of(full.cores),
            percent(share),
            cores.ceil().max(1.0),
        ),
        evidence: format!("{} {}/s are done.", full.sentence(), some(done, "task")),
        cure: "Fewer workers finish each task sooner.".into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}
