//! Steps that decide which steps a worker runs, and how often.

use kdl::KdlNode;

use super::{Checker, arg, children, prop, props, span_of};
use crate::check::grammar::{SPIN, WAYS};
use crate::check::number_rule::{TIMES, VALUE, WEIGHT};
use crate::program::{Block, Branch, Compare, Operand, Question, ResourceSpec, Step};

/// The comparisons and their properties.
const COMPARES: [(&str, Compare); 3] =
    [("above", Compare::Above), ("below", Compare::Below), ("equals", Compare::Equals)];

impl Checker {
    pub(in crate::check) fn repeat_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (times, body) = (self.first_number(node, TIMES), self.block(node));
        Some(Step::Repeat { times: times?, body })
    }

    pub(in crate::check) fn if_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (question, body) = (self.question(node), self.block(node));
        Some(Step::If { question: question?, body, otherwise: Block::default() })
    }

    pub(in crate::check) fn while_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (question, body) = (self.question(node), self.block(node));
        Some(Step::While { question: question?, body })
    }

    /// Reads `items below=1`: a counter, a queue or a number, and its comparison.
    fn question(&mut self, node: &KdlNode) -> Option<Question> {
        let operand = self.operand(node);
        let found: Vec<_> = COMPARES.iter().filter_map(|(name, compare)| Some((*compare, prop(node, name)?))).collect();
        let compared = if let [(compare, entry)] = found.as_slice() {
            self.number(entry, VALUE).map(|value| (*compare, value.expr))
        } else {
            let title = format!("`{}` compares with one value", node.name().value());
            self.mistakes.error(span_of(node), title).help("give one of above=, below=, equals=");
            None
        };
        let (operand, (compare, value)) = (operand?, compared?);
        Some(Question { operand, compare, value })
    }

    /// Reads the left side of a comparison: a counter, a queue, or a number such as `task`.
    fn operand(&mut self, node: &KdlNode) -> Option<Operand> {
        let tested = arg(node, 0)?;
        let text = tested.value().as_string().unwrap_or_default();
        let is_number = ["i", "n", "task"].contains(&text) || text.contains(|c: char| " $()+*/%".contains(c));
        if is_number && self.names.find(text).is_none() {
            return self.number(tested, VALUE).map(|number| Operand::Number(number.expr));
        }
        let is_counted =
            |spec: &ResourceSpec| matches!(spec, ResourceSpec::Counter { .. } | ResourceSpec::Queue { .. });
        self.target(node, "a counter or a queue", is_counted).map(Operand::Resource)
    }

    /// `spin { until COUNTER equals=0; until ... }`.
    pub(in crate::check) fn spin_step(&mut self, node: &KdlNode) -> Option<Step> {
        let read = |until: &KdlNode| {
            self.node_rule(until, SPIN)?;
            self.question(until)
        };
        let questions: Vec<Option<Question>> = children(node).iter().map(read).collect();
        if node.children().is_some() && questions.is_empty() {
            let mistake = self.mistakes.error(span_of(node), "this `spin` would never end");
            mistake.help("say what ends it: spin { until items above=0 }");
            return None;
        }
        questions.into_iter().collect::<Option<Vec<Question>>>().map(Step::Spin)
    }

    /// `when KNOB=VALUE { ... }`.
    pub(in crate::check) fn when_step(&mut self, node: &KdlNode) -> Option<Step> {
        let body = self.block(node);
        let conditions: Vec<_> = props(node).collect();
        let [(name, entry)] = conditions.as_slice() else {
            let title = match conditions.len() {
                0 => "`when` has no condition",
                _ => "`when` tests one knob only",
            };
            let help = "write it like this: when order=same { ... }; for two conditions, nest two `when`";
            self.mistakes.error(span_of(node), title).help(help);
            return None;
        };
        let (knob, value) = self.knob_value(name, entry)?;
        self.use_knob(knob, true);
        Some(Step::When { knob, value, body, otherwise: Block::default() })
    }

    /// `choose { weight 9 { ... }; weight 1 { ... } }`.
    pub(in crate::check) fn choose_step(&mut self, node: &KdlNode) -> Option<Step> {
        let read = |branch: &KdlNode| {
            let rule = self.node_rule(branch, WAYS);
            let steps = self.block(branch);
            rule?;
            Some(Branch { weight: self.first_number(branch, WEIGHT)?, steps })
        };
        let branches: Vec<Option<Branch>> = children(node).iter().map(read).collect();
        if node.children().is_some() && branches.len() < 2 {
            let title = "this choice has fewer than two branches";
            self.mistakes.error(span_of(node), title).help("write at least two: weight 9 { ... }; weight 1 { ... }");
            return None;
        }
        let branches: Option<Vec<Branch>> = branches.into_iter().collect();
        branches.map(Step::Choose)
    }
}
