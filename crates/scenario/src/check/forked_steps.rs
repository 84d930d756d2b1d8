//! Steps that a forked process cannot run: a copy of a process has one thread, none of the descriptors, and its own
//! copy of each mutex.

use super::Checker;
use crate::program::{Block, ResourceSpec, SignalStep, Step};

impl Checker {
    /// Reports steps that need threads, descriptors or mutexes that a forked process shares with its origin.
    pub(super) fn check_forked_steps(&mut self, block: &Block) {
        for (step, span) in block.with_spans() {
            let (title, label) = match step {
                Step::Signal(SignalStep::Wait { target, .. }) if self.is_condition(target.resource) => (
                    "a process made by `fork` cannot wait for a condition",
                    "its mutex is a copy, so the others do not know that it waits",
                ),
                Step::Pool(_)
                | Step::Pipe(_)
                | Step::Life(_)
                | Step::Loop(_)
                | Step::Attempt(_)
                | Step::Allocate { .. }
                | Step::Thumbnail { .. }
                | Step::RealWork(_) => (
                    "a process made by `fork` cannot run this step",
                    "the copy has one thread, and no pipes, files, pools or event loop",
                ),
                _ => {
                    step.bodies().for_each(|body| self.check_forked_steps(body));
                    continue;
                }
            };
            let help = "remove by=fork for an independent process, or let the process that forks it do this";
            self.mistakes.error(span.range(), title).label(label).help(help);
        }
    }

    fn is_condition(&self, resource: usize) -> bool {
        matches!(self.scenario.resources[resource].spec, ResourceSpec::Condition { .. })
    }
}
