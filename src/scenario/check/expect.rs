//! What a run must show: `expect contended account above="50%" when="kind=std|fair"`.

mod measures;

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::Checker;
use super::names::Thing;
use super::node::{arg, args, entry_span, kind_of, prop, span_of, value_span};
use super::number::{HOUR, Want};
use crate::scenario::expr::Expr;
use crate::scenario::knob::Unit;
use crate::scenario::program::{Claim, Compare, Expect, Metric, Subject};
use crate::trace::{KnobId, State};
use measures::Of;
pub(super) use measures::{FINDINGS, MEASURES};

const OTHERS: [&str; 5] = ["deadlock", "no-deadlock", "finding", "no-finding", "share"];

const COMPARES: [(&str, Compare); 3] =
    [("above", Compare::Above), ("below", Compare::Below), ("equals", Compare::Equals)];

/// Ways the knobs can stand that one line may speak of.
const WAYS: usize = 64;

pub(super) const WITHIN: Want = Want { unit: Unit::Time, min: 1e6, max: HOUR, index: false, live: true };

impl Checker {
    pub(super) fn expectations(&mut self, nodes: &[&KdlNode]) {
        for node in super::named(nodes, &["expect"]) {
            let claim = self.claim(node);
            let ways = match prop(node, "when") {
                Some(entry) => self.ways(entry),
                None => Some(vec![Vec::new()]),
            };
            let (Some((claim, text)), Some(ways)) = (claim, ways) else { continue };
            for when in ways {
                let text = self.with_condition(&text, &when);
                self.scenario.expects.push(Expect { text, when, claim: claim.clone() });
            }
        }
    }

    /// What a run must show for this node, and how a report words it.
    pub(super) fn claim(&mut self, node: &KdlNode) -> Option<(Claim, String)> {
        let words: Vec<&str> = OTHERS.into_iter().chain(MEASURES.map(|measure| measure.word)).collect();
        let kind = arg(node, 0)?;
        match words[self.word(kind, &words)?] {
            "deadlock" => {
                self.only(node, 1, &["within"]);
                let within = match prop(node, "within") {
                    Some(entry) => Some(self.within(entry)?),
                    None => None,
                };
                let text =
                    within.map(|ns| format!("deadlock within {}", crate::scenario::quantity::show(ns, Unit::Time)));
                Some((Claim::Deadlock { within }, text.unwrap_or_else(|| "deadlock".to_owned())))
            }
            "no-deadlock" => {
                self.only(node, 1, &[]);
                Some((Claim::NoDeadlock, "no deadlock".to_owned()))
            }
            word @ ("finding" | "no-finding") => {
                self.only(node, 2, &[]);
                let entry = self.second(node, "which finding, such as lock-bound")?;
                let id = FINDINGS[self.word(entry, &FINDINGS)?].to_owned();
                let text = format!("{} {id}", if word == "finding" { "finding" } else { "no finding" });
                Some((Claim::Finding { id, seen: word == "finding" }, text))
            }
            word => self.measure(node, word),
        }
    }

    fn within(&mut self, entry: &KdlEntry) -> Option<f64> {
        if let Expr::Number(ns) = self.number(entry, WITHIN)?.expr {
            return Some(ns);
        }
        self.mistakes.error(value_span(entry), "expected a time that is written out");
        None
    }

    fn measure(&mut self, node: &KdlNode, word: &str) -> Option<(Claim, String)> {
        let (metric, of, named) = if word == "share" {
            self.only(node, 2, &["of", "above", "below", "equals"]);
            self.share(node)?
        } else {
            self.only(node, 2, &["above", "below", "equals"]);
            let measure = MEASURES.iter().find(|measure| measure.word == word)?;
            let entry = self.second(node, "whose, such as the name of a pool")?;
            let subject = self.subject(entry, measure.of)?;
            (measure.metric, subject, format!("{word} {}", entry.value().as_string().unwrap_or_default()))
        };
        let (compare, entry, how) = self.compare(node)?;
        let value = self.measured(entry, metric)?;
        let shown = if metric.is_share() { format!("{}%", (value * 1e4).round() / 1e2) } else { value.to_string() };
        Some((Claim::Measure { metric, of, compare, value }, format!("{named} {how} {shown}")))
    }

    /// `share lock of=tellers`: how much of the workers' time goes into a state.
    fn share(&mut self, node: &KdlNode) -> Option<(Metric, Subject, String)> {
        let entry = self.second(node, "which state, such as lock")?;
        let words = State::ALL.map(State::word);
        let state = State::ALL[self.word(entry, &words)?];
        let Some(of) = prop(node, "of") else {
            return Some((Metric::Share(state), Subject::All, format!("share {}", state.word())));
        };
        let thing = self.resolve(of, "a group of workers", |_, thing| !matches!(thing, Thing::Resource(_)))?;
        let subject = match thing {
            Thing::Pool(at) => Subject::Pool(at),
            Thing::Workers(at) => Subject::Workers(at),
            Thing::Resource(_) => return None,
        };
        let name = of.value().as_string().unwrap_or_default();
        Some((Metric::Share(state), subject, format!("share {} of {name}", state.word())))
    }

