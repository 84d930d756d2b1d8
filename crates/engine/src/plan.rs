//! From a checked scenario and its settings to who takes part: lanes, resources, pools, all named and numbered.
//!
//! Dashboard, runner and worker processes each make the plan from the same input and so agree on every id.

mod lives;
mod pipe_ends;
mod pool_plan;
mod resource_kinds;
mod wakers;

use std::collections::BTreeSet;

use thiserror::Error;

pub use self::pipe_ends::PipeEnd;
pub use pool_plan::{PoolPlan, has_caller_runs_pool};

use self::resource_kinds::{SharingScope, resource_kind};
use super::input_items::InputItems;
use contend_scenario::{CrashPolicy, EvalContext, Expr, Feed, ResourceSpec, Scenario, Settings, WorkerGroup};
use contend_trace::{
    LaneRange, PoolId, PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, RunMemorySize, WorkerId, WorkerInfo,
    WorkerKind,
};

/// Most workers and most resources of one run. Beyond it threads and mappings hit limits of the system that do not
/// fail, they abort.
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
}

/// What one lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerRole {
    /// Runs the steps of a group: position in `Scenario::workers`, place in the group, size of the group.
    GroupMember { group: usize, index: u32, group_size: u32 },
    /// Does tasks of a pool: position in `Scenario::pools`, place in the pool.
    PoolWorker { pool: usize, index: u32 },
    /// Feeds a pool.
    Feeder { pool: usize },
    /// Keeps the counters that lie in no worker's memory, and is asked for them.
    CounterServer,
    /// Answers requests: position in `Scenario::resources`.
    HttpServer { resource: usize },
}

/// Who takes part in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub cast: Registry,
    /// By worker.
    pub roles: Vec<WorkerRole>,
    /// First resource of each declaration, and how many it has.
    pub arrays: Vec<(ResourceId, u32)>,
    pub pools: Vec<PoolPlan>,
    /// Whether processes may do tasks for themselves.
    notes_nested: bool,
    /// By worker: whether it may bring pools tasks, where pools end when nobody is left who could. Else empty.
    pub task_sources: Vec<bool>,
    /// By worker: the ends of pipes and connections that it uses, in order.
    pub pipe_ends: Vec<Vec<PipeEnd>>,
    /// On how many threads the event loop runs, if any worker is a task.
    pub loop_threads: Option<u32>,
    /// By resource: whether tasks share it.
    shared_by_tasks: Vec<bool>,
    /// By worker: the life of one that others spawn or join.
    pub lives: Vec<Option<ResourceId>>,
    /// Groups that somebody spawns, by position.
    pub spawned_groups: BTreeSet<usize>,
    /// Groups whose processes are copies of who spawns them, by position.
    forked_groups: BTreeSet<usize>,
    knobs: usize,
}

impl Plan {
    /// Who takes part when `scenario` runs with `settings` on `job`.
    ///
    /// # Errors
    /// If there would be nobody, or more than the system can bear.
    pub fn new(scenario: &Scenario, settings: &Settings, input_items: &InputItems) -> Result<Self, PlanError> {
        if let Some(command) = scenario.first_command(settings).filter(|_| !settings.allow_exec) {
            return Err(PlanError::Exec { command });
        }
        let mut plan = Self {
            cast: Registry::default(),
            roles: Vec::new(),
            arrays: Vec::new(),
            pools: Vec::new(),
            notes_nested: false,
            task_sources: Vec::new(),
            pipe_ends: Vec::new(),
            loop_threads: None,
            shared_by_tasks: Vec::new(),
            lives: Vec::new(),
            spawned_groups: scenario.spawned_groups(),
            forked_groups: (0..scenario.groups.len()).filter(|at| scenario.groups[*at].is_fork_copy).collect(),
            knobs: scenario.knobs.len(),
        };
        plan.add_resources(scenario, settings)?;
        for (i, group) in scenario.groups.iter().enumerate() {
            plan.add_group(i, group, settings)?;
        }
        plan.add_lives(scenario)?;
        for i in 0..scenario.pools.len() {
            plan.add_pool(i, scenario, settings, input_items)?;
        }
        plan.add_servers(scenario)?;
        plan.lives.resize(plan.roles.len(), None); // nobody spawns a pool's workers, or a server, by name
        if pool_plan::has_submit_step(scenario) {
            plan.task_sources = plan.find_task_sources(scenario);
        }
        plan.notes_nested = plan.has_processes() && has_caller_runs_pool(scenario);
        plan.cast.wakers = wakers::find_wakers(scenario, &plan, settings);
        plan.add_ends(scenario);
        if plan.cast.workers.iter().any(|worker| worker.kind == WorkerKind::Async) {
            plan.loop_threads = Some(eval_at_least_one(&scenario.loop_threads, settings));
            plan.cast.loop_threads = plan.loop_threads;
        }
        Ok(plan)
    }

