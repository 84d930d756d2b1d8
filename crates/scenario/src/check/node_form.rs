//! Checks the form of a node against its rule in the grammar.

use kdl::KdlNode;

use super::Checker;
use super::grammar::{BlockRule, CONTEXTS, NodeContext, NodeRule};
use super::node::{args, entry_span, props, span_of};
use crate::mistake::Mistakes;
use crate::suggest::{all_of, suggest};

impl Checker {
    /// Finds the rule of a node of a scenario, see [`Mistakes::node_rule`].
    pub(super) fn node_rule(&mut self, node: &KdlNode, context: NodeContext) -> Option<&'static NodeRule> {
        self.mistakes.node_rule(node, context, &CONTEXTS)
    }
}

impl Mistakes {
    /// Finds the rule of a node and reports unknown, missing and extra parts. Returns `None` if the node cannot be
    /// read. `language` has all places of its file.
    pub(super) fn node_rule(
        &mut self,
        node: &KdlNode,
        context: NodeContext,
        language: &[NodeContext],
    ) -> Option<&'static NodeRule> {
        let Some(rule) = context.find(node.name().value()) else {
            self.unknown_node(node, context, language);
            return None;
        };
        let before = self.len();
        self.check_args(node, rule);
        let complete = self.len() == before;
        self.check_props(node, rule);
        self.check_block(node, rule);
        complete.then_some(rule)
    }

    fn unknown_node(&mut self, node: &KdlNode, context: NodeContext, language: &[NodeContext]) {
        let word = node.name().value();
        let elsewhere = language.iter().find(|other| other.find(word).is_some());
        let mistake = self.error(span_of(node), format!("there is no `{word}` {}", context.name));
        let words = context.rules().map(|rule| rule.word);
        match (elsewhere, suggest(word, words.clone())) {
            (Some(other), _) => mistake.help(format!("`{word}` belongs {}", other.name)),
            (None, None) => mistake.help(format!("known {}: {}", context.name, all_of(words))),
            (None, near) => mistake.did_you_mean(near),
        };
    }

    fn check_args(&mut self, node: &KdlNode, rule: &NodeRule) {
        let (least, most) = rule.argument_count();
        let count = args(node).count();
        if count < least {
            let title = format!("`{}` needs {}", rule.word, if count == 0 { "a value" } else { "more values" });
            self.error(span_of(node), title).help(format!("write it like this: {}", rule.usage));
        }
        for extra in args(node).skip(most) {
            let title = format!("this is one value too many for `{}`", rule.word);
            self.error(entry_span(extra), title).help(format!("write it like this: {}", rule.usage));
        }
    }

    fn check_props(&mut self, node: &KdlNode, rule: &NodeRule) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, entry) in props(node) {
            if seen.contains(&key) {
                self.error(entry_span(entry), format!("`{key}` is given twice")).help("remove one of them");
            } else if seen.len() < 64 {
                seen.push(key);
            }
            if rule.any_knob || rule.prop_names().any(|name| name == key) {
                continue;
            }
            let near = suggest(key, rule.prop_names());
            let mistake = self.error(entry_span(entry), format!("`{}` has no `{key}`", rule.word));
            if near.is_some() || rule.props.is_empty() {
                mistake.did_you_mean(near);
            } else {
                mistake.help(format!("it has {}", all_of(rule.prop_names())));
            }
        }
    }

    fn check_block(&mut self, node: &KdlNode, rule: &NodeRule) {
        match (rule.block, node.children()) {
            (BlockRule::Forbidden, Some(_)) => {
                let title = format!("`{}` has no block", rule.word);
                self.error(span_of(node), title).help("end the line before the `{`, or remove the block");
            }
            (BlockRule::Required, None) => {
                let title = format!("`{}` needs a block", rule.word);
                self.error(span_of(node), title).help(format!("write it like this: {}", rule.usage));
            }
            _ => {}
        }
    }
}
