//! `choose { weight 9 { ... }; weight 1 { ... } }`.

use kdl::KdlNode;

use super::super::Checker;
use super::super::grammar::WAYS;
use super::super::node::{arg, children, span_of};
use super::super::number_rule::WEIGHT;
use crate::program::{Branch, Step};

impl Checker {
    pub(super) fn choose(&mut self, node: &KdlNode) -> Option<Step> {
        let read = |way: &KdlNode| {
            let shape = self.node_rule(way, WAYS);
            let steps = self.steps(children(way));
            shape?;
            let weight = self.number(arg(way, 0)?, WEIGHT)?;
            Some(Branch { weight: weight.expr, steps })
        };
        let ways: Vec<Option<Branch>> = children(node).iter().map(read).collect();
        if node.children().is_some() && ways.len() < 2 {
            let title = "there is nothing to choose between here";
            self.mistakes.error(span_of(node), title).help("write at least two: weight 9 { ... }; weight 1 { ... }");
            return None;
        }
        let ways: Option<Vec<Branch>> = ways.into_iter().collect();
        ways.map(Step::Choose)
    }
}
