//! Time limits of waits, and the `else` after a step.

use kdl::KdlNode;

use super::super::Checker;
use super::super::grammar::STEPS;
use super::super::node::{arg, prop, span_of};
use super::super::number_rule::TIME;
use crate::expr::Expr;
use crate::program::{Block, Limit, Step, TimeLimit};
use crate::suggest::any_of;

/// What stands before an `else`.
#[derive(Clone, Copy)]
pub(super) enum BeforeElse<'a> {
    /// Nothing, or a step that no `else` can follow.
    Other,
    /// A step that an `else` can follow.
    Step(&'a KdlNode),
    /// Such a step with a mistake: the `else` is no second mistake.
    Mistake,
}

impl<'a> BeforeElse<'a> {
    pub(super) fn after(node: &'a KdlNode, is_read: bool) -> Self {
        match STEPS.find(node.name().value()) {
            Some(rule) if rule.allows_else && is_read => Self::Step(node),
            Some(rule) if rule.allows_else => Self::Mistake,
            _ => Self::Other,
        }
    }
}

impl Checker {
    /// Reads the time limit of a step that waits without one if `timeout` is absent.
    pub(super) fn time_limit(&mut self, node: &KdlNode) -> Option<Limit> {
        match prop(node, "timeout") {
            Some(entry) => {
                let timeout = self.number(entry, TIME)?.expr;
                Some(Some(Box::new(TimeLimit { timeout, otherwise: Block::default() })))
            }
            None => Some(None),
        }
    }

    /// Reads the time limit of a step that does not wait if `timeout` is absent.
    pub(super) fn try_timeout(&mut self, node: &KdlNode) -> Option<Expr> {
        self.number_or(node, "timeout", TIME, 0.0).map(|timeout| timeout.expr)
    }

    /// Gives the block of an `else` to the step before it.
    pub(super) fn attach_else(&mut self, node: &KdlNode, before: BeforeElse<'_>, steps: &mut [Step]) {
        let otherwise = self.block(node);
        match (before, steps.last_mut().and_then(Step::else_steps_mut)) {
            (BeforeElse::Step(_), Some(place)) => *place = otherwise,
            (BeforeElse::Step(step), None) => self.report_else_without_limit(node, step),
            (BeforeElse::Mistake, _) => {}
            (BeforeElse::Other, _) => {
                let words = STEPS.rules().filter(|rule| rule.allows_else).map(|rule| rule.word);
                let help = format!("`else {{ ... }}` follows the block of {}", any_of(words));
                self.mistakes.error(span_of(node), "this `else` has no matching step").help(help);
            }
        }
    }

    fn report_else_without_limit(&mut self, node: &KdlNode, step: &KdlNode) {
        let word = step.name().value();
        let name = arg(step, 0).and_then(|entry| entry.value().as_string());
        let name = name.map_or_else(String::new, |name| format!(" {name}"));
        let title = format!("this `{word}` never gives up, so its `else` never runs");
        let mistake = self.mistakes.error(span_of(node), title);
        mistake.add_related(span_of(step), "it waits without a limit");
        let or_block = if word == "result" { "give it a block, or a time limit" } else { "give it a time limit" };
        mistake.help(format!("{or_block}: {word}{name} timeout=\"10ms\""));
    }
}
