//! The unit of work of a scenario, whose throughput a tuning measures.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::scenario::{
    Arrivals, Choice, EvalContext, Expr, Feed, OverflowPolicy, Pace, RateCurve, Scenario, Settings, TaskDistribution,
};
use crate::trace::{KnobId, PoolId, Registry, ResourceId, WorkerId};

/// Number of tasks that a closed loop feeds: more than any repetition does.
const ENDLESS_TASKS: f64 = 1e12;

/// The most tasks that wait in a closed loop.
const MAX_CLOSED_LOOP_QUEUE: f64 = 1_000.0;

/// A unit of work to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkUnit {
    /// Tasks of a pool.
    Tasks(PoolId),
    /// Changes of a counter.
    Changes(ResourceId),
    /// Items taken from a queue.
    Items(ResourceId),
    /// Acquisitions of a lock.
    Acquisitions(ResourceId),
    /// Tasks of all pools of a program.
    ProgramTasks,
    /// Whole runs of a program.
    Runs,
}

impl WorkUnit {
    /// Chooses the unit of work: tasks of the pool whose size is the knob, or of the first pool; without pools, changes
    /// of a counter; without counters, items of a queue or acquisitions of a lock. None if the scenario shares nothing.
    pub fn for_scenario(scenario: &Scenario, registry: &Registry, knob: KnobId) -> Option<Self> {
        let sized = scenario.pools.iter().position(|pool| pool.workers.knobs().contains(&knob));
        if let Some(pool) = sized.or(if scenario.pools.is_empty() { None } else { Some(0) }) {
            return Some(Self::Tasks(PoolId::from(pool)));
        }
        let counter = registry.counters().next().map(Self::Changes);
        let queue = || registry.queues().next().map(Self::Items);
        counter.or_else(queue).or_else(|| registry.locks().next().map(Self::Acquisitions))
    }

    /// Returns how many units are done.
    pub fn done_count(&self, model: &Model) -> u64 {
        match self {
            Self::Tasks(pool) => model.pool(*pool).map_or(0, crate::model::Pool::done),
            Self::Changes(id) => model.counter(*id).map_or(0, crate::model::Counter::add_count),
            Self::Items(id) => model.queue(*id).map_or(0, crate::model::Queue::taken_count),
            Self::Acquisitions(id) => model.lock(*id).map_or(0, crate::model::Lock::acquired),
            Self::ProgramTasks => program_pools(model).map(crate::model::Pool::done).sum(),
            Self::Runs => 1,
        }
    }

    /// Returns how many units failed.
    pub fn failed_count(&self, model: &Model) -> u64 {
        match self {
            Self::Tasks(pool) => model.pool(*pool).map_or(0, crate::model::Pool::failed),
            Self::ProgramTasks => program_pools(model).map(crate::model::Pool::failed).sum(),
            _ => 0,
        }
    }

    /// Returns the workers that do the work: a pool's workers, or all workers.
    pub fn workers(&self, registry: &Registry) -> Vec<WorkerId> {
        match self {
            Self::Tasks(pool) => registry.pools.get(pool.index()).map(|info| info.workers.clone()).unwrap_or_default(),
            Self::ProgramTasks => {
                let all: BTreeSet<WorkerId> = registry.pools.iter().flat_map(|info| info.workers.clone()).collect();
                all.into_iter().collect()
            }
            _ => (0..registry.workers.len()).map(WorkerId::from).collect(),
        }
    }

    /// Whether the work can be made due at a rate: tasks that do not come from workers' steps.
    pub fn supports_open_loop(&self, scenario: &Scenario) -> bool {
        let fed = |pool: &PoolId| scenario.pools.get(pool.index()).is_some_and(|p| !matches!(p.feed, Feed::Submitted));
        matches!(self, Self::Tasks(pool) if fed(pool))
    }

