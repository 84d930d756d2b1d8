//! A checked scenario: all names are resolved, and all units and ranges are right.

mod blocking_steps;
mod dask_steps;
mod expect;
mod feed;
mod foreign;
mod formula;
mod metric;
mod optimum;
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

pub(crate) use dask_steps::ObstaclePlace;
pub use expect::{Baseline, Claim, Expect, NeededCores};
pub use feed::{ArrivalSpacing, Arrivals, Feed, Pace, RateCurve, TraceFile};
pub use formula::{
    FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureFunction, FigureLiteral, FigureSource,
    FigureTerm, FigureUnit, LiteralUnit, PathSegment, Relation, ReportPath, ReportValue,
};
pub use metric::{Metric, MetricSubject, Quantile};
pub use optimum::{Optimum, OptimumLimit};
pub use quiz::{CorrectWhen, Guess, Quiz};
pub use resource::{MemoryOrder, QueueOrder, Resource, ResourceSpec, ServerSpec, Target};
pub(crate) use step::Blocks;
pub use step::{
    Attempt, AttemptKind, Block, Branch, Compare, GroupMembers, LifeStep, LoopStep, MemberSelector, Operand, PipeStep,
    PoolStep, Question, QueueStep, RealWork, RequestTarget, ResultWait, SelectPick, ShutdownMode, SignalStep,
    SourceSpan, Step,
};
pub use step::{Limit, Swap, SwapValue, TimeLimit};
pub use text::{MAX_MARK_CHARACTERS, Placeholder, Template, TemplatePiece, TextExpr};
pub use workers::{CrashPolicy, OverflowPolicy, PoolSpec, ResultDelivery, Scheduling, TaskDistribution, WorkerGroup};

/// A group of scenarios in the picker.
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

impl Category {
    /// Returns the heading of the group in lists.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Pools => "Pools",
            Self::Locks => "Locks",
            Self::Deadlocks => "Deadlocks",
            Self::Queues => "Queues",
            Self::Signals => "Signals",
            Self::Processes => "Processes",
            Self::EventLoops => "Event loops",
            Self::RealWork => "Real work",
            Self::Machine => "The machine",
            Self::Classics => "Classics",
            Self::Tuning => "Tuning",
            Self::Own => "Own files",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The name of the file without `.kdl`, which `contend run` accepts.
    pub name: String,
    pub title: String,
    pub category: Category,
    pub about: String,
    /// A question to answer before the run.
    pub quiz: Option<Quiz>,
    /// What to look at during the run.
    pub watch: Vec<String>,
    pub suggestions: Vec<Suggestion>,
    pub knobs: Vec<Knob>,
    pub resources: Vec<Resource>,
    pub groups: Vec<WorkerGroup>,
    pub pools: Vec<PoolSpec>,
    /// Number of threads of the event loop of all async workers.
    pub loop_threads: Expr,
    /// Most threads beside the event loop that `to-thread` uses at once, if that is limited.
    pub blocking_threads: Option<Expr>,
    pub expectations: Vec<Expect>,
    pub test: TestConfig,
    /// The right answer of tuning, if it can be calculated.
    pub optimum: Option<Optimum>,
}

/// How `contend test` runs a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestConfig {
    /// How long a condition "until the end" is observed, in nanoseconds.
    pub hold_nanos: f64,
    /// Whether other runs at the same time would disturb it. `None`: if it computes.
    pub runs_alone: Option<bool>,
}

impl Default for TestConfig {
    fn default() -> Self {
        Self { hold_nanos: 2e9, runs_alone: None }
    }
}

/// Something to try, and what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub text: String,
    /// The knobs to set for it, with their values.
    pub set: Vec<(KnobId, f64)>,
}

impl Scenario {
    /// Whether any step is a wanted one.
    pub fn any_step(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        let groups = self.groups.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().any(|step| step.contains(&wanted))
    }

