//! The figures beside the timelines, captured a few times a second and held in between, so that they are readable.

mod interval;
mod range;
mod signals;
mod task_times;
mod throughput;
mod totals;
mod waits;

use crate::model::{
    Activity, Backlog, CellWindow, CoreCell, Counter, CpuLoad, Finding, Health, Lane, Lock, LockCapacity, Model,
    StateTimes, WaitEdge, WaitForGraph,
};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Time over which rates are computed.
const RATE_WINDOW: Span = Span::from_millis(2_000);

/// The newest part of a span of computing, which tells whether the worker runs or waits for a core.
const RECENT_WINDOW: Span = Span::from_millis(200);

/// Points of a throughput curve, each half of a [`RATE_WINDOW`].
const CURVE_POINTS: u64 = 40;

pub(super) use interval::{IntervalGap, IntervalRecord};
pub(super) use range::{lock_sums_between, max_depth_between};
pub(super) use signals::SignalFigures;
pub(super) use task_times::{Percentiles, TIME_BINS, TaskTimes};
pub(super) use throughput::{ThroughputFigures, ThroughputOf};
pub(super) use totals::Totals;
pub(super) use waits::{WaitGroup, WaitReason};

#[derive(Debug, Clone, Default)]
pub(super) struct RunFigures {
    /// The moment of the run at which these figures were captured.
    pub(super) taken_at: Stamp,
    /// Indexed by worker id; `None` for workers that never started.
    pub(super) lanes: Vec<Option<LaneFigures>>,
    pub(super) locks: Vec<(ResourceId, LockFigures)>,
    pub(super) queues: Vec<(ResourceId, QueueFigures)>,
    pub(super) signals: Vec<(ResourceId, SignalFigures)>,
    pub(super) counters: Vec<(ResourceId, CounterFigures)>,
    /// Each core that is or was online, and its load, 0 to 1.
    pub(super) cores: Vec<(usize, Option<f32>)>,
    /// The use of each core lately, by core number.
    pub(super) core_use: Vec<Option<CoreCell>>,
    pub(super) throughput: Option<ThroughputFigures>,
    /// How the load is divided between programs.
    pub(super) cpu_load: Option<CpuLoad>,
    pub(super) pools: Vec<(PoolId, PoolFigures)>,
    pub(super) findings: Vec<Finding>,
    pub(super) health: Health,
    pub(super) waits: WaitForGraph,
    /// Who waits for what, the longest wait first.
    pub(super) wait_groups: Vec<WaitGroup>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LaneFigures {
    pub(super) activity: Option<Activity>,
    /// Whether the beginning of the activity is known: of old moments only shares are kept.
    pub(super) is_exact: bool,
    /// The state to show.
    pub(super) shown_state: Option<ShownState>,
    pub(super) shares: StateTimes,
}

/// The state that a lane shows, and how much of its current span that state lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownState {
    pub(super) state: State,
    pub(super) duration: Span,
}

