//! What is counted: the work whose rate is to be high.

use crate::model::Model;
use crate::scenario::{Choice, EvalContext, Expr, Feed, OverflowPolicy, Scenario, Settings, TaskDistribution};
use crate::trace::{KnobId, PoolId, Registry, ResourceId, WorkerId};

/// Tasks that a closed loop feeds, so that there is always one: more than any repetition does.
const ENDLESS_TASKS: f64 = 1e12;

/// The work that a scenario does.
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
}

impl WorkUnit {
    /// What the scenario counts by its nature: tasks of the pool whose size the knob is, or of the first pool; without pools a
    /// counter's changes; without counters what goes through a queue or a lock. None if it shares nothing.
    pub fn for_scenario(scenario: &Scenario, registry: &Registry, knob: KnobId) -> Option<Self> {
        let sized = scenario.pools.iter().position(|pool| pool.workers.knobs().contains(&knob));
        if let Some(pool) = sized.or(if scenario.pools.is_empty() { None } else { Some(0) }) {
            return Some(Self::Tasks(PoolId::from(pool)));
        }
        let counter = registry.counters().next().map(Self::Changes);
        let queue = || registry.queues().next().map(Self::Items);
        counter.or_else(queue).or_else(|| registry.locks().next().map(Self::Acquisitions))
    }

    /// How much of it was done by now.
    pub fn done_count(&self, model: &Model) -> u64 {
        match self {
            Self::Tasks(pool) => model.pool(*pool).map_or(0, crate::model::Pool::done),
            Self::Changes(id) => model.counter(*id).map_or(0, crate::model::Counter::add_count),
            Self::Items(id) => model.queue(*id).map_or(0, crate::model::Queue::taken_count),
            Self::Acquisitions(id) => model.lock(*id).map_or(0, crate::model::Lock::acquired),
        }
    }

    /// How much of it failed by now.
    pub fn failed_count(&self, model: &Model) -> u64 {
        match self {
            Self::Tasks(pool) => model.pool(*pool).map_or(0, crate::model::Pool::failed),
            _ => 0,
        }
    }

    /// Those who do it: a pool's workers, or everybody.
    pub fn workers(&self, registry: &Registry) -> Vec<WorkerId> {
        match self {
            Self::Tasks(pool) => registry.pools.get(pool.index()).map(|info| info.workers.clone()).unwrap_or_default(),
            _ => (0..registry.workers.len()).map(WorkerId::from).collect(),
        }
    }

    /// Whether it can be made due at a rate: tasks that nobody's steps bring.
    pub fn supports_open_loop(&self, scenario: &Scenario) -> bool {
        let fed = |pool: &PoolId| scenario.pools.get(pool.index()).is_some_and(|p| !matches!(p.feed, Feed::Submitted));
        matches!(self, Self::Tasks(pool) if fed(pool))
    }

    /// The rate at which the scenario's own tasks arrive, 1/s, if that rate does not change. None if the knob is
    /// not the one that sizes their pool: only with more workers does a pool keep up with more.
    pub fn arrival_rate(&self, scenario: &Scenario, settings: &Settings, knob: KnobId) -> Option<f64> {
        let Self::Tasks(pool) = self else { return None };
        let pool = scenario.pools.get(pool.index())?;
        let Feed::OpenLoop { rate } = &pool.feed else { return None };
        if !pool.workers.knobs().contains(&knob) || rate.knobs().contains(&knob) || rate.is_random() {
            return None;
        }
        let [first, later] = [0, 1_000_003].map(|task| rate.eval(&TaskValues { settings, task }));
        (first > 0.0 && first.total_cmp(&later).is_eq()).then_some(first)
    }

    /// One of it, in words.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Tasks(_) => "task",
            Self::Changes(_) => "change",
            Self::Items(_) => "item",
            Self::Acquisitions(_) => "acquisition",
        }
    }
}

/// What an arrival rate is evaluated against.
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

/// The scenario with its pools in a closed loop: as soon as a worker is free there is a task for it. Only so can the most be
/// seen that it can do; with arrivals the rate of arrivals would be measured.
pub fn closed_loop(scenario: &Scenario) -> Scenario {
    let mut closed = scenario.clone();
    for pool in &mut closed.pools {
        match &mut pool.feed {
            Feed::Submitted => continue,
            Feed::Files { times, .. } | Feed::Words { times, .. } => *times = Expr::Number(ENDLESS_TASKS),
            Feed::OpenLoop { .. } | Feed::Batch { .. } => {
                pool.feed = Feed::Batch { count: Expr::Number(ENDLESS_TASKS) }
            }
        }
        (pool.overflow, pool.pace) = (OverflowPolicy::Block, None);
        // To deal tasks out, and to read their results, is for batches that end.
        pool.distribution = Choice::Fixed(TaskDistribution::Shared);
        (pool.results, pool.timeout) = (None, None);
    }
    closed
}

/// The scenario with tasks due at a rate, whatever the pool does.
pub fn open_loop(scenario: &Scenario, pool: PoolId, per_second: f64) -> Scenario {
    let mut open = closed_loop(scenario);
    if let Some(pool) = open.pools.get_mut(pool.index()) {
        pool.pace = Some(Expr::Number(per_second));
    }
    open
}
