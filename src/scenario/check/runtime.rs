//! The event loop of async workers: `runtime threads=2`, and what tasks cannot share with others.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, span_of};
use super::number::Want;
use crate::scenario::knob::Unit;
use crate::scenario::program::{Choice, ResourceSpec, Step};
use crate::trace::WorkerKind;

/// Threads of an event loop.
pub(super) const THREADS: Want = Want { unit: Unit::Count, min: 1.0, max: 256.0, index: false, live: false };

impl Checker {
    pub(super) fn runtime(&mut self, nodes: &[&KdlNode]) {
        let mut found = super::named(nodes, &["runtime"]);
        let Some(node) = found.next() else { return };
        for again in found {
            let mistake = self.mistakes.error(span_of(again), "there are two `runtime`");
            mistake.also(span_of(node), "the first is here").help("remove one: all async workers share one");
        }
        if prop(node, "threads").is_none() {
            self.mistakes.error(span_of(node), "`runtime` does not say how many threads").help("add threads=2");
        }
        if let Some(threads) = self.number_or(node, "threads", THREADS, 1.0) {
            self.scenario.loop_threads = threads.expr;
        }
    }

    /// Tasks live in one process: what they wait for is woken there, and nowhere else. A counter is waited for by nobody.
    pub(super) fn shared_with_tasks(&mut self, nodes: &[&KdlNode]) {
        let workers: Vec<(&KdlNode, Vec<WorkerKind>, Vec<usize>)> = self.workers_with_nodes(nodes);
        for (at, resource) in self.scenario.resources.iter().enumerate() {
            if matches!(resource.spec, ResourceSpec::Counter { .. }) {
                continue;
            }
            let user = |kind| workers.iter().find(|(_, kinds, uses)| kinds.contains(&kind) && uses.contains(&at));
            let (Some((task, ..)), Some((process, ..))) = (user(WorkerKind::Async), user(WorkerKind::Process)) else {
                continue;
            };
            if std::ptr::eq(*task, *process) {
                continue; // one or the other, as its knob stands
            }
            let title = format!("`{}` cannot be shared by tasks and processes", resource.name);
            let mistake = self.mistakes.error(span_of(task), title).label("these are tasks of one process");
            mistake.also(span_of(process), "these are processes of their own");
            mistake.help("nothing outside a process can wake a task in it: make threads of the processes");
        }
    }

    /// Each group and pool: where it stands, the kinds that its workers can be of, and which resources they use.
    fn workers_with_nodes<'a>(&self, nodes: &[&'a KdlNode]) -> Vec<(&'a KdlNode, Vec<WorkerKind>, Vec<usize>)> {
        let groups = super::named(nodes, &["thread", "process", "async"]).zip(&self.scenario.workers);
        let groups = groups.map(|(node, group)| (node, vec![group.kind], uses(&group.steps)));
        let pools = super::named(nodes, &["pool"]).zip(&self.scenario.pools).map(|(node, pool)| {
            let kinds = match &pool.of {
                Choice::Fixed(kind) => vec![*kind],
                Choice::Knob(_, kinds) => kinds.clone(),
            };
            (node, kinds, uses(&pool.task))
        });
        groups.chain(pools).collect()
    }
}

/// The resources that steps use.
fn uses(steps: &[Step]) -> Vec<usize> {
    let mut found = Vec::new();
    for step in steps {
        found.extend(step.target().map(|target| target.resource));
        step.bodies().for_each(|body| found.extend(uses(body)));
    }
    found
}
