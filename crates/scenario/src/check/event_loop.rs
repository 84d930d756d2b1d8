//! The event loop of async workers, `runtime threads=2`, and what tasks cannot share with other workers.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, span_of};
use super::number_rule::NumberRule;
use crate::choice::Choice;
use crate::knob::Unit;
use crate::program::{Block, LifeStep, ResourceSpec, Step};
use contend_trace::{CounterMemory, WorkerKind};

/// Threads of an event loop.
pub(super) const THREADS: NumberRule =
    NumberRule { unit: Unit::Count, min: 1.0, max: 256.0, index: false, live: false };

/// A group or a pool: its node, the possible kinds of its workers, and their steps.
pub(super) type WorkerBody<'a, 'b> = (&'a KdlNode, Vec<WorkerKind>, &'b Block);

impl Checker {
    pub(super) fn event_loop(&mut self, nodes: &[&KdlNode]) {
        let mut found = super::nodes_named(nodes, &["runtime"]);
        let Some(node) = found.next() else { return };
        for again in found {
            let mistake = self.mistakes.error(span_of(again), "there are two `runtime`");
            mistake.add_related(span_of(node), "the first is here").help("remove one: all async workers share one");
        }
        if prop(node, "threads").is_none() {
            self.mistakes.error(span_of(node), "`runtime` does not say how many threads").help("add threads=2");
        }
        if let Some(threads) = self.number_or(node, "threads", THREADS, 1.0) {
            self.scenario.loop_threads = threads.expr;
        }
        let limit = prop(node, "blocking-threads").and_then(|entry| self.number(entry, THREADS));
        self.scenario.blocking_threads = limit.map(|limit| limit.expr);
    }

    /// Reports resources that tasks share with processes: a task can only be woken within its own process. Counters are
    /// allowed, since no worker waits for a counter.
    pub(super) fn check_task_sharing(&mut self, nodes: &[&KdlNode]) {
        let bodies = self.worker_bodies(nodes);
        let mut mixed = Vec::new();
        for (at, resource) in self.scenario.resources.iter().enumerate() {
            let linked = self.scenario.linked_resources(at);
            let uses = |step: &Step| step.target().is_some_and(|target| linked.contains(&target.resource));
            if !matches!(resource.spec, ResourceSpec::Counter { .. }) {
                let with = bodies.iter().filter(|(.., steps)| steps.iter().any(|step| step.contains(&uses)));
                mixed
                    .extend(tasks_and_processes(&with.collect::<Vec<_>>()).map(|found| (resource.name.clone(), found)));
            }
        }
        let pools = super::nodes_named(nodes, &["pool"]).zip(&self.scenario.pools);
        for (at, (node, pool)) in pools.enumerate() {
            let uses = |step: &Step| step.pool_index() == Some(at);
            let with = bodies.iter().filter(|(of, _, steps)| {
                std::ptr::eq(*of, node) || steps.iter().any(|step| step.contains(&uses)) // its workers and submitters
            });
            mixed.extend(tasks_and_processes(&with.collect::<Vec<_>>()).map(|found| (pool.name.clone(), found)));
        }
        for (name, (task, process)) in mixed {
            let title = format!("`{name}` cannot be shared by tasks and processes");
            let mistake = self.mistakes.error(span_of(task), title).label("these are tasks of one process");
            mistake.add_related(span_of(process), "these are processes of their own");
            mistake.help("nothing outside a process can wake a task in it: use threads instead of processes");
        }
    }

    /// Reports pipes and manager counters in the steps of tasks: waiting for them blocks the thread.
    pub(super) fn check_task_blocking(&mut self, nodes: &[&KdlNode]) {
        let tasks = self.worker_bodies(nodes).into_iter().filter(|(_, kinds, _)| kinds.contains(&WorkerKind::Async));
        let is_private = |resource: usize| {
            let spec = &self.scenario.resources[resource].spec;
            matches!(spec, ResourceSpec::Counter { memory: Choice::Fixed(CounterMemory::Private), .. })
        };
        let blocks = |steps| first_used(steps, &|resource| self.is_handed_out(resource) && !is_private(resource));
        let found: Vec<_> = tasks.filter_map(|(node, _, steps)| Some((node, blocks(steps)?))).collect();
        for (node, resource) in found {
            let title = format!("a task cannot wait at `{}`", self.scenario.resources[resource].name);
            let mistake =
                self.mistakes.error(span_of(node), title).label("the thread of the event loop would wait too");
            mistake.help("put the waiting steps into to-thread { ... }, or use threads instead of tasks");
        }
    }

