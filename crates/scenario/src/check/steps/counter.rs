//! Steps on counters.

use kdl::KdlNode;

use super::{Checker, arg, entry_span, prop, span_of};
use crate::check::formula::Formula;
use crate::check::names::NamedItem;
use crate::check::node::value_span;
use crate::check::number_rule::ADDS;
use crate::expr::Expr;
use crate::program::{ResourceSpec, SignalStep, Step, Target};

/// The range of a change of a counter in one step.
pub(in crate::check) const DELTA: (i64, i64) = (-127, 127);

impl Checker {
    pub(in crate::check) fn load_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.counter_target(node).map(Step::Load)
    }

    pub(in crate::check) fn store_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, add) = (self.counter_target(node), self.delta(node, "add", 0));
        Some(Step::Store { target: target?, add: add? })
    }

    pub(in crate::check) fn add_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, by) = (self.added_target(node), self.delta(node, "by", 1));
        let times = prop(node, "times").map(|entry| self.number(entry, ADDS));
        let (target, by) = (target?, by?);
        if let ResourceSpec::WaitGroup = self.scenario.resources[target.resource].spec {
            return self.group_add(node, target, by, times);
        }
        Some(match times {
            Some(times) => Step::AddMany { target, by, times: times?.expr },
            None => Step::Add { target, by },
        })
    }

    /// Resolves the target of `add`. A latch has a count, but it cannot be added to.
    fn added_target(&mut self, node: &KdlNode) -> Option<Target> {
        let entry = arg(node, 0)?;
        let found = entry.value().as_string().and_then(|name| self.names.find(name));
        if let Some(NamedItem::Resource(at)) = found
            && let Some(ResourceSpec::Latch { .. }) = self.scenario.resources.get(at).map(|latch| &latch.spec)
        {
            let name = self.scenario.resources[at].name.clone();
            let mistake =
                self.mistakes.error(value_span(entry), format!("`{name}` is a latch, which only counts down"));
            mistake.help(format!("raise its initial=, or declare it so: wait-group {name}"));
            return None;
        }
        self.target(node, "a counter or a wait group", |spec| {
            matches!(spec, ResourceSpec::Counter { .. } | ResourceSpec::WaitGroup)
        })
    }

    /// Reads `add` to a wait group.
    #[expect(clippy::option_option, reason = "no `times` at all, or one that is wrong")]
    fn group_add(&mut self, node: &KdlNode, target: Target, by: i8, times: Option<Option<Formula>>) -> Option<Step> {
        if by < 1 {
            let place = prop(node, "by").map_or_else(|| span_of(node), entry_span);
            let mistake = self.mistakes.error(place, "`add` only counts a wait group up");
            mistake.help("count it down with `done`");
            return None;
        }
        let by = Expr::Number(f64::from(by));
        let count = match times {
            Some(times) if by == Expr::Number(1.0) => times?.expr,
            Some(times) => Expr::Op(Box::new(by), '*', Box::new(times?.expr)),
            None => by,
        };
        Some(Step::Signal(SignalStep::GroupAdd { target, count }))
    }

    fn counter_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a counter", |spec| matches!(spec, ResourceSpec::Counter { .. }))
    }

    fn delta(&mut self, node: &KdlNode, name: &str, default: i8) -> Option<i8> {
        match prop(node, name) {
            Some(entry) => self.integer(entry, DELTA.0, DELTA.1).map(|delta| delta as i8),
            None => Some(default),
        }
    }
}
