//! The steps of a block.
//!
//! Each row of the step tables in `grammar` names the function that reads its step. These functions are here.

mod attempt;
mod control;
mod counter;
mod life;
mod limit;
mod lock;
mod mark;
mod pipe;
mod pool;
mod queue;
mod real_work;
mod select;
mod signal;

use kdl::KdlNode;

use super::Checker;
use super::grammar::STEPS;
use super::names::NamedItem;
use super::node::{arg, args, children, entry_span, prop, props, span_of};
use super::number_rule::{ARRAY_INDEX, NumberRule};
use crate::expr::Expr;
use crate::program::{Block, ResourceSpec, Target};
pub(super) use counter::DELTA;
pub(super) use life::CANCELLATIONS;
use limit::BeforeElse;
pub(super) use lock::LargeRequest;
pub(super) use real_work::PIXELS;

impl Checker {
    /// Reads the steps in a node's block. A step with a mistake is left out: the scenario will not run anyway.
    pub(super) fn block(&mut self, node: &KdlNode) -> Block {
        let mut steps = Block::default();
        let mut before = BeforeElse::Other;
        for node in children(node) {
            let rule = self.node_rule(node, STEPS);
            match rule.map(|rule| rule.build_step) {
                Some(Some(build)) => {
                    let step = build(self, node);
                    before = BeforeElse::after(node, step.is_some());
                    if let Some(step) = step {
                        steps.push(step, span_of(node).into());
                    }
                }
                Some(None) => {
                    self.attach_else(node, before, &mut steps);
                    before = BeforeElse::Other;
                }
                None => before = BeforeElse::after(node, false),
            }
        }
        steps
    }

    /// Reads the number that is the first argument of a step.
    pub(super) fn first_number(&mut self, node: &KdlNode, wanted: NumberRule) -> Option<Expr> {
        self.number(arg(node, 0)?, wanted).map(|formula| formula.expr)
    }

    /// Resolves the resource that a step names, and reads which member of its array.
    pub(super) fn target(&mut self, node: &KdlNode, what: &str, wanted: fn(&ResourceSpec) -> bool) -> Option<Target> {
        let at = prop(node, "at").map(|entry| self.number(entry, ARRAY_INDEX));
        let item = self.resolve(arg(node, 0)?, what, |this, item| match item {
            NamedItem::Resource(at) => this.scenario.resources.get(at).is_some_and(|resource| wanted(&resource.spec)),
            _ => false,
        })?;
        let NamedItem::Resource(resource) = item else { return None };
        let declared = &self.scenario.resources[resource];
        if let (Some(place), Expr::Number(1.0)) = (prop(node, "at"), &declared.count) {
            let title = format!("there is only one `{}`", declared.name);
            self.mistakes.error(entry_span(place), title).help("remove it, or declare several with count=5");
            return None;
        }
        match at {
            Some(at) => Some(Target { resource, index: Some(at?.expr) }),
            None => Some(Target { resource, index: None }),
        }
    }
}
