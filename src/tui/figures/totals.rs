//! The totals of a run: figures that count from its beginning, and its findings.
//!
//! A model has them for its newest moment only, so those of earlier moments are kept as they were.

use super::{LockFigures, PoolFigures, QueueFigures, SignalFigures, TaskTimes};
use crate::model::{DurationStats, Finding, Health, Model};
use crate::trace::{PoolId, ResourceId, Span, Stamp};

/// A batch of this size or more stands for an endless feed, as in tuning.
const ENDLESS_BATCH: u64 = 1_000_000_000_000;

/// The totals of a run at one moment.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Totals {
    pub(in crate::tui) at: Stamp,
    pub(in crate::tui) findings: Vec<Finding>,
    pub(in crate::tui) health: Health,
    locks: Vec<(ResourceId, LockFigures)>,
    queues: Vec<(ResourceId, QueueFigures)>,
    signals: Vec<(ResourceId, SignalFigures)>,
    pools: Vec<(PoolId, PoolFigures)>,
    /// Lost updates of each counter.
    lost: Vec<(ResourceId, i64)>,
}

impl Totals {
    /// Captures the totals of `model` at `at`, the end of its known time.
    pub(in crate::tui) fn capture(model: &Model, at: Stamp) -> Self {
        let registry = model.registry();
        let pools = (0..registry.pools.len()).map(PoolId::from);
        Self {
            at,
            findings: model.findings(at),
            health: model.health(),
            locks: registry.locks().map(|id| (id, lock_totals(model, id))).collect(),
            queues: registry.queues_and_pipes().map(|id| (id, queue_totals(model, id))).collect(),
            signals: registry.signals().map(|id| (id, SignalFigures::capture_totals(model, id))).collect(),
            pools: pools.map(|id| (id, pool_totals(model, id, at))).collect(),
            // Additions among lost events would look like negative lost updates.
            lost: registry
                .counters()
                .filter(|_| model.is_complete())
                .filter_map(|id| Some((id, model.counter(id)?.lost_updates())))
                .collect(),
        }
    }

    pub(super) fn lock_figures(&self, id: ResourceId) -> LockFigures {
        self.locks.iter().find(|(lock, _)| *lock == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    pub(super) fn queue_figures(&self, id: ResourceId) -> QueueFigures {
        self.queues.iter().find(|(queue, _)| *queue == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    pub(super) fn signal_figures(&self, id: ResourceId) -> SignalFigures {
        self.signals.iter().find(|(signal, _)| *signal == id).map(|(_, of)| *of).unwrap_or_default()
    }

    pub(in crate::tui) fn pool_figures(&self, id: PoolId) -> PoolFigures {
        self.pools.iter().find(|(pool, _)| *pool == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    /// Returns the lost updates of a counter up to `at`, if known.
    pub(super) fn lost_updates(&self, id: ResourceId, at: Stamp) -> Option<i64> {
        let lost = self.lost.iter().find(|(counter, _)| *counter == id).map(|(_, lost)| *lost);
        lost.filter(|_| self.at <= at)
    }

    /// Whether both have the same findings about the same subjects.
    pub(in crate::tui) fn has_same_findings(&self, other: &Self) -> bool {
        let about = |totals: &Self| totals.findings.iter().map(|f| (f.id, f.subject)).collect::<Vec<_>>();
        about(self) == about(other)
    }

    /// Returns the bytes in use.
    pub(in crate::tui) fn byte_size(&self) -> usize {
        let words = |f: &Finding| size_of::<Finding>() + f.sentence.len() + f.evidence.len() + f.fix.len();
        size_of::<Self>()
            + self.findings.iter().map(words).sum::<usize>()
            + self.locks.len() * size_of::<(ResourceId, LockFigures)>()
            + self.queues.len() * size_of::<(ResourceId, QueueFigures)>()
            + self.signals.len() * size_of::<(ResourceId, SignalFigures)>()
            + self.pools.len() * size_of::<(PoolId, PoolFigures)>()
            + self.lost.len() * size_of::<(ResourceId, i64)>()
    }
}

fn lock_totals(model: &Model, id: ResourceId) -> LockFigures {
    let Some(lock) = model.lock(id) else { return LockFigures::default() };
    // Current waiters count as requests: in a deadlock they are the only ones that will ever have waited.
    let waiting = lock.waiters().len() as u64;
    let came = Span(lock.recent_acquired().saturating_add(waiting));
    LockFigures {
        contended_share: Some(Span(lock.recent_contended().saturating_add(waiting)).share_of(came).min(1.0)),
        wait_p99: (lock.recent_wait_times().count() > 0).then(|| Span(lock.recent_wait_times().percentile_ns(99.0))),
        wait_max: (lock.recent_wait_times().count() > 0).then(|| Span(lock.recent_wait_times().max_ns())),
        mean_hold: (lock.recent_hold_times().count() > 0).then(|| Span(lock.recent_hold_times().mean_ns() as u64)),
        acquisitions: lock.recent_acquired(),
        waited_acquisitions: lock.recent_contended(),
        extra_permits: lock.posts(),
        is_distorted: model.is_distorted_by_hooks(id, lock.recent_hold_times()),
        ..LockFigures::default()
    }
}

fn queue_totals(model: &Model, id: ResourceId) -> QueueFigures {
    let Some(queue) = model.queue(id) else { return QueueFigures::default() };
    let (put, taken) = (queue.put_count(), queue.taken_count());
    QueueFigures {
        max_depth: queue.max_depth(),
        put,
        taken,
        mean_depth: Some(queue.mean_depth()),
        wait: model.pool_of_queue(id).and_then(|pool| percentile_pair(pool.recent_tasks().wait_times)),
        ..QueueFigures::default()
    }
}

fn pool_totals(model: &Model, id: PoolId, at: Stamp) -> PoolFigures {
    let Some(pool) = model.pool(id) else { return PoolFigures::default() };
    PoolFigures {
        submitted: pool.submitted(),
        done: pool.done(),
        failed: pool.failed(),
        rejected: pool.rejected(),
        retried: pool.retried(),
        total: pool.total_tasks().filter(|total| *total < ENDLESS_BATCH),
        size: pool.worker_count(),
        service: percentile_pair(pool.recent_tasks().service_times),
        response: percentile_pair(pool.recent_tasks().response_times),
        task_times: TaskTimes::of(pool.recent_tasks().response_times, pool.recent_tasks().service_times),
        handover_share: pool.recent_handover_time(at).share(),
        ..PoolFigures::default()
    }
}

/// Returns the median and the 99th percentile, if there are any durations.
pub(super) fn percentile_pair(times: &DurationStats) -> Option<(Span, Span)> {
    (times.count() > 0).then(|| (Span(times.percentile_ns(50.0)), Span(times.percentile_ns(99.0))))
}