    /// Reports spawns and joins of tasks across processes: both work within one process only.
    pub(super) fn check_task_lives(&mut self, nodes: &[&KdlNode]) {
        let far = self.groups_spawned_by_processes(nodes);
        let mut found = Vec::new();
        for (node, kinds, steps) in self.worker_bodies(nodes) {
            let mut see = |step: &Step| match step {
                Step::Life(LifeStep::Spawn(other)) if kinds.contains(&WorkerKind::Process) => {
                    found.extend((self.kind_of_group(other.group) == WorkerKind::Async).then_some((
                        node,
                        other.group,
                        true,
                    )));
                }
                Step::Life(LifeStep::Join { members, .. }) if kinds.contains(&WorkerKind::Async) => {
                    found.extend(far.contains(&members.group).then_some((node, members.group, false)));
                }
                _ => {}
            };
            for step in steps {
                step.for_each_step(&mut see);
            }
        }
        for (node, other, spawns) in found {
            let name = &self.scenario.groups[other].name;
            let (title, help) = if spawns {
                (
                    format!("a process cannot spawn `{name}`, which is a task"),
                    "the event loop is in another process: spawn it from a thread or a task",
                )
            } else {
                (
                    format!("a task cannot join `{name}`, which a process spawns"),
                    "nothing outside a process can wake a task in it: join it from that process, or spawn it from a \
                     task",
                )
            };
            self.mistakes.error(span_of(node), title).help(help);
        }
    }

    /// Returns the groups of threads that are spawned by processes.
    fn groups_spawned_by_processes(&self, nodes: &[&KdlNode]) -> Vec<usize> {
        let mut found = Vec::new();
        for (_, kinds, steps) in self.worker_bodies(nodes) {
            let mut see = |step: &Step| found.extend(step.spawned_group());
            steps.iter().filter(|_| kinds.contains(&WorkerKind::Process)).for_each(|step| step.for_each_step(&mut see));
        }
        found.retain(|group| self.kind_of_group(*group) == WorkerKind::Thread);
        found
    }

    fn kind_of_group(&self, group: usize) -> WorkerKind {
        self.scenario.groups[group].kind
    }

    /// Returns the bodies of all groups and pools.
    pub(super) fn worker_bodies<'a>(&self, nodes: &[&'a KdlNode]) -> Vec<WorkerBody<'a, '_>> {
        let groups = super::nodes_named(nodes, &["thread", "process", "async"]).zip(&self.scenario.groups);
        let groups = groups.map(|(node, group)| (node, vec![group.kind], &group.steps));
        let pools = super::nodes_named(nodes, &["pool"]).zip(&self.scenario.pools).map(|(node, pool)| {
            let kinds = match &pool.worker_kind {
                Choice::Fixed(kind) => vec![*kind],
                Choice::Knob(_, kinds) => kinds.clone(),
            };
            (node, kinds, &pool.task)
        });
        groups.chain(pools).collect()
    }
}

/// Returns the first node of tasks and the first of processes among the users of a resource, if there are both.
fn tasks_and_processes<'a>(with: &[&WorkerBody<'a, '_>]) -> Option<(&'a KdlNode, &'a KdlNode)> {
    let find = |kind| with.iter().find(|(_, kinds, _)| kinds.contains(&kind)).map(|(node, ..)| *node);
    let both = (find(WorkerKind::Async)?, find(WorkerKind::Process)?);
    (!std::ptr::eq(both.0, both.1)).then_some(both) // a knob decides which of both this node is
}

/// Returns the first such resource that these steps use on their own thread.
fn first_used(steps: &[Step], wanted: &impl Fn(usize) -> bool) -> Option<usize> {
    steps.iter().find_map(|step| match step {
        Step::Loop(_) => None,
        step => {
            let own = step.target().map(|target| target.resource).filter(|resource| wanted(*resource));
            own.or_else(|| step.bodies().find_map(|body| first_used(body, wanted)))
        }
    })
}
