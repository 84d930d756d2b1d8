//! What a pool does beside taking tasks from its queue: who gets which, what becomes of results, and of the dead.

use kdl::KdlNode;

use super::Checker;
use super::node::{children, entry_span, prop, span_of};
use super::number::{COLLECTED, RATE, TIME};
use crate::expr::Expr;
use crate::program::{Choice, Crash, Delivery, Feed, Schedule};

/// What whoever feeds a batch does beside: at which pace it brings the tasks, which results it collects, and how long it waits
/// for them.
#[derive(Default)]
pub(super) struct Collects {
    pub results: Option<Choice<Delivery>>,
    pub timeout: Option<Expr>,
    pub pace: Option<Expr>,
}

impl Checker {
    pub(super) fn on_crash(&mut self, node: &KdlNode) -> Choice<Crash> {
        let found = prop(node, "on-crash");
        let found = found.and_then(|entry| self.choice(entry, ("on-crash", "way to go on after a crash"), &Crash::ALL));
        found.unwrap_or(Choice::Fixed(Crash::Restart))
    }

    /// How tasks are shared out. Only a batch can be dealt out beforehand.
    pub(super) fn schedule(&mut self, node: &KdlNode, feed: Option<&Feed>) -> Choice<Schedule> {
        let shared = Choice::Fixed(Schedule::Shared);
        let Some(entry) = prop(node, "schedule") else { return shared };
        let found = self.choice(entry, ("schedule", "way to share out tasks"), &Schedule::ALL);
        if matches!(feed, Some(Feed::Arrive { .. } | Feed::Submitted)) && found != Some(shared.clone()) {
            let title = "only a batch can be dealt out before it begins";
            self.mistakes.error(entry_span(entry), title).help("feed the pool with batch count=64, or remove it");
        }
        let paced = children(node).iter().find_map(|child| prop(child, "rate"));
        if let (Some(paced), true) = (paced, matches!(feed, Some(feed) if !matches!(feed, Feed::Arrive { .. })))
            && found != Some(shared.clone())
        {
            let title = "tasks that come one by one cannot be dealt out before they begin";
            self.mistakes
                .error(entry_span(paced), title)
                .also(entry_span(entry), "they are here")
                .help("remove one of them");
        }
        found.unwrap_or(shared)
    }

    /// `results=` and `timeout=` of a feed.
    pub(super) fn collects(&mut self, node: &KdlNode) -> Collects {
        let results = prop(node, "results");
        let results = results.and_then(|entry| self.choice(entry, ("results", "way to get results"), &Delivery::ALL));
        let timeout = prop(node, "timeout").and_then(|entry| self.number(entry, TIME)).map(|timeout| timeout.expr);
        // Who says how long it waits does wait.
        let results = results.or_else(|| timeout.as_ref().map(|_| Choice::Fixed(Delivery::Ordered)));
        if let (Some(_), Some(count)) = (&results, prop(node, "count")) {
            self.number(count, COLLECTED);
        }
        let pace = prop(node, "rate").and_then(|entry| self.number(entry, RATE)).map(|rate| rate.expr);
        Collects { results, timeout, pace }
    }

    /// A pool that nobody feeds must get its tasks from somebody's steps.
    pub(super) fn fed(&mut self, node: &KdlNode, pool: usize) {
        let unfed = matches!(self.scenario.pools[pool].feed, Feed::Submitted);
        if unfed && !self.scenario.submits_to(pool) {
            let help = "add arrive rate=\"200/s\" or batch count=1000, or submit tasks to it in somebody's steps";
            self.mistakes.error(span_of(node), "this pool has no feed").help(help);
        }
    }
}