    /// Whether some of its workers are processes.
    pub fn has_processes(&self) -> bool {
        self.cast.workers.iter().any(|worker| worker.kind == WorkerKind::Process)
    }

    /// The size of the board this plan needs.
    pub fn memory_size(&self) -> RunMemorySize {
        let idle: usize = self.cast.pools.iter().map(|p| p.workers.len().saturating_sub(p.size as usize)).sum();
        RunMemorySize {
            workers: self.cast.workers.len(),
            active: self.cast.workers.len() - idle,
            knobs: self.knobs,
            resources: self.cast.resources.len(),
            extra: self.extra_words(),
        }
    }

    /// How many requests can be in a server at once.
    pub fn server_capacity(&self, server: ResourceId) -> u32 {
        match self.cast.resource(server).map(|resource| &resource.kind) {
            Some(ResourceKind::Server { max_requests: room }) => *room,
            _ => 0,
        }
    }

    /// The resource at `index` of a declaration's array, wrapping around.
    pub fn array_member(&self, declaration: usize, index: f64) -> ResourceId {
        let (first, count) = self.arrays.get(declaration).copied().unwrap_or_default();
        let at = (index as i64).rem_euclid(i64::from(count.max(1)));
        ResourceId(first.0 + at as u16)
    }

    /// Whether tasks share a resource: waiting for it gives a thread back.
    pub fn is_shared_by_tasks(&self, resource: ResourceId) -> bool {
        if self.cast.life_owner(resource).is_some() {
            return self.loop_threads.is_some();
        }
        let is_pools = |info: &PoolInfo| info.queue == resource || info.results == Some(resource);
        match self.cast.pools.iter().position(is_pools) {
            Some(pool) => self.pools[pool].is_shared_by_tasks,
            None => self.shared_by_tasks.get(resource.index()).copied().unwrap_or(false),
        }
    }

    fn add_resources(&mut self, scenario: &Scenario, settings: &Settings) -> Result<(), PlanError> {
        let groups = scenario.groups.iter().map(|group| settings.effective_kind(group.kind));
        let pools = scenario.pools.iter().map(|pool| settings.pool_kind(&pool.worker_kind));
        let across = groups.chain(pools).any(|kind| kind == WorkerKind::Process);
        for (index, resource) in scenario.resources.iter().enumerate() {
            let count = eval_count(&resource.count, settings);
            check_limit("resources", self.cast.resources.len() as u64 + count)?;
            let first = ResourceId::from(self.cast.resources.len());
            self.arrays.push((first, count as u32));
            if let ResourceSpec::Counter { packed: true, .. } = resource.spec {
                self.cast.packed.push((first, count as u16));
            }
            let of_tasks = scenario.kinds_at_resource(index, settings).any(|kind| kind == WorkerKind::Async);
            let home = if of_tasks {
                SharingScope::Loop
            } else if across {
                SharingScope::Processes
            } else {
                SharingScope::Process
            };
            let kind = resource_kind(scenario, index, settings, home);
            for i in 0..count {
                self.shared_by_tasks.push(of_tasks);
                let name = numbered_name(&resource.name, i, &resource.count);
                self.cast.resources.push(ResourceInfo { name, kind: kind.clone() });
            }
        }
        self.link_conditions(scenario);
        Ok(())
    }

    /// Gives each condition the mutex that it goes with: in arrays, the one at the same place.
    fn link_conditions(&mut self, scenario: &Scenario) {
        for (i, resource) in scenario.resources.iter().enumerate() {
            let ResourceSpec::Condition { mutex: of } = resource.spec else { continue };
            let (first, count) = self.arrays[i];
            for at in 0..count {
                let mutex = self.array_member(of, f64::from(at));
                self.cast.resources[first.index() + at as usize].kind = ResourceKind::Condition { mutex };
            }
        }
    }

    /// The lanes that do such a part: they stand side by side.
    fn lanes_of_role(&self, is: impl Fn(&WorkerRole) -> bool) -> LaneRange {
        let first = self.roles.iter().position(&is).unwrap_or_default();
        let count = self.roles[first..].iter().take_while(|part| is(part)).count();
        LaneRange { first: WorkerId::from(first), count: count as u16 }
    }

    fn add_group(&mut self, index: usize, group: &WorkerGroup, settings: &Settings) -> Result<(), PlanError> {
        let count = eval_count(&group.count, settings);
        check_limit("workers", self.cast.workers.len() as u64 + count)?;
        if count == 0 {
            return Err(PlanError::NoWorkers { group: group.name.clone() });
        }
        for i in 0..count {
            self.add_worker(
                WorkerInfo {
                    name: numbered_name(&group.name, i, &group.count),
                    group: group.name.clone(),
                    kind: settings.effective_kind(group.kind),
                    pool: None,
                },
                WorkerRole::GroupMember { group: index, index: i as u32, group_size: count as u32 },
            );
        }
        Ok(())
    }

