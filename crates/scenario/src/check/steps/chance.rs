//! `choose { weight 9 { ... }; weight 1 { ... } }`.

use kdl::KdlNode;

use super::super::Checker;
use super::super::node::{arg, children, span_of};
use super::super::number::WEIGHT;
use super::super::shape::WAYS;
use crate::program::{Step, Way};

impl Checker {
    pub(super) fn choose(&mut self, node: &KdlNode) -> Option<Step> {
        let read = |way: &KdlNode| {
            let shape = self.shape(way, WAYS);
            let steps = self.steps(children(way));
            shape?;
            let weight = self.number(arg(way, 0)?, WEIGHT)?;
            Some(Way { weight: weight.expr, steps })
        };
        let ways: Vec<Option<Way>> = children(node).iter().map(read).collect();
        if node.children().is_some() && ways.len() < 2 {
            let title = "there is nothing to choose between here";
            self.mistakes.error(span_of(node), title).help("write at least two: weight 9 { ... }; weight 1 { ... }");
            return None;
        }
        let ways: Option<Vec<Way>> = ways.into_iter().collect();
        ways.map(Step::Choose)
    }
}
