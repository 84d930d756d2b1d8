//! Steps on counters.

use kdl::KdlNode;

use super::{Checker, arg, entry_span, prop, span_of};
use crate::check::formula::Formula;
use crate::check::names::NamedItem;
use crate::check::node::value_span;
use crate::check::number_rule::{ADDS, VALUE};
use crate::choice::Choice;
use crate::expr::Expr;
use crate::program::{Attempt, AttemptKind, ResourceSpec, SignalStep, Step, Swap, SwapValue, Target};
use contend_trace::CounterMemory;

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

    /// `compare-and-set COUNTER from=0 to=1 { ... }`.
    pub(in crate::check) fn compare_and_set_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.counter_target(node);
        let expected = prop(node, "from").map(|entry| self.number(entry, VALUE));
        let value = prop(node, "to").map(|entry| self.number(entry, VALUE));
        let added = self.delta(node, "add", 1);
        let body = self.block(node);
        if let (Some(to), Some(_)) = (prop(node, "to"), prop(node, "add")) {
            let mistake = self.mistakes.error(entry_span(to), "both `to` and `add` give the new value");
            mistake.help("remove one of them");
            return None;
        }
        let target = target?;
        self.refuse_managed_swap(node, &target);
        let new = match value {
            Some(value) => SwapValue::Value(value?.expr),
            None => SwapValue::Added(added?),
        };
        let expected = match expected {
            Some(expected) => Some(expected?.expr),
            None => None,
        };
        let kind = AttemptKind::CompareAndSet(Swap { target, expected, new });
        Some(Step::Attempt(Box::new(Attempt { kind, body, otherwise: None })))
    }

    /// Reports a compare-and-set on a counter that a process may keep, which answers reads and writes only.
    fn refuse_managed_swap(&mut self, node: &KdlNode, target: &Target) {
        let declared = &self.scenario.resources[target.resource];
        let ResourceSpec::Counter { memory, .. } = &declared.spec else { return };
        let is_managed = match memory {
            Choice::Fixed(memory) => *memory == CounterMemory::Manager,
            Choice::Knob(_, memories) => memories.contains(&CounterMemory::Manager),
        };
        if is_managed {
            let title = format!("`{}` is kept by a manager, which cannot compare and set", declared.name);
            let mistake = self.mistakes.error(span_of(node), title);
            mistake.help("declare it with in=shared, or hold a lock around `load` and `store`");
        }
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
