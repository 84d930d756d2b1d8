//! What is settled of a pool for the length of a run, and where its shared words are.

use std::ops::Range;

use super::{Plan, WorkerRole};
use crate::pool::nested_notes::NESTED_WORDS;
use crate::pool::result_store::result_words;
use crate::pool::task_queue::queue_words;
use contend_scenario::{
    CrashPolicy, OverflowPolicy, PoolSpec, PoolStep, ResultDelivery, Scenario, Settings, Step, TaskDistribution,
};
use contend_trace::WorkerId;

/// Before the words of the pools: how many tasks are not over, and who may still bring some.
const HEADER_WORDS: usize = 8;

/// Results that can be promised at once, beside those of a batch.
const MAX_PROMISES: u64 = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
pub struct PoolPlan {
    pub schedule: TaskDistribution,
    pub on_crash: CrashPolicy,
    /// What its feeder does with the results.
    pub delivery: Option<ResultDelivery>,
    pub queue_words: Range<usize>,
    pub result_words: Range<usize>,
    /// Results that can be promised at once.
    pub result_capacity: u64,
    /// Whether tasks of the event loop do its tasks, or bring it some.
    pub is_shared_by_tasks: bool,
}

impl PoolPlan {
    /// `free` is the first of the extra words that is not anybody's.
    pub(super) fn new(
        pool: &PoolSpec,
        (wanted, of_tasks): (bool, bool),
        (capacity, total): (u32, Option<u64>),
        free: usize,
        settings: &Settings,
    ) -> Self {
        let knob = |id| settings.number(id);
        let begin = free.max(HEADER_WORDS);
        let middle = begin + queue_words(capacity as usize);
        let delivery = pool.results.as_ref().and_then(|results| results.pick(knob));
        let places = if wanted { MAX_PROMISES + delivery.and(total).unwrap_or(0) } else { 0 };
        let end = if wanted { middle + result_words(places as usize) } else { middle };
        Self {
            schedule: pool.distribution.pick(knob).unwrap_or(TaskDistribution::Shared),
            on_crash: pool.on_crash.pick(knob).unwrap_or(CrashPolicy::Restart),
            delivery,
            queue_words: begin..middle,
            result_words: middle..end,
            result_capacity: places,
            is_shared_by_tasks: of_tasks,
        }
    }
}

impl Plan {
    /// By worker: whether it may bring pools tasks, itself or by whom it spawns.
    pub(super) fn find_task_sources(&self, scenario: &Scenario) -> Vec<bool> {
        let submitters = scenario.submitting_groups();
        let is_source = |part: &WorkerRole| match part {
            WorkerRole::Feeder { .. } => true,
            // A copy of who spawns it does nothing but live.
            WorkerRole::GroupMember { group, .. } => submitters.contains(group) && !self.forked_groups.contains(group),
            WorkerRole::PoolWorker { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => false,
        };
        self.roles.iter().map(is_source).collect()
    }

    /// Whether this worker may bring pools tasks, where pools end when nobody is left who could.
    pub fn is_task_source(&self, worker: WorkerId) -> bool {
        self.task_sources.get(worker.index()).copied().unwrap_or(false)
    }

    /// Such workers that start with the run.
    pub fn initial_task_sources(&self) -> impl Iterator<Item = WorkerId> {
        let workers = (0..self.task_sources.len()).map(WorkerId::from);
        workers.filter(|worker| self.is_task_source(*worker) && !self.is_spawned(*worker))
    }

    /// The extra words with a bit for each worker: whether it is counted among those who may bring tasks.
    pub fn source_bit_words(&self) -> Range<usize> {
        let begin = self.pools.last().map_or(0, |pool| pool.result_words.end);
        begin..begin + self.task_sources.len().div_ceil(64)
    }

    /// The extra words in which a worker's tasks are noted that it does for itself.
    pub fn nested_words(&self, worker: WorkerId) -> Option<Range<usize>> {
        let begin = self.source_bit_words().end + worker.index() * NESTED_WORDS;
        (self.notes_nested && worker.index() < self.roles.len()).then(|| begin..begin + NESTED_WORDS)
    }

    /// How many extra words there are.
    pub(super) fn extra_words(&self) -> usize {
        let last = self.roles.len().checked_sub(1).and_then(|last| self.nested_words(WorkerId::from(last)));
        last.unwrap_or_else(|| self.source_bit_words()).end
    }
}

/// Whether a submitter may run its task itself.
pub fn has_caller_runs_pool(scenario: &Scenario) -> bool {
    scenario.pools.iter().any(|pool| pool.overflow == OverflowPolicy::CallerRuns)
}

/// Whether anybody brings a pool tasks by a step: then pools end when nobody is left who could.
pub(super) fn has_submit_step(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { .. })))
}
