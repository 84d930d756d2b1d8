//! Steps on other workers.

use std::collections::BTreeSet;

use kdl::KdlNode;

use super::Checker;
use super::{prop, span_of};
use crate::check::names::NamedItem;
use crate::check::node::{arg, entry_span};
use crate::check::number_rule::{ARRAY_INDEX, BYTES, TASK};
use crate::choice::Choice;
use crate::program::{Block, GroupMembers, LifeStep, MemberSelector, PoolStep, ResourceSpec, Step};
use contend_trace::{Cancellation, CounterMemory};

/// The ways to cancel a worker.
pub(in crate::check) const CANCELLATIONS: [(&str, Cancellation); 2] =
    [("unwind", Cancellation::Unwind), ("kill", Cancellation::Kill)];

impl Checker {
    pub(in crate::check) fn spawn_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.group_members(node).map(|members| Step::Life(LifeStep::Spawn(members)))
    }

    /// `join helper { ... }`.
    pub(in crate::check) fn join_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (members, limit, body) = (self.group_members(node), self.time_limit(node), self.block(node));
        let timeout = limit?.map(|limit| limit.timeout);
        Some(Step::Life(LifeStep::Join { members: members?, body, otherwise: Block::default(), timeout }))
    }

    pub(in crate::check) fn run_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.named_group(node).map(|group| Step::Life(LifeStep::RunInline { group }))
    }

    pub(in crate::check) fn allocate_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (bytes, body) = (self.first_number(node, BYTES), self.block(node));
        Some(Step::Allocate { bytes: bytes?, body })
    }

    /// `cancel helper at=0 how=kill`, and `cancel worker task=3` for a pool.
    pub(in crate::check) fn cancel_step(&mut self, node: &KdlNode) -> Option<Step> {
        let is_wanted = |_: &Self, item| matches!(item, NamedItem::Workers(_) | NamedItem::Pool(_));
        let at = prop(node, "at").map(|entry| self.number(entry, ARRAY_INDEX));
        let how = prop(node, "how").map(|entry| self.choice(entry, ("how", "way to cancel"), &CANCELLATIONS));
        let task = prop(node, "task").map(|entry| self.number(entry, TASK));
        match self.resolve(arg(node, 0)?, "a group of workers or a pool", is_wanted)? {
            NamedItem::Workers(group) => {
                self.reject_props(node, &["task"], "a group has no numbered tasks: it cancels workers")?;
                let which = at.map_or(Some(MemberSelector::All), |at| Some(MemberSelector::At(at?.expr)))?;
                let how = how.unwrap_or(Some(Choice::Fixed(Cancellation::Unwind)))?;
                Some(Step::Life(LifeStep::Cancel { members: GroupMembers { group, which }, how }))
            }
            NamedItem::Pool(pool) => {
                self.reject_props(node, &["at", "how"], "this cancels queued tasks of a pool, not its workers")?;
                let task = match task {
                    Some(task) => Some(task?.expr),
                    None => None,
                };
                Some(Step::Pool(PoolStep::CancelQueued { pool, task }))
            }
            NamedItem::Resource(_) => None,
        }
    }

    /// Reports properties that do not belong to what a step names. Returns `None` if there are any.
    fn reject_props(&mut self, node: &KdlNode, names: &[&str], title: &str) -> Option<()> {
        let Some(entry) = names.iter().find_map(|name| prop(node, name)) else { return Some(()) };
        self.mistakes.error(entry_span(entry), title).help("remove it; to end tasks that have begun: shutdown");
        None
    }

    /// The workers of a group that a step names: all, the one `at` a place, or `any` idle one.
    pub(super) fn group_members(&mut self, node: &KdlNode) -> Option<GroupMembers> {
        let at = prop(node, "at").map(|entry| self.number(entry, ARRAY_INDEX));
        let group = self.named_group(node)?;
        let which = match (at, prop(node, "any")) {
            (Some(_), Some(any)) => {
                let title = "`at` and `any` exclude each other";
                self.mistakes.error(entry_span(any), title).help("remove one of them");
                return None;
            }
            (Some(at), None) => MemberSelector::At(at?.expr),
            (None, Some(any)) if self.yes_or_no(any)? => MemberSelector::AnyIdle,
            (None, _) => MemberSelector::All,
        };
        Some(GroupMembers { group, which })
    }

    fn named_group(&mut self, node: &KdlNode) -> Option<usize> {
        let is_group = |_: &Self, item| matches!(item, NamedItem::Workers(_));
        match self.resolve(arg(node, 0)?, "a group of workers", is_group)? {
            NamedItem::Workers(group) => Some(group),
            NamedItem::Resource(_) | NamedItem::Pool(_) => None,
        }
    }

    /// Reports groups that can never be spawned, nested `run` steps, and resources that a spawned group cannot use.
    pub(in crate::check) fn check_lives(&mut self, nodes: &[&KdlNode]) {
        if self.mistakes.count_errors() > 0 {
            return;
        }
        let (starts, nested) = (self.starting_groups(), self.nested_run_groups());
        for (at, node) in crate::check::nodes_named(nodes, &["thread", "process", "async"]).enumerate() {
            let name = arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default();
            if !starts.contains(&at) {
                let mistake = self.mistakes.error(span_of(node), format!("`{name}` is never spawned"));
                mistake.label("the workers that spawn it never start");
                mistake.help("spawn it from a group that starts with the run, that is, a group that no step spawns");
            }
            if self.scenario.groups[at].is_fork_copy && !self.scenario.spawned_groups().contains(&at) {
                let mistake = self.mistakes.error(span_of(node), format!("no step spawns `{name}`"));
                mistake.help("it is a copy of the worker that spawns it: add a step spawn ... to another group");
            }
            if nested.contains(&at) {
                let mistake = self.mistakes.error(span_of(node), format!("`{name}` runs a group that runs another"));
                mistake.help("a group that is run cannot use `run` itself: write out the inner steps");
            }
            if self.scenario.spawned_groups().contains(&at)
                && let Some(resource) = self.unreachable_resource(at)
            {
                let title = format!("`{name}` is spawned, and cannot use `{}`", self.scenario.resources[resource].name);
                let mistake = self.mistakes.error(span_of(node), title);
                mistake.label("only workers that start with the run get pipes and counters outside of shared memory");
                mistake.help(format!("let `{name}` start with the run: remove the step spawn {name}"));
            }
        }
    }

    /// Finds a resource of a group that only workers that start with the run can use.
    fn unreachable_resource(&self, group: usize) -> Option<usize> {
        let mut found = None;
        let groups = &self.scenario.groups;
        let run = run_groups(&groups[group].steps).into_iter();
        for step in [group].into_iter().chain(run).flat_map(|group| &groups[group].steps) {
            step.for_each_step(&mut |step| {
                let used = step.target().map(|target| target.resource);
                found = found.or(used.filter(|resource| self.is_handed_out(*resource)));
            });
        }
        found
    }

    /// Whether workers are handed a part of the resource that is not in shared memory.
    pub(in crate::check) fn is_handed_out(&self, resource: usize) -> bool {
        match &self.scenario.resources[resource].spec {
            ResourceSpec::Pipe { .. } => true,
            ResourceSpec::Counter { memory, .. } => *memory != Choice::Fixed(CounterMemory::Shared),
            _ => false,
        }
    }

    /// Returns the groups that start with the run, or are spawned by a group that starts.
    fn starting_groups(&self) -> BTreeSet<usize> {
        let spawned = self.scenario.spawned_groups();
        let mut starts: BTreeSet<usize> = BTreeSet::new();
        let mut next: Vec<usize> = (0..self.scenario.groups.len()).filter(|at| !spawned.contains(at)).collect();
        for step in self.scenario.pools.iter().flat_map(|pool| &pool.task) {
            step.for_each_step(&mut |step| next.extend(step.spawned_group()));
        }
        while let Some(at) = next.pop() {
            if starts.insert(at) {
                for step in &self.scenario.groups[at].steps {
                    step.for_each_step(&mut |step| next.extend(step.spawned_group()));
                }
            }
        }
        starts
    }

    /// Returns the groups that `run` a group with a `run` step of its own.
    fn nested_run_groups(&self) -> BTreeSet<usize> {
        let runs: Vec<Vec<usize>> = self.scenario.groups.iter().map(|group| run_groups(&group.steps)).collect();
        (0..runs.len()).filter(|at| runs[*at].iter().any(|group| !runs[*group].is_empty())).collect()
    }
}

/// Returns the groups that these steps `run`.
fn run_groups(steps: &[Step]) -> Vec<usize> {
    let mut found = Vec::new();
    for step in steps {
        step.for_each_step(&mut |step| {
            if let Step::Life(LifeStep::RunInline { group }) = step {
                found.push(*group);
            }
        });
    }
    found
}
