//! The steps of a block.
//!
//! Each row of the step tables in `grammar` names the function that reads its step. These functions are here.

mod attempt;
mod control;
mod counter;
mod life;
mod lock;
mod pipe;
mod pool;
mod queue;
mod real_work;
mod signal;

use kdl::KdlNode;

use super::Checker;
use super::grammar::STEPS;
use super::names::NamedItem;
use super::node::{arg, args, children, entry_span, prop, props, span_of};
use super::number_rule::{ARRAY_INDEX, NumberRule};
use crate::expr::Expr;
use crate::program::{Block, ResourceSpec, Step, Target};
use crate::suggest::any_of;
pub(super) use counter::DELTA;
pub(super) use real_work::PIXELS;

impl Checker {
    /// The steps in a node's block. A step with a mistake is left out: the scenario will not run anyway.
    pub(super) fn block(&mut self, node: &KdlNode) -> Block {
        let mut steps = Block::default();
        // Whether `else` can follow the line before, even if that line has a mistake.
        let mut may_else = false;
        for node in children(node) {
            let rule = self.node_rule(node, STEPS);
            match rule.map(|rule| rule.build_step) {
                Some(Some(build)) => {
                    if let Some(step) = build(self, node) {
                        steps.push(step, span_of(node).into());
                    }
                }
                Some(None) => self.attach_else(node, may_else, &mut steps),
                None => {}
            }
            may_else = STEPS.find(node.name().value()).is_some_and(|rule| rule.allows_else);
        }
        steps
    }

    /// Gives the block of an `else` to the step before it.
    fn attach_else(&mut self, node: &KdlNode, may_else: bool, before: &mut [Step]) {
        let steps = self.block(node);
        match before.last_mut().and_then(Step::else_steps_mut) {
            Some(otherwise) if may_else => *otherwise = steps,
            _ if may_else => {}
            _ => {
                let words = STEPS.rules().filter(|rule| rule.allows_else).map(|rule| rule.word);
                let help = format!("`else {{ ... }}` follows the block of {}", any_of(words));
                self.mistakes.error(span_of(node), "this `else` belongs to nothing").help(help);
            }
        }
    }

    /// The number that is the first argument of a step.
    pub(super) fn first_number(&mut self, node: &KdlNode, wanted: NumberRule) -> Option<Expr> {
        self.number(arg(node, 0)?, wanted).map(|formula| formula.expr)
    }

    /// The resource that a step names, and which of its array.
    pub(super) fn target(&mut self, node: &KdlNode, what: &str, wanted: fn(&ResourceSpec) -> bool) -> Option<Target> {
        let at = prop(node, "at").map(|entry| self.number(entry, ARRAY_INDEX));
        let thing = self.resolve(arg(node, 0)?, what, |this, thing| match thing {
            NamedItem::Resource(at) => this.scenario.resources.get(at).is_some_and(|resource| wanted(&resource.spec)),
            _ => false,
        })?;
        let NamedItem::Resource(resource) = thing else { return None };
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
