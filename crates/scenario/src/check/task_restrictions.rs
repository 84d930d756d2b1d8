//! What a task of an event loop cannot do, and why.

use kdl::KdlNode;

use super::Checker;
use super::node::{arg, entry_span, prop, span_of};
use crate::program::{Choice, ResourceSpec, Step};
use contend_trace::{LockKind, WorkerKind};

impl Checker {
    pub(super) fn check_task_restrictions(&mut self, nodes: &[&KdlNode]) {
        let bodies = self.worker_bodies(nodes).into_iter();
        let of_tasks = bodies.filter(|(_, kinds, _)| kinds.contains(&WorkerKind::Async));
        let found: Vec<_> = of_tasks.map(|(node, _, steps)| (node, self.scenario.blocking_step(steps))).collect();
        for (node, blocking) in found {
            for seat in ["core", "nice"].into_iter().filter_map(|name| prop(node, name)) {
                let mistake = self.mistakes.error(entry_span(seat), "a task has no thread of its own to say this of");
                mistake.help("it goes on wherever its loop has a thread free: remove it");
            }
            if let Some((word, span)) = blocking {
                let title = format!("a task cannot do `{word}`: nothing but a thread can wait for it");
                let help = "hand it to one with to-thread { ... }, or keep the loop's own for it with blocking { ... }";
                let mistake = self.mistakes.error(span.range(), title);
                mistake.label("no event loop is told when this is done").help(help);
            }
        }
        self.locks_of_tasks(nodes);
    }

    /// A lock for threads blocks the thread of whoever waits, and with it the task that could give it back.
    fn locks_of_tasks(&mut self, nodes: &[&KdlNode]) {
        let kinds = [LockKind::ParkingLot, LockKind::Fair, LockKind::Spin, LockKind::Ticket];
        for node in super::nodes_named(nodes, &["mutex"]) {
            let name = arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default();
            let Some(at) = self.scenario.resources.iter().position(|resource| resource.name == name) else { continue };
            let ResourceSpec::Mutex { kind: Choice::Fixed(kind) } = self.scenario.resources[at].spec else { continue };
            let uses = |step: &Step| step.target().is_some_and(|target| target.resource == at);
            let bodies = self.worker_bodies(nodes).into_iter();
            let user = bodies.filter(|_| kinds.contains(&kind)).find(|(_, of, steps)| {
                of.as_slice() == [WorkerKind::Async] && steps.iter().any(|step| step.contains(&uses))
            });
            let task = user.map(|(task, ..)| task);
            if let (Some(task), Some(entry)) = (task, prop(node, "kind")) {
                let title = format!("tasks cannot share a `{}` lock", kind.word());
                let mistake = self.mistakes.error(entry_span(entry), title);
                mistake
                    .label("whoever waited for it would keep the thread from all others")
                    .add_related(span_of(task), "these are tasks");
                mistake.help("remove it: tasks share a lock that is handed on in order of arrival");
            }
        }
    }
}
