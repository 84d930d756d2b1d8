//! Steps that look at a counter's value or a queue's depth first: `if items below=1 { ... }`, `while ...`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::{children, prop, span_of};
use crate::scenario::check::number::VALUE;
use crate::scenario::program::{Compare, Question, ResourceSpec, Step};

/// How a value can compare, and the property that says so.
const COMPARES: [(&str, Compare); 3] =
    [("above", Compare::Above), ("below", Compare::Below), ("equals", Compare::Equals)];

impl Checker {
    pub(super) fn on_question(&mut self, node: &KdlNode, word: &str, tested: &KdlEntry) -> Option<Step> {
        let target = self.target(node, tested, "a counter or a queue", |spec| {
            matches!(spec, ResourceSpec::Counter { .. } | ResourceSpec::Queue { .. })
        });
        let found: Vec<_> = COMPARES.iter().filter_map(|(name, compare)| Some((*compare, prop(node, name)?))).collect();
        let compared = if let [(compare, entry)] = found.as_slice() {
            self.number(entry, VALUE).map(|value| (*compare, value.expr))
        } else {
            let title = format!("`{word}` compares with one value");
            self.mistakes.error(span_of(node), title).help("give one of above=, below=, equals=");
            None
        };
        let body = self.steps(children(node));
        let (target, (compare, value)) = (target?, compared?);
        let question = Question { target, compare, value };
        Some(if word == "if" {
            Step::If { question, body, otherwise: Vec::new() }
        } else {
            Step::While { question, body }
        })
    }
}
