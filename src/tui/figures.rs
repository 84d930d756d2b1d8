//! The numbers beside the timelines, taken a few times a second and held in between: one can read them.

mod totals;

use crate::model::{Doing, Edge, Finding, Health, Model, Shares, WaitFor};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Over what time rates are taken.
const RATE_OVER: Span = Span::millis(2_000);

/// Points of a throughput curve, one for each [`RATE_OVER`] half.
const CURVE: u64 = 40;

pub(super) use totals::Totals;

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
    /// Whether it is known since when it does that: of old moments only shares are kept.
    pub(super) exact: bool,
    pub(super) shares: Shares,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LockFigures {
    pub(super) owner: Option<WorkerId>,
    /// All who have it, since when: one line for each permit.
    pub(super) holders: Vec<(WorkerId, Stamp)>,
    /// Who waits for it, since when; longest first.
    pub(super) waiters: Vec<(WorkerId, Stamp)>,
    /// Share of those who came for it that had to wait; none where that is not known.
    pub(super) contended: Option<f64>,
    pub(super) wait_p99: Option<Span>,
    pub(super) hold_mean: Option<Span>,
    /// Share of the window it was held.
    pub(super) held: f64,
    /// Whether somebody has it.
    pub(super) is_held: bool,
    /// Acquisitions, and those of them that had to wait.
    pub(super) taken: u64,
    pub(super) after_waiting: u64,
    /// Permits given that were not held.
    pub(super) posted: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct QueueFigures {
    pub(super) depth: u32,
    pub(super) capacity: u32,
    /// Items a second.
    pub(super) slope: f64,
    pub(super) max: u32,
    pub(super) put: u64,
    pub(super) taken: u64,
    pub(super) mean: f64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct CounterFigures {
    pub(super) value: i64,
    /// Updates that are lost for certain; none where only the value is known.
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
    /// what is known, `totals` what the run had come to at `at`.
    pub(super) fn take(
        model: &Model,
        (from, at, now): (Stamp, Stamp, Stamp),
        totals: Totals,
        shares: impl Fn(WorkerId) -> Shares,
    ) -> Self {
        let cast = model.cast();
        let mut lanes = vec![None; cast.workers.len()];
        for (worker, lane) in model.lanes() {
            if let Some(place) = lanes.get_mut(worker.index()) {
                // What is told may run ahead of what is drawn: a state that begins after `at` has no age yet.
                let doing = lane.at(at).or((at >= now).then(|| lane.doing()));
                *place = Some(LaneFigures { doing, exact: lane.is_exact_at(at), shares: shares(worker) });
            }
        }
        let pools = (0..cast.pools.len()).map(PoolId::from);
        let mut locks: Vec<_> = cast.locks().map(|id| (id, totals.lock(id).at(model, id, (from, at, now)))).collect();
        let waits = if at >= now { model.wait_for() } else { waits(model, &lanes, &mut locks) };
        Self {
            at,
            locks,
            queues: cast.with_depth().map(|id| (id, totals.queue(id).at(model, id, at, now))).collect(),
            counters: cast
                .counters()
                .map(|id| (id, CounterFigures::take(model, id, at, now).with(totals.lost(id, at))))
                .collect(),
            cores: model
                .cores()
                .seen()
                .map(|core| (core, if at >= now { model.cores().now(core) } else { model.cores().at(core, at) }))
                .collect(),
            pools: pools.map(|id| (id, totals.pool(id).at(model, id, (from, at, now)))).collect(),
            findings: totals.findings,
            health: totals.health,
            waits,
            lanes,
        }
    }

    /// Whether it is known what every worker did at this moment.
    pub(super) fn is_exact(&self) -> bool {
        self.lanes.iter().flatten().all(|lane| lane.exact)
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

    /// The locks that a worker has at this moment.
    pub(super) fn held_by(&self, worker: WorkerId) -> impl Iterator<Item = ResourceId> + '_ {
        let holds = move |lock: &LockFigures| lock.holders.iter().any(|(holder, _)| *holder == worker);
        self.locks.iter().filter(move |(_, lock)| holds(lock)).map(|(id, _)| *id)
    }

    pub(super) fn queue(&self, id: ResourceId) -> Option<&QueueFigures> {
        self.queues.iter().find(|(queue, _)| *queue == id).map(|(_, figures)| figures)
    }

    pub(super) fn counter(&self, id: ResourceId) -> Option<&CounterFigures> {
        self.counters.iter().find(|(counter, _)| *counter == id).map(|(_, figures)| figures)
    }
}

impl LockFigures {
    /// With who has it at `at`, and how long it was held since `from`. Who waits is said of the newest moment only.
    fn at(self, model: &Model, id: ResourceId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(lock) = model.lock(id) else { return self };
        let holders = lock.holders_at(at, now);
        let is_held = !holders.is_empty() || at < now && lock.held_share(at, at + Span(1), now) > 0.0;
        Self {
            owner: lock.owner_at(at, now),
            waiters: if at >= now { lock.waiters() } else { Vec::new() },
            held: lock.held_share(from, at, now),
            holders,
            is_held,
            ..self
        }
    }
}

/// Who waited for whom at an earlier moment, from what is kept of lanes and locks. Tells each lock who waited for it.
fn waits(model: &Model, lanes: &[Option<LaneFigures>], locks: &mut [(ResourceId, LockFigures)]) -> WaitFor {
    let mut edges = Vec::new();
    for (waiter, doing) in lanes.iter().enumerate().filter_map(|(i, lane)| Some((i, lane.as_ref()?.doing?))) {
        let (waiter, Some(on)) = (WorkerId::from(waiter), doing.on) else { continue };
        let edge = |holder| Edge { waiter, holder, lock: on, timed: false };
        if let Some(of) = model.cast().whose_life(on) {
            edges.push(edge(of));
        } else if doing.state == State::Lock
            && let Some((_, lock)) = locks.iter_mut().find(|(id, _)| *id == on)
        {
            lock.waiters.push((waiter, doing.since));
            edges.extend(lock.holders.iter().map(|(holder, _)| edge(*holder)));
        }
    }
    for (_, lock) in locks {
        lock.waiters.sort_by_key(|(worker, since)| (*since, *worker));
    }
    edges.dedup();
    WaitFor { edges }
}

impl QueueFigures {
    fn at(self, model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(queue) = model.queue(id) else { return self };
        let depth = if at >= now { queue.depth() } else { queue.at(at) };
        Self { depth, max: self.max.max(depth), capacity: queue.capacity(), slope: queue.slope(RATE_OVER, at), ..self }
    }
}

impl CounterFigures {
    fn take(model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(counter) = model.counter(id) else { return Self::default() };
        Self { value: if at >= now { counter.value() } else { counter.at(at) }, lost: None }
    }

    const fn with(self, lost: Option<i64>) -> Self {
        Self { lost, ..self }
    }
}

impl PoolFigures {
    fn at(self, model: &Model, id: PoolId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(pool) = model.pool(id) else { return self };
        let step = Span(RATE_OVER.0 / 2);
        let curve = (0..CURVE).rev().map(|back| at.0.checked_sub(step.0 * back));
        Self {
            throughput: pool.throughput(RATE_OVER, at),
            curve: curve.map(|t| t.map_or(0.0, |t| pool.throughput(step, Stamp(t)))).collect(),
            utilization: pool.utilization(from, at, now),
            ..self
        }
    }
}