    /// Whether any step submits tasks to this pool.
    pub fn has_submitters(&self, pool: usize) -> bool {
        self.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { pool: of, .. }) if *of == pool))
    }

    /// Whether results of this pool's tasks are read, or a step waits for all tasks.
    pub fn has_result_readers(&self, pool: usize) -> bool {
        self.pools.get(pool).is_some_and(|pool| pool.results.is_some())
            || self.any_step(|step| step.pool_index() == Some(pool))
    }

    /// Returns the kinds of the workers whose steps use a pool, with these settings.
    pub fn kinds_at_pool(&self, pool: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        self.kinds_doing(move |step| step.pool_index() == Some(pool), settings)
    }

    /// Returns the kinds of the workers whose steps use a resource, with these settings.
    pub fn kinds_at_resource(&self, resource: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        let linked = self.linked_resources(resource);
        self.kinds_doing(move |step| step.target().is_some_and(|target| linked.contains(&target.resource)), settings)
    }

    /// Returns a resource with those that are alternatives of it in a `select`, and in turn their alternatives: their
    /// waiters sleep in the same way.
    pub fn linked_resources(&self, resource: usize) -> BTreeSet<usize> {
        let mut linked = BTreeSet::from([resource]);
        let mut selects: Vec<BTreeSet<usize>> = Vec::new();
        self.for_each_step(&mut |step| {
            if let Step::Select { branches, .. } = step {
                let waits = branches.iter().filter_map(|branch| branch.steps.first()?.target());
                selects.push(waits.map(|target| target.resource).collect());
            }
        });
        while let Some(at) = selects.iter().position(|select| !select.is_disjoint(&linked)) {
            linked.append(&mut selects.swap_remove(at));
        }
        linked
    }

    fn kinds_doing(&self, wanted: impl Fn(&Step) -> bool, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        let groups = self.groups.iter().map(|group| (settings.effective_kind(group.kind), &group.steps));
        let all = groups.chain(self.pools.iter().map(|pool| (settings.pool_kind(&pool.worker_kind), &pool.task)));
        all.filter(move |(_, steps)| steps.iter().any(|step| step.contains(&wanted))).map(|(kind, _)| kind)
    }

    /// Returns the groups whose workers may submit tasks, themselves or through workers that they spawn.
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

    /// Whether a wanted step is among these, or in a group that they `run`.
    pub fn contains_step(&self, steps: &[Step], wanted: &impl Fn(&Step) -> bool) -> bool {
        let runs = |step: &Step| match step {
            Step::Life(LifeStep::RunInline { group }) => self.contains_step(&self.groups[*group].steps, wanted),
            step => wanted(step),
        };
        steps.iter().any(|step| step.contains(&runs))
    }

    /// Returns the groups that are spawned by a step, rather than starting with the run.
    pub fn spawned_groups(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.for_each_step(&mut |step| found.extend(step.spawned_group()));
        found
    }

    /// Returns the groups that a step joins.
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

    /// Returns the first command that a step runs with these settings, as it would be typed.
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

    /// Returns the different texts of all marks, in the order of the steps.
    pub fn mark_texts(&self) -> Vec<TextExpr> {
        let mut texts = Vec::new();
        self.for_each_step(&mut |step| {
            if let Step::Mark(text) = step
                && !texts.contains(text)
            {
                texts.push(text.clone());
            }
        });
        texts
    }

    /// Whether a step sets the counter to a value, so that its additions do not add up to its value.
    pub fn is_assigned(&self, counter: usize) -> bool {
        self.any_step(|step| match step {
            Step::Assign { target, .. } => target.resource == counter,
            Step::Attempt(attempt) => matches!(
                &attempt.kind,
                AttemptKind::CompareAndSet(Swap { target, new: SwapValue::Value(_), .. }) if target.resource == counter
            ),
            _ => false,
        })
    }

    /// Whether all permits of the semaphore are taken for a block, at whose end they are returned.
    pub fn is_scoped(&self, resource: usize) -> bool {
        let is_bare = |step: &Step| match step {
            Step::BareAcquire { target, .. } | Step::BareRelease(target) => target.resource == resource,
            _ => false,
        };
        !self.any_step(is_bare)
    }
}
