//! Declarations of knobs.

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::Checker;
use super::names::KnobUse;
use super::node::{arg, prop, span_of, value_kind, value_span};
use super::number_rule::{HOUR, MAX_ENTITIES};
use crate::knob::{Knob, KnobKind, Unit};
use crate::quantity;
use crate::sanitize::sanitize;
use crate::suggest::{all_of, suggest};
use contend_trace::KnobId;

/// Most words of a choice.
const WORDS: usize = 32;

impl Checker {
    pub(super) fn knobs(&mut self, nodes: &[&KdlNode]) {
        for node in super::nodes_named(nodes, &["knob"]) {
            let Some(name) = arg(node, 0).and_then(|entry| self.knob_name(entry)) else { continue };
            let declared = arg(node, 0).map_or_else(|| span_of(node), value_span);
            let kind = self.knob_kind(node);
            let help = prop(node, "help").and_then(|entry| self.text(entry)).map(sanitize).unwrap_or_default();
            // A knob with a mistake keeps its name, so that its uses are not reported as well.
            let kind = kind.unwrap_or(KnobKind::Text { default: None });
            self.names.knobs.push(KnobUse { declared, used: false });
            self.scenario.knobs.push(Knob { name, kind, help, is_live: true });
        }
    }

    fn knob_name(&mut self, entry: &KdlEntry) -> Option<String> {
        let name = self.identifier(entry)?;
        if let Some((first, _)) = self.scenario.knob(name) {
            let first = self.names.knobs[first.index()].declared.clone();
            let mistake = self.mistakes.error(value_span(entry), format!("there are two knobs `{name}`"));
            mistake.label("and here again").add_related(first, "declared here").help("give one of them another name");
            return None;
        }
        Some(name.to_owned())
    }

    fn knob_kind(&mut self, node: &KdlNode) -> Option<KnobKind> {
        let default = arg(node, 1);
        match (prop(node, "text"), prop(node, "of")) {
            (Some(text), _) => self.text_knob(node, text, default),
            (None, Some(of)) => self.choice_knob(node, of, default),
            (None, None) => self.number_knob(node, default),
        }
    }

    fn text_knob(&mut self, node: &KdlNode, text: &KdlEntry, default: Option<&KdlEntry>) -> Option<KnobKind> {
        if *text.value() != KdlValue::Bool(true) {
            let title = format!("expected #true, found {}", value_kind(text.value()));
            self.mistakes.error(value_span(text), title).help("text=#true makes a knob for free text, such as a path");
            return None;
        }
        self.reject_properties(node, &["of", "min", "max"], "free text");
        let default = default.and_then(|entry| self.text(entry)).map(str::to_owned);
        Some(KnobKind::Text { default })
    }

    fn choice_knob(&mut self, node: &KdlNode, of: &KdlEntry, default: Option<&KdlEntry>) -> Option<KnobKind> {
        self.reject_properties(node, &["min", "max"], "a choice");
        let words: Vec<&str> = self.text(of)?.split_whitespace().collect();
        let plain = |word: &&str| word.len() <= 32 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if words.len() < 2 || words.len() > WORDS || !words.iter().all(plain) {
            let help = "write 2 to 32 words of letters, digits and `-`, with spaces between: of=\"std fair spin\"";
            self.mistakes.error(value_span(of), "these are not words to choose from").help(help);
            return None;
        }
        if let Some(twice) = (1..words.len()).find(|at| words[..*at].contains(&words[*at])) {
            self.mistakes.error(value_span(of), format!("`{}` appears here twice", words[twice])).help("remove one");
            return None;
        }
        let Some(default) = default else {
            let title = "this knob has no default";
            self.mistakes
                .error(span_of(node), title)
                .help(format!("write one of the words after its name: {}", words[0]));
            return None;
        };
        let default = self.word(default, &words)?;
        Some(KnobKind::Choice { words: words.into_iter().map(str::to_owned).collect(), default })
    }

    fn number_knob(&mut self, node: &KdlNode, default: Option<&KdlEntry>) -> Option<KnobKind> {
        let Some(default_entry) = default else {
            let help = "write it after the name: \"5ms\", 8, \"200/s\", \"64KiB\", or a word with of=\"...\"";
            self.mistakes.error(span_of(node), "this knob has no default").help(help);
            return None;
        };
        let (default, unit) = self.plain_number(default_entry, None)?;
        let min = self.knob_bound(node, "min", unit);
        let max = self.knob_bound(node, "max", unit);
        let (min, max) = (min?, max?);
        if min > max {
            let span = prop(node, "max").map_or_else(|| span_of(node), value_span);
            self.mistakes.error(span, "max is smaller than min").help("swap them");
            return None;
        }
        if !(min..=max).contains(&default) {
            let range = format!(
                "it goes from {} to {}",
                quantity::format_quantity(min, unit),
                quantity::format_quantity(max, unit)
            );
            self.mistakes.error(value_span(default_entry), "the default is outside the knob's range").help(range);
            return None;
        }
        Some(KnobKind::Number { unit, default, min, max })
    }

