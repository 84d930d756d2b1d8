//! Options of a pool: how tasks are distributed, results read and crashes handled.

use kdl::KdlNode;

use super::Checker;
use super::node::{children, entry_span, prop, span_of};
use super::number_rule::{COLLECTED, RATE, TIME};
use crate::choice::Choice;
use crate::expr::Expr;
use crate::program::{CrashPolicy, Feed, ResultDelivery, TaskDistribution};

/// Options of a feed: its rate, and how it reads results and how long it waits for them.
#[derive(Default)]
pub(super) struct ResultCollection {
    pub results: Option<Choice<ResultDelivery>>,
    pub timeout: Option<Expr>,
    /// The rate at which the tasks of a batch are due.
    pub rate: Option<Expr>,
}

impl Checker {
    pub(super) fn crash_policy(&mut self, node: &KdlNode) -> Choice<CrashPolicy> {
        let found = prop(node, "on-crash");
        let found =
            found.and_then(|entry| self.choice(entry, ("on-crash", "way to handle a crash"), &CrashPolicy::ALL));
        found.unwrap_or(Choice::Fixed(CrashPolicy::Restart))
    }

    /// Reads how tasks are distributed. Only a batch can be divided beforehand.
    pub(super) fn distribution(&mut self, node: &KdlNode, feed: Option<&Feed>) -> Choice<TaskDistribution> {
        let shared = Choice::Fixed(TaskDistribution::Shared);
        let Some(entry) = prop(node, "schedule") else { return shared };
        let found = self.choice(entry, ("schedule", "way to distribute tasks"), &TaskDistribution::ALL);
        if matches!(feed, Some(feed) if !feed.is_batch()) && found != Some(shared.clone()) {
            let title = "only a batch can be divided before it begins";
            self.mistakes.error(entry_span(entry), title).help("feed the pool with batch count=64, or remove it");
        }
        let paced = children(node).iter().find_map(|child| prop(child, "rate").or_else(|| prop(child, "trace")));
        if let (Some(paced), true) = (paced, matches!(feed, Some(feed) if feed.is_batch()))
            && found != Some(shared.clone())
        {
            let title = "tasks that are due one by one cannot be divided before they begin";
            self.mistakes
                .error(entry_span(paced), title)
                .add_related(entry_span(entry), "they are divided here")
                .help("remove one of them");
        }
        found.unwrap_or(shared)
    }

    /// Reads `results=`, `timeout=` and `rate=` of a feed.
    pub(super) fn result_collection(&mut self, node: &KdlNode) -> ResultCollection {
        let results = prop(node, "results");
        let results =
            results.and_then(|entry| self.choice(entry, ("results", "way to read results"), &ResultDelivery::ALL));
        let timeout = prop(node, "timeout").and_then(|entry| self.number(entry, TIME)).map(|timeout| timeout.expr);
        // A timeout implies that the results are read.
        let results = results.or_else(|| timeout.as_ref().map(|_| Choice::Fixed(ResultDelivery::Ordered)));
        if let (Some(_), Some(count)) = (&results, prop(node, "count")) {
            self.number(count, COLLECTED);
        }
        let rate = prop(node, "rate").and_then(|entry| self.number(entry, RATE)).map(|rate| rate.expr);
        ResultCollection { results, timeout, rate }
    }

    /// Reports a pool that has neither a feed nor a step that submits tasks to it.
    pub(super) fn check_fed(&mut self, node: &KdlNode, pool: usize) {
        let unfed = matches!(self.scenario.pools[pool].feed, Feed::Submitted);
        if unfed && !self.scenario.has_submitters(pool) {
            let help = "add arrive rate=\"200/s\" or batch count=1000, or a step that submits tasks to it";
            self.mistakes.error(span_of(node), "this pool has no feed").help(help);
        }
    }
}
