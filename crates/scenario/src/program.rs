//! A scenario that was read and checked: every name resolved, every unit and range right.

mod ask;
mod by_thread;
mod expect;
mod optimum;
mod pipe;
mod resource;
mod step;
mod text;
mod work;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::clean::clean;
use super::expr::Expr;
use super::knob::{Knob, Settings};
use contend_trace::{KnobId, WorkerKind};

pub use ask::{Ask, Guess, Right};
pub use expect::{Claim, Expect, Metric, Part, Subject, Times};
pub use optimum::{Optimum, Scarce};
pub use pipe::PipeStep;
pub use resource::{Choice, Resource, ResourceSpec, Serving, Target};
pub use step::{
    Asked, Attempt, Compare, Leave, LifeStep, LoopStep, Members, Origin, PoolStep, Question, QueueStep, Real,
    SignalStep, Step, Way, What, Which,
};
pub use text::{Piece, Place, Template, Text};
pub use work::{Crash, Delivery, Feed, Policy, Pool, Schedule, Seat, Workers};

/// Where a scenario stands in the picker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
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
    pub group: Group,
    pub about: String,
    /// A question to think about before the run.
    pub ask: Option<Ask>,
    /// What to look at while it runs.
    pub watch: Vec<String>,
    pub tries: Vec<Try>,
    pub knobs: Vec<Knob>,
    pub resources: Vec<Resource>,
    pub workers: Vec<Workers>,
    pub pools: Vec<Pool>,
    /// How many threads the event loop has that async workers share.
    pub loop_threads: Expr,
    pub expects: Vec<Expect>,
    pub test: Test,
    /// Where tuning should end up, when that can be calculated.
    pub optimum: Option<Optimum>,
}

/// How `contend test` runs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// For how long what must hold to the end has to hold, ns.
    pub lasts: f64,
    /// Whether other runs beside it would disturb it. `None`: when it computes.
    pub alone: Option<bool>,
}

impl Default for Test {
    fn default() -> Self {
        Self { lasts: 2e9, alone: None }
    }
}

/// A suggestion: what to do, and what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    pub text: String,
    /// Knobs to turn for it, with their values.
    pub set: Vec<(KnobId, f64)>,
}

impl Scenario {
    /// Whether some step is such a one.
    pub fn any_step(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        let groups = self.workers.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().any(|step| step.any(&wanted))
    }

    /// Whether anybody's steps give this pool tasks.
    pub fn submits_to(&self, pool: usize) -> bool {
        self.any_step(|step| matches!(step, Step::Pool(PoolStep::Submit { pool: of, .. }) if *of == pool))
    }

    /// Whether anybody wants results of this pool's tasks, or waits for all of them.
    pub fn wants_results(&self, pool: usize) -> bool {
        self.pools.get(pool).is_some_and(|pool| pool.results.is_some())
            || self.any_step(|step| step.pool() == Some(pool))
    }

    /// The kinds of those whose steps have to do with a pool, with these settings.
    pub fn at_pool(&self, pool: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        self.who_does(move |step| step.pool() == Some(pool), settings)
    }

    /// The kinds of those whose steps use a resource, with these settings.
    pub fn workers_at(&self, resource: usize, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        self.who_does(move |step| step.target().is_some_and(|target| target.resource == resource), settings)
    }

    fn who_does(&self, wanted: impl Fn(&Step) -> bool, settings: &Settings) -> impl Iterator<Item = WorkerKind> {
        let groups = self.workers.iter().map(|group| (settings.kind(group.kind), &group.steps));
        let all = groups.chain(self.pools.iter().map(|pool| (settings.kind_of(&pool.of), &pool.task)));
        all.filter(move |(_, steps)| steps.iter().any(|step| step.any(&wanted))).map(|(kind, _)| kind)
    }

    /// Groups whose workers may give pools tasks: themselves, or by whom they spawn.
    pub fn submitters(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        loop {
            let gives = |step: &Step| {
                matches!(step, Step::Pool(PoolStep::Submit { .. }))
                    || step.spawns().is_some_and(|of| found.contains(&of))
            };
            let groups = self.workers.iter().enumerate();
            let now: BTreeSet<usize> =
                groups.filter(|(_, group)| self.does(&group.steps, &gives)).map(|(at, _)| at).collect();
            if now == found {
                return found;
            }
            found = now;
        }
    }

    /// Whether such a step is among these, or in what they run.
    pub fn does(&self, steps: &[Step], wanted: &impl Fn(&Step) -> bool) -> bool {
        let runs = |step: &Step| match step {
            Step::Life(LifeStep::Run { group }) => self.does(&self.workers[*group].steps, wanted),
            step => wanted(step),
        };
        steps.iter().any(|step| step.any(&runs))
    }

    /// Groups whose workers wait for somebody to spawn them, instead of starting with the run.
    pub fn spawned(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.each_step(&mut |step| found.extend(step.spawns()));
        found
    }

    /// Groups that somebody waits for to end.
    pub fn joined(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.each_step(&mut |step| {
            if let Step::Life(LifeStep::Join { members, .. }) = step {
                found.insert(members.group);
            }
        });
        found
    }

    fn each_step(&self, see: &mut impl FnMut(&Step)) {
        let groups = self.workers.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().for_each(|step| step.each(see));
    }

    /// The first command that it would run with these settings, as one would type it.
    pub fn command(&self, settings: &Settings) -> Option<String> {
        let groups = self.workers.iter().map(|group| &group.steps);
        let mut steps = groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten();
        steps.find_map(Step::command).map(|command| {
            let word = |text: &Text| match text {
                Text::Template(template) => template.written(),
                Text::Knob(knob) => settings.text(*knob).unwrap_or_default().to_owned(),
            };
            clean(&command.iter().map(word).collect::<Vec<_>>().join(" "))
        })
    }

    /// Whether whoever takes a permit of the semaphore gives it back at the end of a block.
    pub fn is_scoped(&self, resource: usize) -> bool {
        !self.any_step(|step| matches!(step, Step::Down(target) | Step::Up(target) if target.resource == resource))
    }
}