    fn subject(&mut self, entry: &KdlEntry, of: Of) -> Option<Subject> {
        let thing = self.resolve(entry, of.what(), |this, thing| match (thing, of) {
            (Thing::Pool(_), of) => matches!(of, Of::Pool | Of::Crew | Of::Queued | Of::Losing),
            (Thing::Workers(_), of) => of == Of::Crew,
            (Thing::Resource(at), of) => {
                this.scenario.resources.get(at).is_some_and(|resource| of.matches(&resource.spec))
            }
        })?;
        Some(match thing {
            Thing::Resource(at) => Subject::Resource(at),
            Thing::Pool(at) => Subject::Pool(at),
            Thing::Workers(at) => Subject::Workers(at),
        })
    }

    fn compare<'a>(&mut self, node: &'a KdlNode) -> Option<(Compare, &'a KdlEntry, &'static str)> {
        let found: Vec<_> =
            COMPARES.iter().filter_map(|(word, compare)| Some((*compare, prop(node, word)?, *word))).collect();
        if let [only] = found.as_slice() {
            return Some(*only);
        }
        let title = "a measure is compared with one value";
        self.mistakes.error(span_of(node), title).help("give one of above=, below=, equals=");
        None
    }

    /// The value a measure is compared with: a share as `50%`, or a plain number.
    fn measured(&mut self, entry: &KdlEntry, metric: Metric) -> Option<f64> {
        let (min, max) = if metric.is_share() { (0.0, 1.0) } else { (-1e15, 1e15) };
        let percent = |text: &str| text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let value = match entry.value() {
            KdlValue::Integer(value) => Some(*value as f64),
            KdlValue::Float(value) => Some(*value),
            KdlValue::String(text) if metric.is_share() => percent(text).map(|value| value / 100.0),
            _ => None,
        };
        let Some(value) = value else {
            let wanted = if metric.is_share() { "a share such as \"50%\"" } else { "a plain number" };
            let title = format!("expected {wanted}, found {}", kind_of(entry.value()));
            self.mistakes.error(value_span(entry), title);
            return None;
        };
        if !(min..=max).contains(&value) {
            let range = if metric.is_share() { "it goes from 0% to 100%" } else { "it goes from -1e15 to 1e15" };
            self.mistakes.error(value_span(entry), "this number is out of range").help(range);
            return None;
        }
        Some(value)
    }

    fn second<'a>(&mut self, node: &'a KdlNode, what: &str) -> Option<&'a KdlEntry> {
        let found = arg(node, 1);
        if found.is_none() {
            self.mistakes.error(span_of(node), format!("this expectation does not say {what}"));
        }
        found
    }

    /// Says of every value and property beyond these that it has no meaning for this kind of expectation.
    fn only(&mut self, node: &KdlNode, values: usize, props: &[&str]) {
        for extra in args(node).skip(values) {
            self.mistakes.error(entry_span(extra), "this is one value too many").help("remove it");
        }
        let kind = arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default().to_owned();
        for name in ["within", "above", "below", "equals", "of"].iter().filter(|name| !props.contains(name)) {
            if let Some(entry) = prop(node, name) {
                let title = format!("`expect {kind}` has no `{name}`");
                self.mistakes.error(entry_span(entry), title).help("remove it");
            }
        }
    }

    /// `kind=std|fair order=same`: every way the knobs can stand for the expectation to be asked.
    fn ways(&mut self, entry: &KdlEntry) -> Option<Vec<Vec<(KnobId, f64)>>> {
        let text = self.text(entry)?;
        let mut ways: Vec<Vec<(KnobId, f64)>> = vec![Vec::new()];
        for condition in text.split_whitespace() {
            let Some((name, values)) = condition.split_once('=') else {
                let help = "write knobs and values: when=\"kind=std|fair order=same\"";
                self.mistakes.error(value_span(entry), format!("`{condition}` is no condition")).help(help);
                return None;
            };
            let mut next = Vec::new();
            for value in values.split('|') {
                match self.knob_setting(name, value) {
                    Ok(setting) if next.len() < WAYS => {
                        next.extend(ways.iter().map(|way| [way.as_slice(), &[setting]].concat()));
                    }
                    Ok(_) => {
                        self.mistakes.error(value_span(entry), "these are more than 64 ways").help("name fewer values");
                        return None;
                    }
                    Err(error) => {
                        self.mistakes.error(value_span(entry), error.to_string());
                        return None;
                    }
                }
            }
            ways = next;
        }
        Some(ways)
    }

    fn with_condition(&self, text: &str, when: &[(KnobId, f64)]) -> String {
        let shown: Vec<String> = when
            .iter()
            .filter_map(|(id, value)| {
                self.scenario.knobs.get(id.index()).map(|k| format!("{}={}", k.name, k.show(*value)))
            })
            .collect();
        if shown.is_empty() { text.to_owned() } else { format!("{text} when {}", shown.join(" ")) }
    }
}
