//! What a run has come to: figures that count from its beginning, and its findings. A model has them for its newest moment
//! alone, so for earlier moments they are kept as they stood then.

use super::{LockFigures, PoolFigures, QueueFigures};
use crate::model::{Finding, Health, Model, Times};
use crate::trace::{PoolId, ResourceId, Span, Stamp};

/// From here on a batch is a way to feed a pool without an end, as tuning does.
const ENDLESS: u64 = 1_000_000_000_000;

/// The totals of a run at one moment.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Totals {
    pub(in crate::tui) at: Stamp,
    pub(in crate::tui) findings: Vec<Finding>,
    pub(in crate::tui) health: Health,
    locks: Vec<(ResourceId, LockFigures)>,
    queues: Vec<(ResourceId, QueueFigures)>,
    pools: Vec<(PoolId, PoolFigures)>,
    /// Updates lost of each counter.
    lost: Vec<(ResourceId, i64)>,
}

impl Totals {
    /// The totals of `model` at `at`, the end of what it knows.
    pub(in crate::tui) fn take(model: &Model, at: Stamp) -> Self {
        let cast = model.cast();
        let pools = (0..cast.pools.len()).map(PoolId::from);
        Self {
            at,
            findings: model.findings(at),
            health: model.health(),
            locks: cast.locks().map(|id| (id, lock(model, id))).collect(),
            queues: cast.with_depth().map(|id| (id, queue(model, id))).collect(),
            pools: pools.map(|id| (id, pool(model, id, at))).collect(),
            lost: cast.counters().filter_map(|id| Some((id, model.counter(id)?.lost()))).collect(),
        }
    }

    pub(super) fn lock(&self, id: ResourceId) -> LockFigures {
        self.locks.iter().find(|(lock, _)| *lock == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    pub(super) fn queue(&self, id: ResourceId) -> QueueFigures {
        self.queues.iter().find(|(queue, _)| *queue == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    pub(super) fn pool(&self, id: PoolId) -> PoolFigures {
        self.pools.iter().find(|(pool, _)| *pool == id).map(|(_, of)| of.clone()).unwrap_or_default()
    }

    /// Updates lost of a counter up to `at`, if that is known.
    pub(super) fn lost(&self, id: ResourceId, at: Stamp) -> Option<i64> {
        let lost = self.lost.iter().find(|(counter, _)| *counter == id).map(|(_, lost)| *lost);
        lost.filter(|_| self.at <= at)
    }

    /// Whether the same is found, of the same things.
    pub(in crate::tui) fn finds_the_same_as(&self, other: &Self) -> bool {
        let about = |totals: &Self| totals.findings.iter().map(|f| (f.id, f.about)).collect::<Vec<_>>();
        about(self) == about(other)
    }

    /// Bytes in use.
    pub(in crate::tui) fn bytes(&self) -> usize {
        let words = |f: &Finding| size_of::<Finding>() + f.sentence.len() + f.evidence.len() + f.cure.len();
        size_of::<Self>()
            + self.findings.iter().map(words).sum::<usize>()
            + self.locks.len() * size_of::<(ResourceId, LockFigures)>()
            + self.queues.len() * size_of::<(ResourceId, QueueFigures)>()
            + self.pools.len() * size_of::<(PoolId, PoolFigures)>()
            + self.lost.len() * size_of::<(ResourceId, i64)>()
    }
}

fn lock(model: &Model, id: ResourceId) -> LockFigures {
    let Some(lock) = model.lock(id) else { return LockFigures::default() };
    // Who waits now has come for it, too: in a deadlock these are the only ones that will ever have waited.
    let waiting = lock.waiters().len() as u64;
    let came = Span(lock.acquired().saturating_add(waiting));
    LockFigures {
        contended: Some(Span(lock.contended().saturating_add(waiting)).share_of(came).min(1.0)),
        wait_p99: (lock.wait().count() > 0).then(|| Span(lock.wait().percentile(99.0))),
        hold_mean: (lock.hold().count() > 0).then(|| Span(lock.hold().mean() as u64)),
        taken: lock.acquired(),
        after_waiting: lock.contended(),
        posted: lock.posted(),
        ..LockFigures::default()
    }
}

fn queue(model: &Model, id: ResourceId) -> QueueFigures {
    let Some(queue) = model.queue(id) else { return QueueFigures::default() };
    let (put, taken) = (queue.put(), queue.taken());
    QueueFigures { max: queue.max(), put, taken, mean: queue.mean(), ..QueueFigures::default() }
}

fn pool(model: &Model, id: PoolId, at: Stamp) -> PoolFigures {
    let Some(pool) = model.pool(id) else { return PoolFigures::default() };
    let both =
        |times: &Times| (times.count() > 0).then(|| (Span(times.percentile(50.0)), Span(times.percentile(99.0))));
    let handover = pool.handover(at);
    PoolFigures {
        submitted: pool.submitted(),
        done: pool.done(),
        failed: pool.failed(),
        rejected: pool.rejected(),
        retried: pool.retried(),
        total: pool.total().filter(|total| *total < ENDLESS),
        size: pool.size(),
        service: both(pool.service()),
        response: both(pool.response()),
        handover: Span(handover.handover_ns).share_of(Span(handover.handover_ns) + Span(handover.work_ns)),
        ..PoolFigures::default()
    }
}
