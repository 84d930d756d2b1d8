//! Steps that look at a counter's value or a queue's depth first: `if items below=1 { ... }`, `while ...`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::{children, prop, span_of};
use crate::check::number_rule::VALUE;
use crate::program::{Block, Compare, Operand, Question, ResourceSpec, Step};

/// How a value can compare, and the property that says so.
const COMPARES: [(&str, Compare); 3] =
    [("above", Compare::Above), ("below", Compare::Below), ("equals", Compare::Equals)];

impl Checker {
    pub(super) fn on_question(&mut self, node: &KdlNode, word: &str, tested: &KdlEntry) -> Option<Step> {
        let of = self.operand(node, tested);
        let found: Vec<_> = COMPARES.iter().filter_map(|(name, compare)| Some((*compare, prop(node, name)?))).collect();
        let compared = if let [(compare, entry)] = found.as_slice() {
            self.number(entry, VALUE).map(|value| (*compare, value.expr))
        } else {
            let title = format!("`{word}` compares with one value");
            self.mistakes.error(span_of(node), title).help("give one of above=, below=, equals=");
            None
        };
        let body = self.steps(children(node));
        let (of, (compare, value)) = (of?, compared?);
        let question = Question { operand: of, compare, value };
        Some(if word == "if" {
            Step::If { question, body, otherwise: Block::default() }
        } else {
            Step::While { question, body }
        })
    }

    /// A counter, a queue, or a number such as `task`.
    fn operand(&mut self, node: &KdlNode, tested: &KdlEntry) -> Option<Operand> {
        let text = tested.value().as_string().unwrap_or_default();
        let is_number = ["i", "n", "task"].contains(&text) || text.contains(|c: char| " $()+*/%".contains(c));
        if is_number && self.names.find(text).is_none() {
            return self.number(tested, VALUE).map(|number| Operand::Number(number.expr));
        }
        let is_counted =
            |spec: &ResourceSpec| matches!(spec, ResourceSpec::Counter { .. } | ResourceSpec::Queue { .. });
        self.target(node, tested, "a counter or a queue", is_counted).map(Operand::Resource)
    }
}
