//! Steps on pools: `submit worker`, `result { ... }`, `shutdown worker how=cancel`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::{arg, children, prop, span_of};
use crate::check::names::Thing;
use crate::check::number::TASK;
use crate::program::{Choice, Leave, PoolStep, Step};

impl Checker {
    pub(super) fn on_pool(&mut self, node: &KdlNode, word: &str) -> Option<Step> {
        if word == "result" {
            return Some(Step::Pool(if node.children().is_some() {
                PoolStep::Look { body: self.steps(children(node)), otherwise: Vec::new() }
            } else {
                PoolStep::Result
            }));
        }
        let task = prop(node, "task").map(|entry| self.number(entry, TASK));
        let words = Leave::ALL;
        let how = prop(node, "how").map(|entry| self.choice(entry, ("how", "way to leave a pool"), &words));
        let pool = self.pool_named(arg(node, 0)?)?;
        Some(Step::Pool(if word == "submit" {
            let task = match task {
                Some(task) => Some(task?.expr),
                None => None,
            };
            PoolStep::Submit { pool, task }
        } else {
            PoolStep::Shutdown { pool, how: how.unwrap_or(Some(Choice::Fixed(Leave::Drain)))? }
        }))
    }

    fn pool_named(&mut self, entry: &KdlEntry) -> Option<usize> {
        match self.resolve(entry, "a pool", |_, thing| matches!(thing, Thing::Pool(_)))? {
            Thing::Pool(at) => Some(at),
            _ => None,
        }
    }

    /// A result is one of something that the same worker submitted.
    pub(in crate::check) fn results_exist(&mut self, node: &KdlNode, steps: &[Step]) {
        let any = |wanted: fn(&Step) -> bool| steps.iter().any(|step| step.any(&wanted));
        let waits = any(|step| matches!(step, Step::Pool(PoolStep::Result | PoolStep::Look { .. })));
        if waits && !any(|step| matches!(step, Step::Pool(PoolStep::Submit { .. }))) {
            let title = "a result is waited for here, and nothing is submitted";
            self.mistakes.error(span_of(node), title).help("add a step before it, such as: submit worker");
        }
    }
}
