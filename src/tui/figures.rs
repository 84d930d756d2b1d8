//! The numbers beside the timelines, taken a few times a second and held in between: one can read them.

use crate::model::{Doing, Edge, Finding, Health, Lock, Model, Shares, WaitFor, Window};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Over what time rates are taken.
const RATE_OVER: Span = Span::millis(2_000);

/// From here on a batch is a way to feed a pool without an end, as tuning does.
const ENDLESS: u64 = 1_000_000_000_000;

/// Points of a throughput curve, one for each [`RATE_OVER`] half.
const CURVE: u64 = 40;

#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    /// Taken at this moment of the run.
    pub(super) at: Stamp,
    /// Positions are worker ids; `None` for those that never began.
    pub(super) lanes: Vec<Option<LaneFigures>>,
    pub(super) locks: Vec<(ResourceId, LockFigures)>,
    pub(super) queues: Vec<(ResourceId, QueueFigures)>,
    pub(super) counters: Vec<(ResourceId, CounterFigures)>,
    /// Each core that is or was there, and its load, 0 to 1.
    pub(super) cores: Vec<(usize, Option<f32>)>,
    pub(super) pools: Vec<(PoolId, PoolFigures)>,
    pub(super) findings: Vec<Finding>,
    pub(super) health: Health,
    pub(super) waits: WaitFor,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LaneFigures {
    pub(super) doing: Option<Doing>,
    pub(super) shares: Shares,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LockFigures {
    pub(super) owner: Option<WorkerId>,
    /// Share of those who came for it that had to wait.
    pub(super) contended: f64,
    pub(super) wait_p99: Option<Span>,
    pub(super) hold_mean: Option<Span>,
    /// Share of the window it was held.
    pub(super) held: f64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct QueueFigures {
    pub(super) depth: u32,
    pub(super) capacity: u32,
    /// Items a second.
    pub(super) slope: f64,
    pub(super) max: u32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct CounterFigures {
    pub(super) value: i64,
    /// Updates that are lost for certain; none in the past, where only the value is known.
    pub(super) lost: Option<i64>,
}

impl CounterFigures {
    /// What it should hold. Not the sum of what was told: additions that are on their way are in the value already.
    pub(super) fn expected(&self) -> Option<i64> {
        self.lost.map(|lost| self.value.saturating_add(lost))
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct PoolFigures {
    pub(super) submitted: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) rejected: u64,
    pub(super) retried: u64,
    pub(super) total: Option<u64>,
    pub(super) size: u32,
    pub(super) throughput: f64,
    pub(super) curve: Vec<f64>,
    /// Median and 99th percentile.
    pub(super) service: Option<(Span, Span)>,
    pub(super) response: Option<(Span, Span)>,
    pub(super) utilization: f64,
    /// Share of its workers' time that went into handing tasks over.
    pub(super) handover: f64,
}

impl Figures {
    /// The figures of `model` at `at` over the time since `from`; `shares` tells a lane's in that time. `now` is the end of
    /// what is known.
    pub(super) fn take(
        model: &Model,
        (from, at, now): (Stamp, Stamp, Stamp),
        shares: impl Fn(WorkerId) -> Shares,
    ) -> Self {
        let cast = model.cast();
        let mut lanes = vec![None; cast.workers.len()];
        for (worker, lane) in model.lanes() {
            if let Some(place) = lanes.get_mut(worker.index()) {
                // What is told may run ahead of what is drawn: a state that begins after `at` has no age yet.
                let doing = lane.at(at).or((at >= now).then(|| lane.doing()));
                *place = Some(LaneFigures { doing, shares: shares(worker) });
            }
        }
        let pools = (0..cast.pools.len()).map(PoolId::from);
        let locks: Vec<_> = cast.locks().map(|id| (id, LockFigures::take(model, id, from, at, now))).collect();
        let waits = if at >= now { model.wait_for() } else { waits(&lanes, &locks) };
        Self {
            at,
            lanes,
            locks,
            queues: cast.with_depth().map(|id| (id, QueueFigures::take(model, id, at, now))).collect(),
            counters: cast.counters().map(|id| (id, CounterFigures::take(model, id, at, now))).collect(),
            cores: model
                .cores()
                .seen()
                .map(|core| (core, if at >= now { model.cores().now(core) } else { model.cores().at(core, at) }))
                .collect(),
            pools: pools.map(|id| (id, PoolFigures::take(model, id, from, at, now))).collect(),
            findings: model.findings(now),
            health: model.health(),
            waits,
        }
    }

    pub(super) fn lane(&self, worker: WorkerId) -> Option<&LaneFigures> {
        self.lanes.get(worker.index())?.as_ref()
    }

    /// Workers that exist, in the cast's order.
    pub(super) fn workers(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.lanes.iter().enumerate().filter(|(_, lane)| lane.is_some()).map(|(i, _)| WorkerId::from(i))
    }

    pub(super) fn lock(&self, id: ResourceId) -> Option<&LockFigures> {
        self.locks.iter().find(|(lock, _)| *lock == id).map(|(_, figures)| figures)
    }

    pub(super) fn queue(&self, id: ResourceId) -> Option<&QueueFigures> {
        self.queues.iter().find(|(queue, _)| *queue == id).map(|(_, figures)| figures)
    }

    pub(super) fn counter(&self, id: ResourceId) -> Option<&CounterFigures> {
        self.counters.iter().find(|(counter, _)| *counter == id).map(|(_, figures)| figures)
    }
}

impl LockFigures {
    fn take(model: &Model, id: ResourceId, from: Stamp, at: Stamp, now: Stamp) -> Self {
        let Some(lock) = model.lock(id) else { return Self::default() };
        let waits = lock.wait().count();
        // Who waits now has come for it, too: in a deadlock these are the only ones that will ever have waited.
        let waiting = lock.waiters().len() as u64;
        let came = Span(lock.acquired().saturating_add(waiting));
        Self {
            owner: holder(lock, at, now),
            contended: Span(lock.contended().saturating_add(waiting)).share_of(came).min(1.0),
            wait_p99: (waits > 0).then(|| Span(lock.wait().percentile(99.0))),
            hold_mean: (lock.hold().count() > 0).then(|| Span(lock.hold().mean() as u64)),
            held: lock.held_share(from, at, now),
        }
    }
}

/// Who waited for whom, from what is kept of lanes and locks.
fn waits(lanes: &[Option<LaneFigures>], locks: &[(ResourceId, LockFigures)]) -> WaitFor {
    let edge = |(waiter, lane): (usize, &Option<LaneFigures>)| {
        let doing = lane.as_ref()?.doing.filter(|doing| doing.state == State::Lock)?;
        let lock = doing.on?;
        let holder = locks.iter().find(|(id, _)| *id == lock)?.1.owner?;
        Some(Edge { waiter: WorkerId::from(waiter), holder, lock, timed: false })
    };
    WaitFor { edges: lanes.iter().enumerate().filter_map(edge).collect() }
}

/// Who holds a lock at `at`, as far back as exact holds are kept.
fn holder(lock: &Lock, at: Stamp, now: Stamp) -> Option<WorkerId> {
    if at >= now {
        return lock.owner().map(|(owner, _)| owner);
    }
    let mut cells = Vec::with_capacity(1);
    lock.cells(&Window { from: at, to: at + Span(1), cells: 1 }, now, &mut cells);
    cells.first().and_then(|cell| cell.holder)
}

impl QueueFigures {
    fn take(model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(queue) = model.queue(id) else { return Self::default() };
        Self {
            depth: if at >= now { queue.depth() } else { queue.at(at) },
            capacity: queue.capacity(),
            slope: queue.slope(RATE_OVER, at),
            max: queue.max(),
        }
    }
}

impl CounterFigures {
    fn take(model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(counter) = model.counter(id) else { return Self::default() };
        if at >= now {
            // Additions among lost events would look like lost updates, the other way round.
            Self { value: counter.value(), lost: model.is_complete().then(|| counter.lost()) }
        } else {
            Self { value: counter.at(at), lost: None }
        }
    }
}

impl PoolFigures {
    fn take(model: &Model, id: PoolId, from: Stamp, at: Stamp, now: Stamp) -> Self {
        let Some(pool) = model.pool(id) else { return Self::default() };
        let both = |times: &crate::model::Times| {
            (times.count() > 0).then(|| (Span(times.percentile(50.0)), Span(times.percentile(99.0))))
        };
        let handover = pool.handover(now);
        let step = Span(RATE_OVER.0 / 2);
        let curve = (0..CURVE).rev().map(|back| at.0.checked_sub(step.0 * back));
        Self {
            submitted: pool.submitted(),
            done: pool.done(),
            failed: pool.failed(),
            rejected: pool.rejected(),
            retried: pool.retried(),
            total: pool.total().filter(|total| *total < ENDLESS),
            size: pool.size(),
            throughput: pool.throughput(RATE_OVER, at),
            curve: curve.map(|t| t.map_or(0.0, |t| pool.throughput(step, Stamp(t)))).collect(),
            service: both(pool.service()),
            response: both(pool.response()),
            utilization: pool.utilization(from, at, now),
            handover: Span(handover.handover_ns).share_of(Span(handover.handover_ns) + Span(handover.work_ns)),
        }
    }
}
