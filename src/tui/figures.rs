//! The figures beside the timelines, captured a few times a second and held in between, so that they are readable.

mod counters;
mod interval;
mod locks;
mod past_waits;
mod pools;
mod queues;
mod range;
mod signals;
mod task_times;
mod throughput;
mod totals;
mod waits;

use crate::model::{Activity, CellWindow, CoreCell, CpuLoad, Finding, Health, Lane, Model, StateTimes, WaitForGraph};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Time over which rates are computed.
const RATE_WINDOW: Span = Span::from_millis(2_000);

/// The newest part of a span of computing, which tells whether the worker runs or waits for a core.
const RECENT_WINDOW: Span = Span::from_millis(200);

pub(super) use counters::CounterFigures;
pub(super) use interval::{IntervalGap, IntervalRecord};
pub(super) use locks::LockFigures;
pub(super) use pools::PoolFigures;
pub(super) use queues::{QueueFigures, RateMargins};
pub(super) use range::{lock_sums_between, max_depth_between};
pub(super) use signals::SignalFigures;
pub(super) use task_times::{Percentiles, TIME_BINS, TaskTimes};
pub(super) use throughput::{ThroughputFigures, ThroughputOf};
pub(super) use totals::Totals;
pub(super) use waits::{WaitGroup, WaitReason};

use past_waits::reconstruct_waits;

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
        let lanes = lane_figures(model, at, now, shares);
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

/// Returns the figures of each lane that exists, by worker. `shares` returns its states in the visible time.
fn lane_figures(
    model: &Model,
    at: Stamp,
    now: Stamp,
    shares: impl Fn(WorkerId) -> StateTimes,
) -> Vec<Option<LaneFigures>> {
    let mut lanes = vec![None; model.registry().workers.len()];
    for (worker, lane) in model.lanes() {
        if let Some(figures) = lanes.get_mut(worker.index()) {
            // Events may be newer than the drawn moment: a state that begins after `at` has no age yet.
            let doing = lane.activity_at(at).or((at >= now).then(|| lane.activity()));
            *figures = Some(LaneFigures {
                activity: doing,
                is_exact: lane.is_exact_at(at),
                shown_state: doing.map(|doing| ShownState::of(lane, doing, at)),
                shares: shares(worker),
            });
        }
    }
    lanes
}

/// Returns the mean use of each core between two moments, by core number.
fn core_use(model: &Model, from: Stamp, to: Stamp) -> Vec<Option<CoreCell>> {
    let mut cells = Vec::new();
    model.core_cells(&CellWindow { from, to, cells: 1 }, &mut cells);
    cells.into_iter().map(|cells| cells.first().copied().flatten()).collect()
}
