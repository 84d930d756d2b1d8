//! Steps on pools: `submit worker`, `result { ... }`, `shutdown worker how=cancel`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::{arg, children, prop, span_of};
use crate::check::names::NamedItem;
use crate::check::number_rule::TASK;
use crate::program::{Block, Choice, PoolStep, ShutdownMode, Step};

impl Checker {
    pub(super) fn on_pool(&mut self, node: &KdlNode, word: &str) -> Option<Step> {
        if word == "result" {
            return Some(Step::Pool(if node.children().is_some() {
                PoolStep::MatchResult { body: self.steps(children(node)), otherwise: Block::default() }
            } else {
                PoolStep::AwaitResult
            }));
        }
        let task = prop(node, "task").map(|entry| self.number(entry, TASK));
        let words = ShutdownMode::ALL;
        let how = prop(node, "how").map(|entry| self.choice(entry, ("how", "way to leave a pool"), &words));
        let pool = self.find_pool(arg(node, 0)?)?;
        Some(Step::Pool(if word == "submit" {
            let task = match task {
                Some(task) => Some(task?.expr),
                None => None,
            };
            PoolStep::Submit { pool, task }
        } else {
            PoolStep::Shutdown { pool, mode: how.unwrap_or(Some(Choice::Fixed(ShutdownMode::Drain)))? }
        }))
    }

    fn find_pool(&mut self, entry: &KdlEntry) -> Option<usize> {
        match self.resolve(entry, "a pool", |_, thing| matches!(thing, NamedItem::Pool(_)))? {
            NamedItem::Pool(at) => Some(at),
            _ => None,
        }
    }

    /// A result is one of something that the same worker submitted.
    pub(in crate::check) fn check_results_exist(&mut self, node: &KdlNode, steps: &[Step]) {
        let any = |wanted: fn(&Step) -> bool| steps.iter().any(|step| step.contains(&wanted));
        let waits = any(|step| matches!(step, Step::Pool(PoolStep::AwaitResult | PoolStep::MatchResult { .. })));
        if waits && !any(|step| matches!(step, Step::Pool(PoolStep::Submit { .. }))) {
            let title = "a result is waited for here, and nothing is submitted";
            self.mistakes.error(span_of(node), title).help("add a step before it, such as: submit worker");
        }
    }
}
