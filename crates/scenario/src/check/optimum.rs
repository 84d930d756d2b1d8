//! Where tuning should end up, when that can be calculated: `optimum workers from=9 to=11 limit=ledger because="..."`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::names::NamedItem;
use super::node::{arg, prop, span_of, value_span};
use super::number_rule::{HOUR, NumberRule};
use crate::knob::{KnobKind, Unit};
use crate::program::{Optimum, OptimumLimit};
use crate::sanitize::sanitize;
use contend_trace::KnobId;

/// Between which values an optimum can lie; it has the unit of its knob.
pub(super) const END: NumberRule = NumberRule { unit: Unit::Count, min: 0.0, max: HOUR, index: false, live: true };

/// The word for what no resource of the scenario stands for.
const CPU: &str = "cpu";

impl Checker {
    pub(super) fn optimum(&mut self, nodes: &[&KdlNode]) {
        let mut found = super::nodes_named(nodes, &["optimum"]);
        let Some(node) = found.next() else { return };
        for again in found {
            let mistake = self.mistakes.error(span_of(again), "there are two `optimum`");
            mistake.add_related(span_of(node), "the first is here").help("remove one");
        }
        let Some((knob, unit)) = arg(node, 0).and_then(|entry| self.numeric_knob(entry)) else { return };
        let end = |this: &mut Self, name: &str| {
            let Some(entry) = prop(node, name) else {
                let title = format!("this optimum has no `{name}`");
                this.mistakes.error(span_of(node), title).help("write it like this: optimum workers from=9 to=11");
                return None;
            };
            let formula = this.number(entry, NumberRule { unit, ..END })?;
            Some(formula.expr.eval(&this.scenario.default_settings()))
        };
        let (from, to) = (end(self, "from"), end(self, "to"));
        let limit = prop(node, "limit").map(|entry| self.optimum_limit(entry));
        let noisy = prop(node, "noisy").and_then(|entry| self.yes_or_no(entry)).unwrap_or_default();
        let because = prop(node, "because").and_then(|entry| self.text(entry)).map(sanitize).unwrap_or_default();
        let (Some(from), Some(to)) = (from, to) else { return };
        if from > to {
            let title = "an optimum that begins after its end is nowhere";
            self.mistakes.error(span_of(node), title).help("swap `from` and `to`");
            return;
        }
        self.scenario.optimum =
            Some(Optimum { knob, from, to, limit: limit.flatten(), accepts_noise: noisy, explanation: because });
    }

    fn numeric_knob(&mut self, entry: &KdlEntry) -> Option<(KnobId, Unit)> {
        let names: Vec<String> = self.scenario.knobs.iter().map(|knob| knob.name.clone()).collect();
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = self.word(entry, &words)?;
        if let KnobKind::Number { unit, .. } = self.scenario.knobs[at].kind {
            return Some((KnobId::from(at), unit));
        }
        self.mistakes.error(value_span(entry), format!("`{}` is no number: it cannot be tuned", words[at]));
        None
    }

    fn optimum_limit(&mut self, entry: &KdlEntry) -> Option<OptimumLimit> {
        if entry.value().as_string() == Some(CPU) {
            return Some(OptimumLimit::Cpu);
        }
        match self
            .resolve(entry, "a lock or a semaphore, or cpu", |_, thing| matches!(thing, NamedItem::Resource(_)))?
        {
            NamedItem::Resource(at) => Some(OptimumLimit::Resource(at)),
            NamedItem::Workers(_) | NamedItem::Pool(_) => None,
        }
    }
}
