//! What is settled of a pool for the length of a run, and where its shared words are.

use std::ops::Range;

use super::{Part, Plan};
use crate::nested::NESTED_WORDS;
use crate::queue::queue_words;
use crate::results::result_words;
use contend_scenario::{Crash, Delivery, Policy, Pool, PoolStep, Scenario, Schedule, Settings, Step};
use contend_trace::WorkerId;

/// Before the words of the pools: how many tasks are not over, and who may still bring some.
const HEAD: usize = 8;

/// Results that can be promised at once, beside those of a batch.
const PROMISES: u64 = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
pub struct PoolPlan {
    pub schedule: Schedule,
    pub on_crash: Crash,
    /// What its feeder does with the results.
    pub delivery: Option<Delivery>,
    pub queue_words: Range<usize>,
    pub result_words: Range<usize>,
    /// Results that can be promised at once.
    pub places: u64,
    /// Whether tasks of the event loop do its tasks, or bring it some.
    pub of_tasks: bool,
}

impl PoolPlan {
    /// `free` is the first of the extra words that is not anybody's.
    pub(super) fn new(
        pool: &Pool,
        (wanted, of_tasks): (bool, bool),
        (capacity, total): (u32, Option<u64>),
        free: usize,
        settings: &Settings,
    ) -> Self {
        let knob = |id| settings.number(id);
        let begin = free.max(HEAD);
        let middle = begin + queue_words(capacity as usize);
        let delivery = pool.results.as_ref().and_then(|results| results.pick(knob));
        let places = if wanted { PROMISES + delivery.and(total).unwrap_or(0) } else { 0 };
        let end = if wanted { middle + result_words(places as usize) } else { middle };
        Self {
            schedule: pool.schedule.pick(knob).unwrap_or(Schedule::Shared),
            on_crash: pool.on_crash.pick(knob).unwrap_or(Crash::Restart),
            delivery,
            queue_words: begin..middle,
            result_words: middle..end,
            places,
            of_tasks,
        }
    }
}

impl Plan {
    /// By worker: whether it may bring pools tasks, itself or by whom it spawns.
    pub(super) fn find_sources(&self, scenario: &Scenario) -> Vec<bool> {
        let submitters = scenario.submitters();
        let is_source = |part: &Part| match part {
            Part::Feeder { .. } => true,
            // A copy of who spawns it does nothing but live.
            Part::Member { group, .. } => submitters.contains(group) && !self.forked.contains(group),
            Part::PoolWorker { .. } | Part::Server { .. } | Part::Manager => false,
        };
        self.parts.iter().map(is_source).collect()
    }

    /// Whether this worker may bring pools tasks, where pools end when nobody is left who could.
    pub fn is_source(&self, worker: WorkerId) -> bool {
        self.sources.get(worker.index()).copied().unwrap_or(false)
    }

    /// Such workers that start with the run.
    pub fn first_sources(&self) -> impl Iterator<Item = WorkerId> {
        let workers = (0..self.sources.len()).map(WorkerId::from);
        workers.filter(|worker| self.is_source(*worker) && !self.is_spawned(*worker))
    }

    /// The extra words with a bit for each worker: whether it is counted among those who may bring tasks.
    pub fn source_bits(&self) -> Range<usize> {
        let begin = self.pools.last().map_or(0, |pool| pool.result_words.end);
        begin..begin + self.sources.len().div_ceil(64)
    }

    /// The extra words in which a worker's tasks are noted that it does for itself.
    pub fn nested_words(&self, worker: WorkerId) -> Option<Range<usize>> {
        let begin = self.source_bits().end + worker.index() * NESTED_WORDS;
        (self.notes_nested && worker.index() < self.parts.len()).then(|| begin..begin + NESTED_WORDS)
    }

    /// How many extra words there are.
    pub(super) fn extra_words(&self) -> usize {
        let last = self.parts.len().checked_sub(1).and_then(|last| self.nested_words(WorkerId::from(last)));
        last.unwrap_or_else(|| self.source_bits()).end
    }
}

/// Whether a submitter may run its task itself.
pub fn runs_in_callers(scenario: &Scenario) -> bool {
    scenario.pools.iter().any(|pool| pool.policy == Policy::CallerRuns)
}

/// Whether anybody brings a pool tasks by a step: then pools end when nobody is left who could.
pub(super) fn anyone_submits(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { .. })))
}