    /// Returns the rate at which the scenario's own tasks arrive, 1/s, if that rate is constant. None if the knob is
    /// not the one that sizes their pool: only with more workers does a pool keep up with more.
    pub fn arrival_rate(&self, scenario: &Scenario, settings: &Settings, knob: KnobId) -> Option<f64> {
        let Self::Tasks(pool) = self else { return None };
        let pool = scenario.pools.get(pool.index())?;
        // Where the rate follows a curve, a repetition may see any part of it.
        let Feed::OpenLoop(Arrivals { rate, curve: RateCurve::Constant, .. }) = &pool.feed else { return None };
        if !pool.workers.knobs().contains(&knob) || rate.knobs().contains(&knob) || rate.is_random() {
            return None;
        }
        let [first, later] = [0, 1_000_003].map(|task| rate.eval(&TaskValues { settings, task }));
        (first > 0.0 && first.total_cmp(&later).is_eq()).then_some(first)
    }

    /// Returns the unit as a noun.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Tasks(_) | Self::ProgramTasks => "task",
            Self::Changes(_) => "change",
            Self::Items(_) => "item",
            Self::Acquisitions(_) => "acquisition",
            Self::Runs => "run",
        }
    }

    /// Whether a repetition is a whole run of a program.
    pub const fn is_of_program(&self) -> bool {
        matches!(self, Self::ProgramTasks | Self::Runs)
    }
}

/// Returns the pools of a program.
pub(super) fn program_pools(model: &Model) -> impl Iterator<Item = &crate::model::Pool> {
    (0..model.registry().pools.len()).filter_map(|pool| model.pool(PoolId::from(pool)))
}

/// The values for evaluating an arrival rate.
struct TaskValues<'a> {
    settings: &'a Settings,
    task: u64,
}

impl EvalContext for TaskValues<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        self.settings.number(knob)
    }

    fn worker_position(&self) -> (u32, u32) {
        (0, 1)
    }

    fn task(&self) -> u64 {
        self.task
    }
}

/// Returns the scenario with its pools in a closed loop: a free worker always finds a task. With arrivals, a repetition
/// would measure the rate of arrivals instead of the capacity.
pub fn closed_loop(scenario: &Scenario) -> Scenario {
    let mut closed = scenario.clone();
    for pool in &mut closed.pools {
        match &mut pool.feed {
            Feed::Submitted | Feed::Clients { .. } => continue, // a closed loop as it is written
            Feed::Files { times, .. } | Feed::Words { times, .. } | Feed::Trace { times, .. } => {
                *times = Expr::Number(ENDLESS_TASKS);
            }
            Feed::Dependent { count, .. } => *count = Expr::Number(ENDLESS_TASKS),
            Feed::OpenLoop(_) | Feed::Batch { .. } => pool.feed = Feed::Batch { count: Expr::Number(ENDLESS_TASKS) },
        }
        // A queue with room for a whole trace would keep the feeder busy for long.
        pool.queue_capacity =
            Expr::Min(Box::new(pool.queue_capacity.clone()), Box::new(Expr::Number(MAX_CLOSED_LOOP_QUEUE)));
        (pool.overflow, pool.pace) = (OverflowPolicy::Block, Pace::AsAccepted);
        // Splitting tasks among workers, and reading results, is only for batches that end.
        pool.distribution = Choice::Fixed(TaskDistribution::Shared);
        (pool.results, pool.timeout) = (None, None);
    }
    closed
}

/// Returns the scenario with tasks that are due at a rate, independent of the pool.
pub fn open_loop(scenario: &Scenario, pool: PoolId, per_second: f64) -> Scenario {
    let mut open = closed_loop(scenario);
    if let Some(pool) = open.pools.get_mut(pool.index()) {
        if matches!(pool.feed, Feed::Clients { .. }) {
            (pool.feed, pool.results) = (Feed::Batch { count: Expr::Number(ENDLESS_TASKS) }, None);
        }
        pool.pace = Pace::Rate(Expr::Number(per_second));
    }
    open
}
