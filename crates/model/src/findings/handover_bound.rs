//! `handover-bound`: process pools that spend more time on handing tasks over than on the tasks.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent};
use crate::Pool;
use contend_trace::{FindingId, PoolId, PoolInfo, Span, State, WorkerKind};

pub(super) const ID: &str = FindingId::HandoverBound.as_str();

/// Least number of tasks finished in the period.
const MIN_TASKS: f64 = 20.0;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    analysis.pools().filter_map(|(id, info, pool)| check_pool(analysis, id, info, pool)).collect()
}

fn check_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let tasks = pool.throughput(analysis.span(), analysis.now) * analysis.span().as_secs_f64();
    if info.worker_kind != WorkerKind::Process || tasks < MIN_TASKS || !analysis.is_nearly_lossless() {
        return None;
    }
    let workers = analysis.total_shares(info.workers.iter().copied());
    let feeder = analysis.total_shares(info.feeder);
    let idle = workers.get(State::Empty) + workers.get(State::Handover);
    let work = workers.alive_ns().saturating_sub(idle);
    let handover = workers.get(State::Handover) + feeder.get(State::Handover);
    let share = handover as f64 / (workers.alive_ns() + feeder.alive_ns()).max(1) as f64;
    if handover <= work || share < analysis.thresholds.handover_bound {
        return None;
    }
    let on_tasks = pool.busy_ns(analysis.from, analysis.now, analysis.now).min(work);
    let each = |ns: u64| Span((ns as f64 / tasks) as u64);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} spends {} on the handover of each task, and {} on the task itself.",
            info.name,
            each(handover),
            each(on_tasks),
        ),
        evidence: format!(
            "{} in {}; handing over takes {} of the pool's time.",
            format_count(tasks as u64, "task"),
            analysis.span(),
            format_percent(share)
        ),
        fix: "Hand over tasks in larger chunks, or use threads.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