    fn knob_bound(&mut self, node: &KdlNode, name: &'static str, unit: Unit) -> Option<f64> {
        let Some(entry) = prop(node, name) else {
            let title = format!("this knob has no `{name}`");
            let help =
                format!("a number has a range: min=\"{}\" max=\"{}\"", unit_example(unit).0, unit_example(unit).1);
            self.mistakes.error(span_of(node), title).help(help);
            return None;
        };
        self.plain_number(entry, Some(unit)).map(|(value, _)| value)
    }

    /// Reads a literal number of the wanted unit, or of any unit, within the limits of its unit.
    fn plain_number(&mut self, entry: &KdlEntry, want: Option<Unit>) -> Option<(f64, Unit)> {
        let wanted = want.map_or("a number such as 5ms, 8, 200/s or 64KiB", Unit::describe);
        let found = match entry.value() {
            KdlValue::Integer(value) => Some((*value as f64, Unit::Count)),
            KdlValue::Float(value) => Some((*value, Unit::Count)),
            KdlValue::String(text) => quantity::parse(text).ok(),
            _ => None,
        };
        let Some((value, unit)) = found.filter(|(_, unit)| want.is_none_or(|want| want == *unit)) else {
            let mistake = self.mistakes.error(value_span(entry), format!("expected {wanted}"));
            match want {
                None => mistake.help("a word needs of=\"...\", free text needs text=#true"),
                Some(_) => mistake.help("default, min and max have the same unit"),
            };
            return None;
        };
        let (min, max) = unit_limits(unit);
        if !(min..=max).contains(&value) || unit == Unit::Count && value.fract() != 0.0 {
            let range = format!(
                "it goes from {} to {}",
                quantity::format_quantity(min, unit),
                quantity::format_quantity(max, unit)
            );
            let whole = !value.is_finite() || value.fract() == 0.0;
            let title = if whole { "this number is out of range" } else { "expected a whole number" };
            self.mistakes.error(value_span(entry), title).help(range);
            return None;
        }
        Some((value, unit))
    }

    /// Reports each of these properties: this kind of knob does not have it.
    fn reject_properties(&mut self, node: &KdlNode, names: &[&str], kind: &str) {
        for entry in names.iter().filter_map(|name| prop(node, name)) {
            let name = entry.name().map_or("", |name| name.value());
            self.mistakes.error(super::node::entry_span(entry), format!("{kind} has no `{name}`")).help("remove it");
        }
    }

    /// Marks a knob as used. A knob is live if turning it takes effect at all of its uses.
    pub(super) fn use_knob(&mut self, id: KnobId, live: bool) {
        let at = id.index();
        if let (Some(knob), Some(noted)) = (self.scenario.knobs.get_mut(at), self.names.knobs.get_mut(at)) {
            knob.is_live &= live;
            noted.used = true;
        }
    }

    /// Resolves `$name` as the whole value of an entry. `wanted` says for messages what kind of knob it should be.
    pub(super) fn knob_reference(&mut self, entry: &KdlEntry, name: &str, wanted: &str) -> Option<KnobId> {
        if let Some((id, _)) = self.scenario.knob(name) {
            return Some(id);
        }
        let known: Vec<&str> = self.scenario.knobs.iter().map(|knob| knob.name.as_str()).collect();
        let help = match suggest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("declare {wanted}: see `contend show thumbnails`"),
            None => format!("its knobs are {}", all_of(known.iter().copied())),
        };
        self.mistakes.error(value_span(entry), format!("there is no knob `{name}`")).help(help);
        None
    }

    pub(super) fn unused_knobs(&mut self) {
        let unused = self.names.knobs.iter().zip(&self.scenario.knobs).filter(|(noted, _)| !noted.used);
        let unused: Vec<_> = unused.map(|(noted, knob)| (noted.declared.clone(), knob.name.clone())).collect();
        for (span, name) in unused {
            let help = format!("write ${name} where its value belongs, or remove it");
            self.mistakes.warning(span, format!("nothing uses the knob `{name}`")).help(help);
        }
    }
}

/// Returns the range that numbers of a unit must be in.
const fn unit_limits(unit: Unit) -> (f64, f64) {
    match unit {
        Unit::Time => (0.0, HOUR),
        Unit::Count => (0.0, 1e9_f64.max(MAX_ENTITIES)),
        Unit::Rate => (0.0, 1e6),
        Unit::Bytes => (0.0, 1_099_511_627_776.0),
    }
}

const fn unit_example(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::Time => ("0us", "100ms"),
        Unit::Count => ("1", "64"),
        Unit::Rate => ("1/s", "1000/s"),
        Unit::Bytes => ("0B", "1MiB"),
    }
}
