//! The plan of a run: from a checked scenario and its settings to numbered and named workers, resources and pools.
//!
//! Dashboard, runner and worker processes each make the plan from the same input and so agree on every id.

mod features;
mod lives;
mod lock_copies;
mod mark_texts;
mod pipe_ends;
mod pool_plan;
mod resources;
mod stored_items;
mod values;
mod wakers;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

pub use self::pipe_ends::PipeEnd;
pub use self::pool_plan::{PoolPlan, has_nested_tasks, pool_size};
use self::stored_items::StoredItemsPlan;
use self::values::eval_at_least_one;
use crate::input_items::InputItems;
use contend_scenario::{MemoryOrder, Scenario, Settings, Step, TextExpr};
use contend_trace::{PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, RunMemorySize, WorkerId, WorkerKind};

/// The most workers, and the most resources, of one run. More threads and mappings exceed system limits that abort the
/// process instead of returning an error.
pub const MAX_WORKERS: usize = 10_000;

/// Why a scenario cannot be run with these settings.
#[derive(Debug, Error)]
pub enum PlanError {
    #[error("{what} would be {count}; at most {MAX_WORKERS} are possible in one run")]
    TooMany { what: &'static str, count: u64 },
    #[error("this scenario runs a command, `{command}`: if you trust it, allow that with --allow-exec")]
    Exec { command: String },
    #[error("no worker would run: `{group}` has a count of 0")]
    NoWorkers { group: String },
    #[error("this build has no {support} support: build with --features {feature}")]
    NoFeature { support: &'static str, feature: &'static str },
}

/// What one worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerRole {
    /// Runs the steps of a group: position in `Scenario::groups`, position in the group, size of the group.
    GroupMember { group: usize, index: u32, group_size: u32 },
    /// Runs tasks of a pool: position in `Scenario::pools`, position in the pool.
    PoolWorker { pool: usize, index: u32 },
    /// Feeds a pool.
    Feeder { pool: usize },
    /// Keeps the counters with `memory=manager` and changes them on request.
    CounterServer,
    /// Answers HTTP requests: position in `Scenario::resources`.
    HttpServer { resource: usize },
}

/// The workers, resources and pools of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Their names and kinds, as the dashboard shows them.
    pub registry: Registry,
    /// By worker.
    pub roles: Vec<WorkerRole>,
    /// By declaration: its first resource, and how many it has.
    pub arrays: Vec<(ResourceId, u32)>,
    pub pools: Vec<PoolPlan>,
    /// Whether worker processes may run tasks themselves, which are noted in shared memory.
    notes_nested: bool,
    /// Whether a worker may give up while it waits for an rwlock.
    keeps_rwlock_line: bool,
    /// By worker: whether it may submit tasks. Empty if no step submits any: then queues close with their feeders.
    pub task_sources: Vec<bool>,
    /// By worker: the ends of pipes and connections that it uses, in order.
    pub pipe_ends: Vec<Vec<PipeEnd>>,
    /// The number of threads of the event loop, if any worker is a task.
    pub loop_threads: Option<u32>,
    /// By worker: whether others may cancel it.
    cancellable: Vec<bool>,
    /// The semaphore that limits the threads beside the event loop, if they are limited.
    pub blocking_threads: Option<ResourceId>,
    /// By declaration: the memory order of a counter.
    counter_orders: BTreeMap<usize, MemoryOrder>,
    /// By resource: whether tasks share it.
    shared_by_tasks: Vec<bool>,
    /// By worker: its life, if other workers spawn or join it.
    pub lives: Vec<Option<ResourceId>>,
    /// Positions of the groups that are spawned.
    pub spawned_groups: BTreeSet<usize>,
    /// Positions of the groups whose processes are forked from the worker that spawns them.
    forked_groups: BTreeSet<usize>,
    /// The queues whose items have priorities, and the number of words of these items.
    stored_items: BTreeMap<ResourceId, StoredItemsPlan>,
    stored_words: usize,
    knobs: usize,
    /// The texts of the marks that steps set, in the order of the registry.
    pub mark_texts: Vec<TextExpr>,
}

const fn is_limited_rwlock_step(step: &Step) -> bool {
    matches!(step, Step::ReadLock { limit: Some(_), .. } | Step::WriteLock { limit: Some(_), .. })
}

