//! Steps on pools: `submit worker`, `result { ... }`, `shutdown worker how=cancel`.

use kdl::KdlNode;

use super::Checker;
use super::{arg, entry_span, prop, span_of};
use crate::check::names::NamedItem;
use crate::check::number_rule::TASK;
use crate::choice::Choice;
use crate::program::{Block, PoolStep, ResultWait, ShutdownMode, SourceSpan, Step};

impl Checker {
    pub(in crate::check) fn submit_step(&mut self, node: &KdlNode) -> Option<Step> {
        let task = prop(node, "task").map(|entry| self.number(entry, TASK));
        let pool = self.named_pool(node)?;
        let task = match task {
            Some(task) => Some(task?.expr),
            None => None,
        };
        Some(Step::Pool(PoolStep::Submit { pool, task }))
    }

    /// `result { ... }`, and `result` without a block.
    pub(in crate::check) fn result_step(&mut self, node: &KdlNode) -> Option<Step> {
        let helps = prop(node, "help").map(|entry| self.yes_or_no(entry));
        let limit = self.time_limit(node);
        let body = node.children().map(|_| self.block(node));
        let meanwhile = if helps.unwrap_or(Some(false))? { ResultWait::Helps } else { ResultWait::Blocks };
        let limit = limit?;
        if let (ResultWait::Helps, Some(entry)) = (meanwhile, prop(node, "timeout")) {
            let mistake = self.mistakes.error(entry_span(entry), "a worker that helps cannot give up in time");
            mistake.label("it may be in the middle of another task").help("remove `timeout` or `help`");
        }
        Some(Step::Pool(match body {
            Some(body) => {
                let timeout = limit.map(|limit| limit.timeout);
                PoolStep::MatchResult { meanwhile, body, otherwise: Block::default(), timeout }
            }
            None => PoolStep::AwaitResult { meanwhile, limit },
        }))
    }

    pub(in crate::check) fn shutdown_step(&mut self, node: &KdlNode) -> Option<Step> {
        let words = ShutdownMode::ALL;
        let mode = prop(node, "how").map(|entry| self.choice(entry, ("how", "way to shut down a pool"), &words));
        let pool = self.named_pool(node)?;
        Some(Step::Pool(PoolStep::Shutdown { pool, mode: mode.unwrap_or(Some(Choice::Fixed(ShutdownMode::Drain)))? }))
    }

    fn named_pool(&mut self, node: &KdlNode) -> Option<usize> {
        match self.resolve(arg(node, 0)?, "a pool", |_, item| matches!(item, NamedItem::Pool(_)))? {
            NamedItem::Pool(at) => Some(at),
            _ => None,
        }
    }

    /// Reports a wait that runs other tasks in steps that are not a pool's task.
    pub(in crate::check) fn check_helpers(&mut self, node: &KdlNode, steps: &Block) {
        let is_task = node.name().value() == "task";
        if let Some(span) = find_helper(steps).filter(|_| !is_task) {
            let title = "only a worker of a pool can run other tasks while it waits";
            self.mistakes.error(span.range(), title).help("remove `help`, or move the steps into the task of a pool");
        }
    }

    /// Reports a wait for a result in steps that submit no task.
    pub(in crate::check) fn check_results_exist(&mut self, node: &KdlNode, steps: &[Step]) {
        let any = |wanted: fn(&Step) -> bool| steps.iter().any(|step| step.contains(&wanted));
        let waits = any(|step| matches!(step, Step::Pool(PoolStep::AwaitResult { .. } | PoolStep::MatchResult { .. })));
        if waits && !any(|step| matches!(step, Step::Pool(PoolStep::Submit { .. }))) {
            let title = "this waits for a result, but nothing is submitted";
            self.mistakes.error(span_of(node), title).help("add a step before it, such as: submit worker");
        }
    }
}

/// Finds the first step that waits for a result and runs other tasks meanwhile.
fn find_helper(block: &Block) -> Option<SourceSpan> {
    block.with_spans().find_map(|(step, span)| match step {
        Step::Pool(step) if step.helps() => Some(span),
        _ => step.bodies().find_map(find_helper),
    })
}
