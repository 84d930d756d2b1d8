//! The plan of a pool: its lanes, its queue and results, the settings that are fixed for a run, and its shared words.

use std::ops::Range;

use super::values::{check_limit, eval_at_least_one, eval_count};
use super::{Plan, PlanError, WorkerRole};
use crate::input_items::InputItems;
use crate::pool::nested_notes::NESTED_WORDS;
use crate::pool::result_store::result_words;
use crate::pool::task_queue::queue_words;
use crate::shared::rwlock_line::LINE_WORDS;
use contend_scenario::{
    CrashPolicy, EvalContext, Expr, Feed, OverflowPolicy, PoolSpec, PoolStep, ResultDelivery, Scenario, Settings, Step,
    TaskDistribution,
};
use contend_trace::{PoolId, PoolInfo, ResourceId, ResourceInfo, ResourceKind, WorkerId, WorkerInfo, WorkerKind};

/// Words before those of the pools. The first holds the open work: unfinished tasks plus workers that may submit more.
const HEADER_WORDS: usize = 8;

/// The most results of a batch that can be read; later tasks of a longer batch have none.
const MAX_COLLECTED: u64 = 1 << 21;

/// Results that can be promised at once, beside those of a batch.
const MAX_PROMISES: u64 = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
pub struct PoolPlan {
    pub schedule: TaskDistribution,
    pub on_crash: CrashPolicy,
    /// What the feeder does with the results.
    pub delivery: Option<ResultDelivery>,
    /// Positions in the extra words of the run memory.
    pub queue_words: Range<usize>,
    pub result_words: Range<usize>,
    /// Results that can be promised at once.
    pub result_capacity: u64,
    /// Whether tasks of the event loop run or submit tasks of this pool.
    pub is_shared_by_tasks: bool,
    /// Whether a worker may run other tasks of the pool while its task waits for a result.
    pub has_helpers: bool,
}

impl PoolPlan {
    /// `total_tasks` is the size of a batch; `first_free_word` is the first unused one of the extra words.
    fn new(
        pool: &PoolSpec,
        (has_results, is_shared_by_tasks): (bool, bool),
        (capacity, total_tasks): (u32, Option<u64>),
        first_free_word: usize,
        settings: &Settings,
    ) -> Self {
        let knob = |id| settings.number(id);
        let begin = first_free_word.max(HEADER_WORDS);
        let middle = begin + queue_words(capacity as usize);
        let delivery = pool.results.as_ref().and_then(|results| results.pick(knob));
        let result_capacity =
            if has_results { MAX_PROMISES + delivery.and(total_tasks).unwrap_or(0).min(MAX_COLLECTED) } else { 0 };
        let end = if has_results { middle + result_words(result_capacity as usize) } else { middle };
        Self {
            schedule: pool.distribution.pick(knob).unwrap_or(TaskDistribution::Shared),
            on_crash: pool.on_crash.pick(knob).unwrap_or(CrashPolicy::Restart),
            delivery,
            queue_words: begin..middle,
            result_words: middle..end,
            result_capacity,
            is_shared_by_tasks,
            has_helpers: has_helpers(pool),
        }
    }
}

/// Returns how many workers a pool has with these values, between 1 and its maximum.
pub fn pool_size(workers: &Expr, max_workers: u32, values: &impl EvalContext) -> u32 {
    (workers.eval(values) as u32).clamp(1, max_workers.max(1))
}

/// Returns the name of a pool's feeder, and how many tasks it feeds, if that is fixed.
fn feeder_of(
    index: usize,
    pool: &PoolSpec,
    settings: &Settings,
    input_items: &InputItems,
) -> Option<(&'static str, Option<u64>)> {
    let requests = input_items.trace(index).map_or(0, |trace| trace.requests().len() as u64);
    let times_items = |times: &Expr| Some(eval_count(times, settings).saturating_mul(input_items.total()));
    match &pool.feed {
        Feed::Submitted => None,
        Feed::OpenLoop(_) => Some(("arrivals", None)),
        Feed::Clients { .. } => Some(("clients", None)),
        Feed::Batch { count } | Feed::Dependent { count, .. } => Some(("batch", Some(eval_count(count, settings)))),
        Feed::Files { times, .. } => Some(("files", times_items(times))),
        Feed::Words { times, .. } => Some(("words", times_items(times))),
        Feed::Trace { times, .. } => Some(("replay", Some(eval_count(times, settings).saturating_mul(requests)))),
    }
}

