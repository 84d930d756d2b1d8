//! `pool-too-small` in a user's program: tasks wait for a worker, while the workers wait for something else than
//! a core. The cores allow cores / (share of a task that computes) workers.

use super::super::{Analysis, Finding, FindingSubject, Severity, format_cores, format_count, format_percent};
use super::ID;
use crate::Pool;
use contend_trace::{PoolId, PoolInfo, Span, State, WorkerKind};

/// Least number of tasks, for each worker, that ended: fewer say little about the next.
const MIN_TASKS_PER_WORKER: u64 = 2;

/// Least number of workers that the cores allow, for each present one.
const MIN_GAIN: f64 = 1.5;

/// Most of their time that workers wait for locks or room: more of them would wait as well.
const MAX_CONTENTION_SHARE: f64 = 0.1;

/// Cores that threads use that share the lock of an interpreter.
const CORES_OF_THREADS: f64 = 1.0;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    analysis.pools().filter_map(|(id, info, pool)| check_pool(analysis, id, info, pool)).collect()
}

fn check_pool(analysis: &Analysis<'_>, id: PoolId, info: &PoolInfo, pool: &Pool) -> Option<Finding> {
    let workers = pool.worker_count();
    let recent = pool.recent_tasks();
    let ended = pool.tasks_ended_between(analysis.from, analysis.now, analysis.now);
    let (waited, took) = (recent.wait_times.mean_ns(), recent.service_times.mean_ns());
    let busy = pool.busy_ns(analysis.from, analysis.now, analysis.now);
    if workers == 0 || ended < MIN_TASKS_PER_WORKER * u64::from(workers) || waited < took || busy == 0 {
        return None;
    }
    let times = analysis.total_shares(info.workers.iter().copied());
    let contention = times.share(State::Lock) + times.share(State::Full);
    let computing = (times.get(State::Running) + times.get(State::Ready) + times.get(State::Gil)) as f64 / busy as f64;
    let cores = match info.worker_kind {
        WorkerKind::Thread => analysis.available_cores().min(CORES_OF_THREADS),
        _ => analysis.available_cores(),
    };
    let allowed = cores / computing.clamp(0.001, 1.0);
    // More workers than tasks that waited at once have nothing to do.
    let tasks = workers + analysis.model.queue(info.queue)?.max_depth();
    let enough = allowed.min(f64::from(tasks)).floor();
    if contention > MAX_CONTENTION_SHARE || enough < MIN_GAIN * f64::from(workers) {
        return None;
    }
    let used = times.get(State::Running) as f64 / analysis.span().0.max(1) as f64;
    Some(Finding {
        id: ID,
        severity: Severity::Note,
        sentence: format!(
            "Tasks wait {} for one of {} of {}, which use {used:.1} cores. About {enough:.0} would keep up.",
            Span(waited as u64),
            format_count(u64::from(workers), "worker"),
            info.name,
        ),
        evidence: format!(
            "A task takes {} and computes {} of that: about {allowed:.0} can run at once on {}{}.",
            Span(took as u64),
            format_percent(computing.min(1.0)),
            format_cores(cores),
            if info.worker_kind == WorkerKind::Thread { ", which threads of one interpreter share" } else { "" },
        ),
        fix: format!("Use more workers, about {enough:.0}."),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