    fn add_pool(
        &mut self,
        index: usize,
        all: &Scenario,
        settings: &Settings,
        input_items: &InputItems,
    ) -> Result<(), PlanError> {
        let pool = &all.pools[index];
        let only = all.pools.len() == 1;
        let named = |what: &str| if only { what.to_owned() } else { format!("{}-{what}", pool.name) };
        check_limit("workers", self.cast.workers.len() as u64 + u64::from(pool.max_workers) + 1)?;
        let kind = settings.pool_kind(&pool.worker_kind);
        let id = PoolId::from(index);
        let queue = ResourceId::from(self.cast.resources.len());
        let capacity = eval_at_least_one(&pool.queue_capacity, settings);
        self.cast.resources.push(ResourceInfo { name: named("queue"), kind: ResourceKind::Queue { capacity } });
        let workers = (0..pool.max_workers)
            .map(|i| {
                let info = WorkerInfo {
                    name: format!("{}-{}", pool.name, i + 1),
                    group: pool.name.clone(),
                    kind,
                    pool: Some(id),
                };
                self.add_worker(info, WorkerRole::PoolWorker { pool: index, index: i })
            })
            .collect();
        let often = |count: &Expr| count.eval(settings).max(0.0) as u64;
        let fed = match &pool.feed {
            Feed::Submitted => None,
            Feed::OpenLoop { .. } => Some(("arrivals", None)),
            Feed::Batch { count } => Some(("batch", Some(often(count)))),
            Feed::Files { times, .. } => Some(("files", Some(often(times).saturating_mul(input_items.total())))),
            Feed::Words { times, .. } => Some(("words", Some(often(times).saturating_mul(input_items.total())))),
        };
        let total = fed.and_then(|(_, total)| total);
        let feeder = fed.map(|(what, _)| {
            let info = WorkerInfo { name: named(what), group: named(what), kind: WorkerKind::Thread, pool: None };
            self.add_worker(info, WorkerRole::Feeder { pool: index })
        });
        let wanted = all.has_result_readers(index);
        let results = wanted.then(|| {
            let info = ResourceInfo { name: named("results"), kind: ResourceKind::Results };
            self.cast.resources.push(info);
            ResourceId::from(self.cast.resources.len() - 1)
        });
        let size = pool_size(&pool.workers, pool.max_workers, settings);
        let name = pool.name.clone();
        let of_tasks =
            kind == WorkerKind::Async || all.kinds_at_pool(index, settings).any(|kind| kind == WorkerKind::Async);
        let free = self.pools.last().map_or(0, |pool| pool.result_words.end);
        let plan = PoolPlan::new(pool, (wanted, of_tasks), (capacity, total), free, settings);
        let restarts = matches!(plan.on_crash, CrashPolicy::Restart | CrashPolicy::LoseTask);
        self.cast.pools.push(PoolInfo {
            name,
            worker_kind: kind,
            workers,
            feeder,
            queue,
            results,
            size,
            total_tasks: total,
            restarts_workers: restarts,
        });
        self.pools.push(plan);
        Ok(())
    }

    /// A server is a resource, and a process with a lane of the same name.
    fn add_servers(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        for (index, resource) in scenario.resources.iter().enumerate() {
            if let ResourceSpec::Server(_) = resource.spec {
                check_limit("workers", self.cast.workers.len() as u64 + 1)?;
                let (name, group) = (resource.name.clone(), resource.name.clone());
                let info = WorkerInfo { name, group, kind: WorkerKind::Process, pool: None };
                self.add_worker(info, WorkerRole::HttpServer { resource: index });
            }
        }
        Ok(())
    }

    fn add_worker(&mut self, info: WorkerInfo, role: WorkerRole) -> WorkerId {
        self.cast.workers.push(info);
        self.roles.push(role);
        WorkerId::from(self.roles.len() - 1)
    }
}

/// How many workers a pool has with these values: between 1 and the most it can have.
pub fn pool_size(workers: &Expr, most: u32, values: &impl EvalContext) -> u32 {
    (workers.eval(values) as u32).clamp(1, most.max(1))
}

fn eval_count(count: &Expr, settings: &Settings) -> u64 {
    count.eval(settings).max(0.0) as u64
}

fn eval_at_least_one(number: &Expr, settings: &Settings) -> u32 {
    number.eval(settings).clamp(1.0, f64::from(u32::MAX)) as u32
}

fn check_limit(what: &'static str, count: u64) -> Result<(), PlanError> {
    if count > MAX_WORKERS as u64 { Err(PlanError::TooMany { what, count }) } else { Ok(()) }
}

/// `name` alone where the scenario says nothing of a count, else `name-1`, `name-2`...
fn numbered_name(name: &str, i: u64, count: &Expr) -> String {
    if *count == Expr::Number(1.0) { name.to_owned() } else { format!("{name}-{}", i + 1) }
}