impl ShownState {
    /// Returns the state to show. Events cannot distinguish running from waiting for a core; the kernel's figures of
    /// the newest part of the span can.
    fn of(lane: &Lane, doing: Activity, at: Stamp) -> Self {
        let whole = at.span_since(doing.since);
        if doing.state != State::Running {
            return Self { state: doing.state, duration: whole };
        }
        let lately = lane.state_times(doing.since.max(at.earlier_by(RECENT_WINDOW)), at, at);
        let state = if lately.get(State::Ready) > lately.get(State::Running) { State::Ready } else { State::Running };
        let ready = lane.state_times(doing.since, at, at).get(State::Ready).min(whole.0);
        let lasted = Span(if state == State::Ready { ready } else { whole.0 - ready });
        Self { state, duration: lasted }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct LockFigures {
    pub(super) owner: Option<WorkerId>,
    /// All holders, each with its start: one entry for each permit.
    pub(super) holders: Vec<(WorkerId, Stamp)>,
    /// All waiters, each with its start, the longest first.
    pub(super) waiters: Vec<(WorkerId, Stamp)>,
    /// Share of the requests that had to wait, if known.
    pub(super) contended_share: Option<f64>,
    /// Of an rwlock: the number of readers, and of waiting writers as far as known.
    pub(super) readers: usize,
    pub(super) waiting_writers: usize,
    pub(super) wait_p99: Option<Span>,
    /// The longest wait.
    pub(super) wait_max: Option<Span>,
    pub(super) mean_hold: Option<Span>,
    /// Share of the window in which the lock was held.
    pub(super) held_share: f64,
    /// Whether the lock is held.
    pub(super) is_held: bool,
    /// Acquisitions, and those that had to wait.
    pub(super) acquisitions: u64,
    pub(super) waited_acquisitions: u64,
    /// Permits released that were not held.
    pub(super) extra_permits: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct QueueFigures {
    pub(super) depth: u32,
    pub(super) capacity: u32,
    /// Items per second: by how many it grows, how many are put, and how many are taken.
    pub(super) growth_rate: f64,
    pub(super) put_rate: f64,
    pub(super) taken_rate: f64,
    pub(super) max_depth: u32,
    pub(super) put: u64,
    pub(super) taken: u64,
    /// Median and 99th percentile of how long tasks waited in it, if it is the queue of a pool.
    pub(super) wait: Option<(Span, Span)>,
    /// `None` if it is not known for the time shown.
    pub(super) mean_depth: Option<f64>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct CounterFigures {
    pub(super) value: i64,
    /// Updates that are certainly lost, if all events are known and no step sets it to a value.
    pub(super) lost: Option<i64>,
    /// Failed compare-and-sets, if there are any compare-and-sets.
    pub(super) failed_swaps: Option<i64>,
}

impl CounterFigures {
    /// Returns the expected value. It is not the sum of the additions received so far: the value already includes
    /// additions whose events are still under way.
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
    /// How long tasks took, in detail.
    pub(super) task_times: Option<TaskTimes>,
    /// Tasks submitted per second.
    pub(super) arrival_rate: f64,
    /// Median, 90th and 99th percentile of the response times in the visible window, to a tenth.
    pub(super) window_responses: Option<[Span; 3]>,
    pub(super) utilization: f64,
    /// Share of the workers' time spent on handing tasks over.
    pub(super) handover_share: f64,
    /// Tasks that waited at the last change of the settings. Until they are done, no response time belongs to the new
    /// settings.
    pub(super) backlog: Option<Backlog>,
}

impl RunFigures {
    /// Captures the figures of `model` at `at` over the time since `from`. `shares` returns a lane's states in that
    /// time, `now` is the end of the known time, `totals` are those at `at`.
    pub(super) fn capture(
        model: &Model,
        (from, at, now): (Stamp, Stamp, Stamp),
        totals: Totals,
        shares: impl Fn(WorkerId) -> StateTimes,
    ) -> Self {
        let registry = model.registry();
        let mut lanes = vec![None; registry.workers.len()];
        for (worker, lane) in model.lanes() {
            if let Some(place) = lanes.get_mut(worker.index()) {
                // Events may be newer than the drawn moment: a state that begins after `at` has no age yet.
                let doing = lane.activity_at(at).or((at >= now).then(|| lane.activity()));
                let shown = doing.map(|doing| ShownState::of(lane, doing, at));
                *place = Some(LaneFigures {
                    activity: doing,
                    is_exact: lane.is_exact_at(at),
                    shown_state: shown,
                    shares: shares(worker),
                });
            }
        }
        let pools = (0..registry.pools.len()).map(PoolId::from);
        let mut locks: Vec<_> =
            registry.locks().map(|id| (id, totals.lock_figures(id).at_cursor(model, id, (from, at, now)))).collect();
        let waits = if at >= now { model.wait_for_graph() } else { reconstruct_waits(model, &lanes, &mut locks) };
        let wait_groups = WaitGroup::collect(model, &lanes, &locks);
        Self {
            taken_at: at,
            wait_groups,
            locks,
            queues: registry
                .queues_and_pipes()
                .map(|id| (id, totals.queue_figures(id).at_cursor(model, id, at, now)))
                .collect(),
            signals: registry.signals().map(|id| (id, totals.signal_figures(id).with_waiters(id, &lanes))).collect(),
            counters: registry
                .counters()
                .map(|id| {
                    (
                        id,
                        CounterFigures::capture(model, id, at, now)
                            .with_lost(model.counter(id), totals.lost_updates(id, at)),
                    )
                })
                .collect(),
            cores: model
                .cores()
                .known_cores()
                .map(|core| {
                    (core, if at >= now { model.cores().current_load(core) } else { model.cores().load_at(core, at) })
                })
                .collect(),
            pools: pools.map(|id| (id, totals.pool_figures(id).at_cursor(model, id, (from, at, now)))).collect(),
            findings: totals.findings,
            health: totals.health,
            core_use: core_use(model, at.earlier_by(RATE_WINDOW), at),
            throughput: ThroughputFigures::capture(model, at.earlier_by(RATE_WINDOW), at),
            cpu_load: model.cpu_load(at.earlier_by(RATE_WINDOW), at),
            waits,
            lanes,
        }
    }

    /// Whether every worker's activity at this moment is known.
    pub(super) fn is_exact(&self) -> bool {
        self.lanes.iter().flatten().all(|lane| lane.is_exact)
    }

    pub(super) fn lane(&self, worker: WorkerId) -> Option<&LaneFigures> {
        self.lanes.get(worker.index())?.as_ref()
    }

    /// Returns the workers that exist, in the registry's order.
    pub(super) fn workers(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.lanes.iter().enumerate().filter(|(_, lane)| lane.is_some()).map(|(i, _)| WorkerId::from(i))
    }

    pub(super) fn lock(&self, id: ResourceId) -> Option<&LockFigures> {
        self.locks.iter().find(|(lock, _)| *lock == id).map(|(_, figures)| figures)
    }

    /// Returns the locks that a worker holds at this moment.
    pub(super) fn locks_held_by(&self, worker: WorkerId) -> impl Iterator<Item = ResourceId> + '_ {
        let holds = move |lock: &LockFigures| lock.holders.iter().any(|(holder, _)| *holder == worker);
        self.locks.iter().filter(move |(_, lock)| holds(lock)).map(|(id, _)| *id)
    }

    pub(super) fn queue(&self, id: ResourceId) -> Option<&QueueFigures> {
        self.queues.iter().find(|(queue, _)| *queue == id).map(|(_, figures)| figures)
    }

    pub(super) fn signal(&self, id: ResourceId) -> Option<&SignalFigures> {
        self.signals.iter().find(|(signal, _)| *signal == id).map(|(_, figures)| figures)
    }

    pub(super) fn counter(&self, id: ResourceId) -> Option<&CounterFigures> {
        self.counters.iter().find(|(counter, _)| *counter == id).map(|(_, figures)| figures)
    }
}

impl LockFigures {
    /// Adds the holders at `at`, and how long the lock was held since `from`. Waiters are known for the newest moment
    /// only.
    fn at_cursor(self, model: &Model, id: ResourceId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(lock) = model.lock(id) else { return self };
        let holders = lock.holders_at(at, now);
        let is_held = !holders.is_empty() || at < now && lock.held_share(at, at + Span(1), now) > 0.0;
        Self {
            owner: lock.owner_at(at, now),
            waiters: if at >= now { lock.waiters() } else { Vec::new() },
            readers: reader_count(lock, at, now),
            waiting_writers: if at >= now { model.writers_waiting(id) } else { 0 },
            held_share: lock.held_share(from, at, now),
            holders,
            is_held,
            ..self
        }
    }
}

/// Returns the mean use of each core between two moments, by core number.
fn core_use(model: &Model, from: Stamp, to: Stamp) -> Vec<Option<CoreCell>> {
    let mut cells = Vec::new();
    model.core_cells(&CellWindow { from, to, cells: 1 }, &mut cells);
    cells.into_iter().map(|cells| cells.first().copied().flatten()).collect()
}

/// Reconstructs the wait-for graph of an earlier moment from the history of lanes and locks, and adds each lock's
/// waiters.
fn reconstruct_waits(
    model: &Model,
    lanes: &[Option<LaneFigures>],
    locks: &mut [(ResourceId, LockFigures)],
) -> WaitForGraph {
    let mut edges = Vec::new();
    for (waiter, doing) in lanes.iter().enumerate().filter_map(|(i, lane)| Some((i, lane.as_ref()?.activity?))) {
        let (waiter, Some(on)) = (WorkerId::from(waiter), doing.resource) else { continue };
        let evidence = model.registry().evidence(on);
        let edge = |holder| WaitEdge { waiter, holder, lock: on, is_timed: false, evidence };
        if let Some(of) = model.registry().life_owner(on) {
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
    WaitForGraph { edges }
}

/// Returns the number of readers of an rwlock at `at`.
fn reader_count(lock: &Lock, at: Stamp, now: Stamp) -> usize {
    if lock.capacity() != LockCapacity::ReadersWriter || lock.owner_at(at, now).is_some() {
        return 0;
    }
    if at >= now {
        return lock.holders().len();
    }
    let mut cells = Vec::with_capacity(1);
    lock.cells(&CellWindow { from: at, to: at + Span(1), cells: 1 }, now, &mut cells);
    cells.first().map_or(0, |cell| cell.mean_holders.round() as usize)
}

impl QueueFigures {
    fn at_cursor(self, model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(queue) = model.queue(id) else { return self };
        let depth = if at >= now { queue.depth() } else { queue.depth_at(at) };
        let (put_rate, taken_rate) = queue.flow_rates(RATE_WINDOW, at);
        Self {
            depth,
            put_rate,
            taken_rate,
            max_depth: self.max_depth.max(depth),
            capacity: queue.capacity(),
            growth_rate: queue.growth_rate(RATE_WINDOW, at),
            ..self
        }
    }
}

impl CounterFigures {
    fn capture(model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(counter) = model.counter(id) else { return Self::default() };
        let swaps = counter.swaps();
        let failed_swaps = (swaps.succeeded + swaps.failed > 0).then_some(swaps.failed as i64);
        Self { value: if at >= now { counter.value() } else { counter.value_at(at) }, lost: None, failed_swaps }
    }

    fn with_lost(self, counter: Option<&Counter>, lost: Option<i64>) -> Self {
        Self { lost: lost.filter(|_| counter.is_some_and(Counter::has_expected)), ..self }
    }
}

impl PoolFigures {
    fn at_cursor(self, model: &Model, id: PoolId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(pool) = model.pool(id) else { return self };
        let step = Span(RATE_WINDOW.0 / 2);
        let curve = (0..CURVE_POINTS).rev().map(|back| at.0.checked_sub(step.0 * back));
        Self {
            window_responses: pool.response_percentiles((from, at), [50.0, 90.0, 99.0]),
            throughput: pool.throughput(RATE_WINDOW, at),
            arrival_rate: pool.arrival_rate(RATE_WINDOW, at),
            curve: curve.map(|t| t.map_or(0.0, |t| pool.throughput(step, Stamp(t)))).collect(),
            utilization: pool.utilization(from, at, now),
            backlog: model.backlog(id).filter(|_| at >= now),
            ..self
        }
    }
}
