//! Options for `contend test`: `test for="3s" alone=#true`.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, span_of, value_span};
use super::number_rule::NumberRule;
use crate::expr::Expr;
use crate::knob::Unit;

/// The time of observation: less is too little to judge by, and more takes too long for a test.
pub(super) const TEST_DURATION: NumberRule =
    NumberRule { unit: Unit::Time, min: 100e6, max: 600e9, index: false, live: true };

impl Checker {
    pub(super) fn test_config(&mut self, nodes: &[&KdlNode]) {
        let mut found = super::nodes_named(nodes, &["test"]);
        let Some(node) = found.next() else { return };
        for again in found {
            let mistake = self.mistakes.error(span_of(again), "there are two `test`");
            mistake.add_related(span_of(node), "the first is here").help("remove one");
        }
        if let Some(entry) = prop(node, "for")
            && let Some(formula) = self.number(entry, TEST_DURATION)
        {
            match formula.expr {
                Expr::Number(ns) => self.scenario.test.hold_nanos = ns,
                _ => {
                    self.mistakes.error(value_span(entry), "expected a literal time");
                }
            }
        }
        if let Some(entry) = prop(node, "alone") {
            self.scenario.test.runs_alone = self.yes_or_no(entry);
        }
    }
}
