//! Processes that spend more on passing tasks than on doing them.

use super::{About, Finding, Look, Severity, count, percent};
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, Span, State, WorkerKind};

pub(super) const ID: &str = "handover-bound";

/// Tasks that must have been done in the time looked at.
const TASKS: f64 = 20.0;

/// Part of all their time that handing over must take: rare tasks may cost what they like.
const LEAST: f64 = 0.05;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    look.pools().filter_map(|(id, info, pool)| check(look, id, info, pool)).collect()
}

fn check(look: &Look<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let tasks = pool.throughput(look.span(), look.now) * look.span().secs();
    if info.of != WorkerKind::Process || tasks < TASKS || !look.nearly_lossless() {
        return None;
    }
    let workers = look.sum(info.workers.iter().copied());
    let feeder = look.sum(info.feeder);
    let work = workers.get(State::Running) + workers.get(State::Ready);
    let handover = workers.get(State::Handover) + feeder.get(State::Handover);
    let share = handover as f64 / (workers.alive() + feeder.alive()).max(1) as f64;
    if handover <= work || share < LEAST {
        return None;
    }
    let each = |ns: u64| Span((ns as f64 / tasks) as u64);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} spends {} on handing over each task, and {} on doing it.",
            info.name,
            each(handover),
            each(work),
        ),
        evidence: format!(
            "{} in {}; {} of all their time is handing over.",
            count(tasks as u64, "task"),
            look.span(),
            percent(share)
        ),
        cure: "Hand over more tasks at once, or use threads.".into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}
