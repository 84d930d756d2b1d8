//! Processes that spend more on passing tasks than on doing them.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent};
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, Span, State, WorkerKind};

pub(super) const ID: &str = "handover-bound";

/// Tasks that must have been done in the time looked at.
const TASKS: f64 = 20.0;

/// Part of all their time that handing over must take: rare tasks may cost what they like.
const LEAST: f64 = 0.05;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    analysis.pools().filter_map(|(id, info, pool)| check_pool(analysis, id, info, pool)).collect()
}

fn check_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let tasks = pool.throughput(analysis.span(), analysis.now) * analysis.span().as_secs_f64();
    if info.worker_kind != WorkerKind::Process || tasks < TASKS || !analysis.is_nearly_lossless() {
        return None;
    }
    let workers = analysis.total_shares(info.workers.iter().copied());
    let feeder = analysis.total_shares(info.feeder);
    let work = workers.get(State::Running) + workers.get(State::Ready);
    let handover = workers.get(State::Handover) + feeder.get(State::Handover);
    let share = handover as f64 / (workers.alive_ns() + feeder.alive_ns()).max(1) as f64;
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
            format_count(tasks as u64, "task"),
            analysis.span(),
            format_percent(share)
        ),
        fix: "Hand over more tasks at once, or use threads.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