impl Plan {
    /// Makes the plan for a scenario with these settings and input items.
    ///
    /// # Errors
    /// If the run would have no workers, too many, or would need something that is not allowed or not built in.
    pub fn new(scenario: &Scenario, settings: &Settings, input_items: &InputItems) -> Result<Self, PlanError> {
        if let Some(command) = scenario.first_command(settings).filter(|_| !settings.allow_exec) {
            return Err(PlanError::Exec { command });
        }
        features::check_features(scenario)?;
        let mut plan = Self {
            registry: Registry::default(),
            roles: Vec::new(),
            arrays: Vec::new(),
            pools: Vec::new(),
            notes_nested: false,
            keeps_rwlock_line: scenario.any_step(is_limited_rwlock_step),
            task_sources: Vec::new(),
            pipe_ends: Vec::new(),
            loop_threads: None,
            cancellable: Vec::new(),
            blocking_threads: None,
            counter_orders: BTreeMap::new(),
            shared_by_tasks: Vec::new(),
            lives: Vec::new(),
            spawned_groups: scenario.spawned_groups(),
            forked_groups: (0..scenario.groups.len()).filter(|at| scenario.groups[*at].is_fork_copy).collect(),
            stored_items: BTreeMap::new(),
            stored_words: 0,
            knobs: scenario.knobs.len(),
            mark_texts: Vec::new(),
        };
        plan.add_mark_texts(scenario, settings);
        plan.add_resources(scenario, settings)?;
        for (i, group) in scenario.groups.iter().enumerate() {
            plan.add_group(i, group, settings)?;
        }
        plan.add_lives(scenario)?;
        for i in 0..scenario.pools.len() {
            plan.add_pool(i, scenario, settings, input_items)?;
        }
        plan.add_servers(scenario)?;
        plan.limit_blocking_threads(scenario, settings); // before the lock copies, which have no wakers
        plan.add_lock_copies(scenario)?;
        plan.lives.resize(plan.roles.len(), None); // pool workers and servers are never spawned by name
        if pool_plan::has_submit_step(scenario) {
            plan.task_sources = plan.find_task_sources(scenario);
        }
        plan.notes_nested = plan.has_processes() && has_nested_tasks(scenario);
        plan.registry.wakers = wakers::find_wakers(scenario, &plan, settings);
        plan.registry.cancellers = wakers::find_cancellers(scenario, &plan);
        // A worker that is cancelled leaves the line of an rwlock, as one whose time is up.
        plan.keeps_rwlock_line |= !plan.registry.cancellers.is_empty();
        let is_cancellable = |worker| plan.registry.cancellers.iter().any(|by| by.of.contains(WorkerId::from(worker)));
        plan.cancellable = (0..plan.roles.len()).map(is_cancellable).collect();
        plan.add_ends(scenario);
        if plan.registry.workers.iter().any(|worker| worker.kind == WorkerKind::Async) {
            plan.loop_threads = Some(eval_at_least_one(&scenario.loop_threads, settings));
            plan.registry.loop_threads = plan.loop_threads;
        }
        Ok(plan)
    }

    /// Whether some resource counts its waiters, so that one that dies must be taken off the count: a signal, or a
    /// queue without room.
    pub fn counts_waiters(&self) -> bool {
        let has_no_room = |resource: &ResourceInfo| matches!(resource.kind, ResourceKind::Queue { capacity: 0 });
        self.registry.signals().next().is_some() || self.registry.resources.iter().any(has_no_room)
    }

    /// Whether others may cancel this worker.
    pub fn is_cancellable(&self, worker: WorkerId) -> bool {
        self.cancellable.get(worker.index()).copied().unwrap_or(false)
    }

    /// Adds the semaphore that limits the threads of `to-thread`, if there are tasks and a limit.
    fn limit_blocking_threads(&mut self, scenario: &Scenario, settings: &Settings) {
        let has_tasks = self.registry.workers.iter().any(|worker| worker.kind == WorkerKind::Async);
        let Some(limit) = scenario.blocking_threads.as_ref().filter(|_| has_tasks) else { return };
        let kind = ResourceKind::Semaphore { permits: eval_at_least_one(limit, settings), scoped: true };
        self.blocking_threads = Some(ResourceId::from(self.registry.resources.len()));
        self.registry.resources.push(ResourceInfo { name: "blocking-threads".into(), kind });
    }

    /// Whether some workers are processes.
    pub fn has_processes(&self) -> bool {
        self.registry.workers.iter().any(|worker| worker.kind == WorkerKind::Process)
    }

    /// Returns the size of the run memory that this plan needs.
    pub fn memory_size(&self) -> RunMemorySize {
        let idle: usize = self.registry.pools.iter().map(|p| p.workers.len().saturating_sub(p.size as usize)).sum();
        RunMemorySize {
            workers: self.registry.workers.len(),
            active: self.registry.workers.len() - idle,
            knobs: self.knobs,
            resources: self.registry.resources.len(),
            extra: self.extra_words(),
        }
    }

    /// Returns how many items or tasks a queue holds at once.
    pub fn queue_capacity(&self, queue: ResourceId) -> u32 {
        match self.registry.resource(queue).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { capacity }) => *capacity,
            _ => 1,
        }
    }

    /// Returns how many requests a server holds at once.
    pub fn server_capacity(&self, server: ResourceId) -> u32 {
        match self.registry.resource(server).map(|resource| &resource.kind) {
            Some(ResourceKind::Server { max_requests }) => *max_requests,
            _ => 0,
        }
    }

    /// Returns the resource at `index` of a declaration's array; indices wrap around.
    pub fn array_member(&self, declaration: usize, index: f64) -> ResourceId {
        let (first, count) = self.arrays.get(declaration).copied().unwrap_or_default();
        let index = (index as i64).rem_euclid(i64::from(count.max(1)));
        ResourceId(first.0 + index as u32)
    }

    /// Returns the memory order of a declared counter.
    pub fn counter_order(&self, declaration: usize) -> MemoryOrder {
        self.counter_orders.get(&declaration).copied().unwrap_or(MemoryOrder::Relaxed)
    }

    /// Whether tasks share a resource: then a task that waits for it gives its thread back.
    pub fn is_shared_by_tasks(&self, resource: ResourceId) -> bool {
        if self.blocking_threads == Some(resource) {
            return true;
        }
        if self.registry.life_owner(resource).is_some() {
            return self.loop_threads.is_some();
        }
        let belongs_to = |info: &PoolInfo| info.queue == resource || info.results == Some(resource);
        match self.registry.pools.iter().position(belongs_to) {
            Some(pool) => self.pools[pool].is_shared_by_tasks,
            None => self.shared_by_tasks.get(resource.index()).copied().unwrap_or(false),
        }
    }
}