impl Plan {
    pub(super) fn add_pool(
        &mut self,
        index: usize,
        scenario: &Scenario,
        settings: &Settings,
        input_items: &InputItems,
    ) -> Result<(), PlanError> {
        let pool = &scenario.pools[index];
        let is_only_pool = scenario.pools.len() == 1;
        let named = |what: &str| if is_only_pool { what.to_owned() } else { format!("{}-{what}", pool.name) };
        check_limit("workers", self.registry.workers.len() as u64 + u64::from(pool.max_workers) + 1)?;
        let kind = settings.pool_kind(&pool.worker_kind);
        let capacity = eval_at_least_one(&pool.queue_capacity, settings);
        let queue = self.add_pool_resource(named("queue"), ResourceKind::Queue { capacity });
        let workers = (0..pool.max_workers).map(|i| self.add_pool_worker(pool, kind, index, i)).collect();
        let fed = feeder_of(index, pool, settings, input_items);
        let total_tasks = fed.and_then(|(_, total)| total);
        let feeder = fed.map(|(name, _)| {
            let info = WorkerInfo { name: named(name), group: named(name), kind: WorkerKind::Thread, pool: None };
            self.add_worker(info, WorkerRole::Feeder { pool: index })
        });
        let has_results = scenario.has_result_readers(index);
        let results = has_results.then(|| self.add_pool_resource(named("results"), ResourceKind::Results));
        let shared_by_tasks =
            kind == WorkerKind::Async || scenario.kinds_at_pool(index, settings).any(|kind| kind == WorkerKind::Async);
        let first_free_word = self.pools.last().map_or(0, |pool| pool.result_words.end);
        let plan =
            PoolPlan::new(pool, (has_results, shared_by_tasks), (capacity, total_tasks), first_free_word, settings);
        self.registry.pools.push(PoolInfo {
            name: pool.name.clone(),
            worker_kind: kind,
            workers,
            feeder,
            queue,
            results,
            size: pool_size(&pool.workers, pool.max_workers, settings),
            total_tasks,
            restarts_workers: matches!(plan.on_crash, CrashPolicy::Restart | CrashPolicy::LoseTask),
        });
        self.pools.push(plan);
        Ok(())
    }

    fn add_pool_worker(&mut self, pool: &PoolSpec, kind: WorkerKind, pool_index: usize, index: u32) -> WorkerId {
        let info = WorkerInfo {
            name: format!("{}-{}", pool.name, index + 1),
            group: pool.name.clone(),
            kind,
            pool: Some(PoolId::from(pool_index)),
        };
        self.add_worker(info, WorkerRole::PoolWorker { pool: pool_index, index })
    }

    fn add_pool_resource(&mut self, name: String, kind: ResourceKind) -> ResourceId {
        self.registry.resources.push(ResourceInfo { name, kind });
        ResourceId::from(self.registry.resources.len() - 1)
    }

    /// Returns, by worker, whether it may submit tasks, itself or through workers that it spawns.
    pub(super) fn find_task_sources(&self, scenario: &Scenario) -> Vec<bool> {
        let submitters = scenario.submitting_groups();
        let is_source = |role: &WorkerRole| match role {
            WorkerRole::Feeder { .. } => true,
            // A forked copy runs no steps.
            WorkerRole::GroupMember { group, .. } => submitters.contains(group) && !self.forked_groups.contains(group),
            WorkerRole::PoolWorker { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => false,
        };
        self.roles.iter().map(is_source).collect()
    }

    /// Whether this worker may submit tasks.
    pub fn is_task_source(&self, worker: WorkerId) -> bool {
        self.task_sources.get(worker.index()).copied().unwrap_or(false)
    }

    /// Returns the workers that may submit tasks and start with the run.
    pub fn initial_task_sources(&self) -> impl Iterator<Item = WorkerId> {
        let workers = (0..self.task_sources.len()).map(WorkerId::from);
        workers.filter(|worker| self.is_task_source(*worker) && !self.is_spawned(*worker))
    }

    /// Returns the extra words with a bit for each worker: whether it is counted as one that may submit tasks.
    pub fn source_bit_words(&self) -> Range<usize> {
        let begin = self.pools.last().map_or(0, |pool| pool.result_words.end);
        begin..begin + self.task_sources.len().div_ceil(64)
    }

    /// Returns the extra words for the notes about tasks that a worker process runs itself.
    pub fn nested_words(&self, worker: WorkerId) -> Option<Range<usize>> {
        let begin = self.source_bit_words().end + worker.index() * NESTED_WORDS;
        (self.notes_nested && worker.index() < self.roles.len()).then(|| begin..begin + NESTED_WORDS)
    }

    /// Returns the extra words for the places of all workers in the lines of rwlocks; none if no waiter gives up.
    pub fn rwlock_line_words(&self) -> Range<usize> {
        let last = self.roles.len().checked_sub(1).and_then(|last| self.nested_words(WorkerId::from(last)));
        let begin = last.unwrap_or_else(|| self.source_bit_words()).end;
        begin..begin + if self.keeps_rwlock_line { self.roles.len() * LINE_WORDS } else { 0 }
    }

    /// Returns the number of extra words.
    pub(super) fn extra_words(&self) -> usize {
        self.stored_item_words().end
    }

    /// Returns the extra words for the items of queues with priorities.
    pub(super) fn stored_item_words(&self) -> Range<usize> {
        let begin = self.rwlock_line_words().end;
        begin..begin + self.stored_words
    }
}

/// Whether some worker may run a task inside another one.
pub fn has_nested_tasks(scenario: &Scenario) -> bool {
    scenario.pools.iter().any(|pool| pool.overflow == OverflowPolicy::CallerRuns || has_helpers(pool))
}

/// Whether a task of the pool runs others while it waits for a result.
fn has_helpers(pool: &PoolSpec) -> bool {
    let helps = |step: &Step| matches!(step, Step::Pool(step) if step.helps());
    pool.task.iter().any(|step| step.contains(&helps))
}

/// Whether some step submits tasks: then queues close after the last worker that may submit and the last task.
pub(super) fn has_submit_step(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { .. })))
}
