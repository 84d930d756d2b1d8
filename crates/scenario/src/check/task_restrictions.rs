//! Restrictions of async tasks: steps and locks that block a thread.

use kdl::KdlNode;

use super::Checker;
use super::node::{arg, entry_span, prop, span_of};
use crate::choice::Choice;
use crate::program::{ResourceSpec, Step};
use contend_trace::{LockKind, WorkerKind};

impl Checker {
    pub(super) fn check_task_restrictions(&mut self, nodes: &[&KdlNode]) {
        let bodies = self.worker_bodies(nodes).into_iter();
        let of_tasks = bodies.filter(|(_, kinds, _)| kinds.contains(&WorkerKind::Async));
        let found: Vec<_> = of_tasks.map(|(node, _, steps)| (node, self.scenario.blocking_step(steps))).collect();
        for (node, blocking) in found {
            for entry in ["core", "nice"].into_iter().filter_map(|name| prop(node, name)) {
                let mistake =
                    self.mistakes.error(entry_span(entry), "a task has no thread of its own to apply this to");
                mistake.help("it runs on any free thread of its event loop: remove it");
            }
            if let Some((word, span)) = blocking {
                let title = format!("a task cannot run `{word}`: only a thread can wait for it");
                let help =
                    "hand it to a thread with to-thread { ... }, or block the loop's thread with blocking { ... }";
                let mistake = self.mistakes.error(span.range(), title);
                mistake.label("the event loop is not notified when this is done").help(help);
            }
        }
        self.locks_of_tasks(nodes);
    }

    /// Reports locks that block the waiter's thread, and with it the task that could return the lock.
    fn locks_of_tasks(&mut self, nodes: &[&KdlNode]) {
        let kinds = [LockKind::ParkingLot, LockKind::Fair, LockKind::Spin, LockKind::Ticket, LockKind::NotRobust];
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
                    .label("a task that waits for it would block the thread for all other tasks")
                    .add_related(span_of(task), "these are tasks");
                mistake.help("remove it: tasks share a lock that is handed on in order of arrival");
            }
        }
    }
}
