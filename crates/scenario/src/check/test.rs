//! How a scenario is tested: `test for="3s" alone=#true`.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, span_of, value_span};
use super::number::Want;
use crate::expr::Expr;
use crate::knob::Unit;

/// Shorter is too little to judge by, longer is no test any more.
pub(super) const FOR: Want = Want { unit: Unit::Time, min: 100e6, max: 600e9, index: false, live: true };

impl Checker {
    pub(super) fn how_to_test(&mut self, nodes: &[&KdlNode]) {
        let mut found = super::named(nodes, &["test"]);
        let Some(node) = found.next() else { return };
        for again in found {
            let mistake = self.mistakes.error(span_of(again), "there are two `test`");
            mistake.also(span_of(node), "the first is here").help("remove one");
        }
        if let Some(entry) = prop(node, "for")
            && let Some(formula) = self.number(entry, FOR)
        {
            match formula.expr {
                Expr::Number(ns) => self.scenario.test.lasts = ns,
                _ => {
                    self.mistakes.error(value_span(entry), "expected a time that is written out");
                }
            }
        }
        if let Some(entry) = prop(node, "alone") {
            self.scenario.test.alone = self.yes_or_no(entry);
        }
    }
}
