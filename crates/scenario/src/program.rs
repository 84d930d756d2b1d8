//! A scenario that was read and checked: every name resolved, every unit and range right.

mod block;
mod blocking_steps;
mod expect;
mod knob_match;
mod optimum;
mod pipe_step;
mod quiz;
mod resource;
mod step;
mod text;
mod workers;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::expr::Expr;
use super::knob::{Knob, Settings};
use super::sanitize::sanitize;
use contend_trace::{KnobId, WorkerKind};

pub use block::{Block, SourceSpan};
pub use expect::{Baseline, Claim, Expect, Metric, MetricSubject, Quantile};
pub use knob_match::is_same_knob_value;
pub use optimum::{Optimum, OptimumLimit};
pub use pipe_step::PipeStep;
pub use quiz::{CorrectWhen, Guess, Quiz};
pub use resource::{Choice, Resource, ResourceSpec, ServerSpec, Target};
pub(crate) use step::Blocks;
pub use step::{
    Attempt, AttemptKind, Branch, Compare, GroupMembers, LifeStep, LoopStep, MemberSelector, Operand, PoolStep,
    Question, QueueStep, RealWork, RequestTarget, ShutdownMode, SignalStep, Step,
};
pub use text::{Placeholder, Template, TemplatePiece, TextExpr};
pub use workers::{
    CrashPolicy, Feed, OverflowPolicy, PoolSpec, ResultDelivery, Scheduling, TaskDistribution, WorkerGroup,
};

/// Where a scenario stands in the picker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Category {
    Pools,
    Locks,
    Deadlocks,
    Queues,
    Signals,
    Processes,
    EventLoops,
    RealWork,
    Machine,
    Classics,
    Tuning,
    Own,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The file's stem: what one types.
    pub name: String,
    pub title: String,
    pub category: Category,
    pub about: String,
    /// A question to think about before the run.
    pub quiz: Option<Quiz>,
    /// What to look at while it runs.
    pub watch: Vec<String>,
    pub suggestions: Vec<Suggestion>,
    pub knobs: Vec<Knob>,
    pub resources: Vec<Resource>,
    pub groups: Vec<WorkerGroup>,
    pub pools: Vec<PoolSpec>,
    /// How many threads the event loop has that async workers share.
    pub loop_threads: Expr,
    pub expectations: Vec<Expect>,
    pub test: TestConfig,
    /// Where tuning should end up, when that can be calculated.
    pub optimum: Option<Optimum>,
}

/// How `contend test` runs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestConfig {
    /// For how long what must hold to the end has to hold, ns.
    pub hold_nanos: f64,
    /// Whether other runs beside it would disturb it. `None`: when it computes.
    pub runs_alone: Option<bool>,
}

impl Default for TestConfig {
    fn default() -> Self {
        Self { hold_nanos: 2e9, runs_alone: None }
    }
}

/// A suggestion: what to do, and what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub text: String,
    /// Knobs to turn for it, with their values.
    pub set: Vec<(KnobId, f64)>,
}

impl Scenario {
    /// Whether some step is such a one.
    pub fn any_step(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        let groups = self.groups.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().any(|step| step.contains(&wanted))
    }

    /// Whether anybody's steps give this pool tasks.
    pub fn has_submitters(&self, pool: usize) -> bool {
        self.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { pool: of, .. }) if *of == pool))
    }

    /// Whether anybody wants results of this pool's tasks, or waits for all of them.
    pub fn has_result_readers(&self, pool: usize) -> bool {
        self.pools.get(pool).is_some_and(|pool| pool.results.is_some())
            || self.any_step(|step| step.pool_index() == Some(pool))
    }

    /// The kinds of those whose steps have to do with a pool, with these settings.
    pub fn kinds_at_pool(&self, pool: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        self.kinds_doing(move |step| step.pool_index() == Some(pool), settings)
    }

    /// The kinds of those whose steps use a resource, with these settings.
    pub fn kinds_at_resource(&self, resource: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        self.kinds_doing(move |step| step.target().is_some_and(|target| target.resource == resource), settings)
    }

    fn kinds_doing(&self, wanted: impl Fn(&Step) -> bool, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        let groups = self.groups.iter().map(|group| (settings.effective_kind(group.kind), &group.steps));
        let all = groups.chain(self.pools.iter().map(|pool| (settings.pool_kind(&pool.worker_kind), &pool.task)));
        all.filter(move |(_, steps)| steps.iter().any(|step| step.contains(&wanted))).map(|(kind, _)| kind)
    }

    /// Groups whose workers may give pools tasks: themselves, or by whom they spawn.
    pub fn submitting_groups(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        loop {
            let gives = |step: &Step| {
                matches!(step, Step::Pool(PoolStep::Submit { .. }))
                    || step.spawned_group().is_some_and(|of| found.contains(&of))
            };
            let groups = self.groups.iter().enumerate();
            let now: BTreeSet<usize> =
                groups.filter(|(_, group)| self.contains_step(&group.steps, &gives)).map(|(at, _)| at).collect();
            if now == found {
                return found;
            }
            found = now;
        }
    }

    /// Whether such a step is among these, or in what they run.
    pub fn contains_step(&self, steps: &[Step], wanted: &impl Fn(&Step) -> bool) -> bool {
        let runs = |step: &Step| match step {
            Step::Life(LifeStep::RunInline { group }) => self.contains_step(&self.groups[*group].steps, wanted),
            step => wanted(step),
        };
        steps.iter().any(|step| step.contains(&runs))
    }

    /// Groups whose workers wait for somebody to spawn them, instead of starting with the run.
    pub fn spawned_groups(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.for_each_step(&mut |step| found.extend(step.spawned_group()));
        found
    }

    /// Groups that somebody waits for to end.
    pub fn joined_groups(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.for_each_step(&mut |step| {
            if let Step::Life(LifeStep::Join { members, .. }) = step {
                found.insert(members.group);
            }
        });
        found
    }

    fn for_each_step(&self, see: &mut impl FnMut(&Step)) {
        let groups = self.groups.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().for_each(|step| step.for_each_step(see));
    }

    /// The first command that it would run with these settings, as one would type it.
    pub fn first_command(&self, settings: &Settings) -> Option<String> {
        let groups = self.groups.iter().map(|group| &group.steps);
        let mut steps = groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten();
        steps.find_map(Step::command).map(|command| {
            let word = |text: &TextExpr| match text {
                TextExpr::Template(template) => template.to_source(),
                TextExpr::Knob(knob) => settings.text(*knob).unwrap_or_default().to_owned(),
            };
            sanitize(&command.iter().map(word).collect::<Vec<_>>().join(" "))
        })
    }

    /// Whether whoever takes a permit of the semaphore gives it back at the end of a block.
    pub fn is_scoped(&self, resource: usize) -> bool {
        !self.any_step(
            |step| matches!(step, Step::BareAcquire(target) | Step::BareRelease(target) if target.resource == resource),
        )
    }
}
