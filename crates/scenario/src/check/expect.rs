//! Expectations: `expect contended account above="50%" when="kind=std|fair"`.

mod conditions;
mod figure_formula;
mod figure_terms;
mod measures;
mod report_member;

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::Checker;
use super::names::NamedItem;
use super::node::{arg, args, entry_span, prop, span_of, value_kind, value_span};
use super::number_rule::{HOUR, NumberRule};
use crate::expr::Expr;
use crate::knob::Unit;
use crate::program::{Claim, Compare, Expect, Metric, MetricSubject, NeededCores};
use crate::quantity;
use contend_trace::{FindingId, State};
pub(super) use figure_formula::tokens::formula_error;
pub(super) use figure_formula::{FormulaReader, is_formula};
pub(super) use measures::MEASURES;
use measures::{Measure, SubjectKind};

const OTHERS: [&str; 6] = ["deadlock", "no-deadlock", "finding", "no-finding", "share", "json"];

const COMPARES: [(&str, Compare); 3] =
    [("above", Compare::Above), ("below", Compare::Below), ("equals", Compare::Equals)];

/// Least and most cores that an expectation can need.
pub(super) const NEEDED_CORES: (i64, i64) = (2, 64);

pub(super) const WITHIN: NumberRule = NumberRule { unit: Unit::Time, min: 1e6, max: HOUR, index: false, live: true };

impl Checker {
    pub(super) fn expectations(&mut self, nodes: &[&KdlNode]) {
        for node in super::nodes_named(nodes, &["expect"]) {
            let claim = self.claim(node);
            let ways = match prop(node, "when") {
                Some(entry) => self.knob_combinations(entry),
                None => Some(vec![Vec::new()]),
            };
            let (Some((claim, text)), Some(ways)) = (claim, ways) else { continue };
            let times = if let Claim::Measure { baseline: times, .. } = claim.bare() { times.as_ref() } else { None };
            for when in ways {
                if !self.check_baseline_differs(node, &when, times) || !self.check_runs_differ(node, &when, &claim) {
                    break;
                }
                let text = self.with_condition(&text, &when);
                self.scenario.expectations.push(Expect { text, when, claim: claim.clone() });
            }
        }
    }

    /// Reads the claim of an expectation with what it needs of the machine, and words it for reports.
    pub(super) fn claim(&mut self, node: &KdlNode) -> Option<(Claim, String)> {
        let needs = match (prop(node, "needs-cores"), prop(node, "needs-physical-cores")) {
            (Some(_), Some(entry)) => {
                let title = "an expectation needs either cores or physical cores, not both";
                self.mistakes.error(entry_span(entry), title).help("remove one of them");
                return None;
            }
            (Some(entry), None) => Some(NeededCores { count: self.core_count(entry)?, are_physical: false }),
            (None, Some(entry)) => Some(NeededCores { count: self.core_count(entry)?, are_physical: true }),
            (None, None) => None,
        };
        let (claim, text) = self.bare_claim(node)?;
        Some(match needs {
            Some(needs) => (Claim::OnCores { needs, claim: Box::new(claim) }, text),
            None => (claim, text),
        })
    }

    /// Reads on how many cores at once the workers of a claim must run to show it.
    fn core_count(&mut self, entry: &KdlEntry) -> Option<u32> {
        let (fewest, most) = NEEDED_CORES;
        match entry.value() {
            KdlValue::Integer(cores) if (fewest.into()..=most.into()).contains(cores) => u32::try_from(*cores).ok(),
            _ => {
                let title = "expected a literal number of cores";
                self.mistakes.error(value_span(entry), title).help(format!("it goes from {fewest} to {most}"));
                None
            }
        }
    }

    fn bare_claim(&mut self, node: &KdlNode) -> Option<(Claim, String)> {
        let words: Vec<&str> = OTHERS.into_iter().chain(MEASURES.map(|measure| measure.word)).collect();
        let kind = arg(node, 0)?;
        if let Some(text) = kind.value().as_string().filter(|text| is_formula(text)) {
            self.reject_others(node, 1, &[]);
            return self.figure_formula(kind, text);
        }
        match words[self.word(kind, &words)?] {
            "deadlock" => {
                self.reject_others(node, 1, &["within"]);
                let within = match prop(node, "within") {
                    Some(entry) => Some(self.within(entry)?),
                    None => None,
                };
                let text = within.map(|ns| format!("deadlock within {}", quantity::format_quantity(ns, Unit::Time)));
                Some((Claim::Deadlock { within }, text.unwrap_or_else(|| "deadlock".to_owned())))
            }
            "no-deadlock" => {
                self.reject_others(node, 1, &[]);
                Some((Claim::NoDeadlock, "no deadlock".to_owned()))
            }
            word @ ("finding" | "no-finding") => {
                self.reject_others(node, 2, &[]);
                let entry = self.second_argument(node, "which finding, such as lock-bound")?;
                let id = FindingId::IDS[self.word(entry, &FindingId::IDS)?].to_owned();
                let text = format!("{} {id}", if word == "finding" { "finding" } else { "no finding" });
                Some((Claim::Finding { id, is_expected: word == "finding" }, text))
            }
            "json" => {
                self.reject_others(node, 2, &["above", "below", "equals"]);
                self.report_member(node)
            }
            word => self.measure(node, word),
        }
    }

    fn within(&mut self, entry: &KdlEntry) -> Option<f64> {
        if let Expr::Number(ns) = self.number(entry, WITHIN)?.expr {
            return Some(ns);
        }
        self.mistakes.error(value_span(entry), "expected a literal time");
        None
    }

    fn measure(&mut self, node: &KdlNode, word: &str) -> Option<(Claim, String)> {
        let measure = MEASURES.iter().find(|measure| measure.word == word);
        let (metric, of, named) = match measure {
            None => {
                self.reject_others(node, 2, &["of", "above", "below", "equals", "times"]);
                self.share(node)?
            }
            Some(measure) => {
                let values = if measure.subject_kind == SubjectKind::Run { 1 } else { 2 };
                self.reject_others(node, values, &["above", "below", "equals", "times"]);
                self.metric_and_subject(node, measure)?
            }
        };
        let times = match prop(node, "times") {
            Some(entry) => Some(self.baseline(entry, measure.map(|measure| measure.subject_kind))?),
            None => None,
        };
        let (compare, entry, how) = self.compare(node)?;
        let value = if times.is_some() { self.factor(entry)? } else { self.expected_value(entry, metric)? };
        let (times, text) = match times {
            Some((times, with)) => (Some(times), format!("{named} {how} {value} times {with}")),
            None if metric.is_share() => (None, format!("{named} {how} {}%", (value * 1e4).round() / 1e2)),
            None if metric.is_time() => {
                (None, format!("{named} {how} {}", quantity::format_quantity(value, Unit::Time)))
            }
            None => (None, format!("{named} {how} {value}")),
        };
        if self.compares_with_itself(node, &of, times.as_ref()) {
            return None;
        }
        Some((Claim::Measure { metric, subject: of, compare, value, baseline: times }, text))
    }

    /// Reads the measure and its subject, and words both for reports.
    fn metric_and_subject(&mut self, node: &KdlNode, measure: &Measure) -> Option<(Metric, MetricSubject, String)> {
        if measure.subject_kind == SubjectKind::Run {
            return Some((measure.metric, MetricSubject::All, measure.word.to_owned()));
        }
        let entry = self.second_argument(node, "whose, such as the name of a pool")?;
        let subject = self.subject(entry, measure.subject_kind)?;
        let name = entry.value().as_string().unwrap_or_default();
        Some((measure.metric, subject, format!("{} {name}", measure.word)))
    }

    /// Reads `share lock of=tellers`: the share of the workers' time in a state.
    fn share(&mut self, node: &KdlNode) -> Option<(Metric, MetricSubject, String)> {
        let entry = self.second_argument(node, "which state, such as lock")?;
        let words = State::ALL.map(State::word);
        let state = State::ALL[self.word(entry, &words)?];
        let Some(of) = prop(node, "of") else {
            return Some((Metric::Share(state), MetricSubject::All, format!("share {}", state.word())));
        };
        let subject = self.group(of)?;
        let name = of.value().as_string().unwrap_or_default();
        Some((Metric::Share(state), subject, format!("share {} of {name}", state.word())))
    }

    /// Resolves the name of a group of workers or of a pool.
    fn group(&mut self, entry: &KdlEntry) -> Option<MetricSubject> {
        match self.resolve(entry, "a group of workers", |_, item| !matches!(item, NamedItem::Resource(_)))? {
            NamedItem::Pool(at) => Some(MetricSubject::Pool(at)),
            NamedItem::Workers(at) => Some(MetricSubject::Workers(at)),
            NamedItem::Resource(_) => None,
        }
    }

    fn subject(&mut self, entry: &KdlEntry, of: SubjectKind) -> Option<MetricSubject> {
        let name = self.text(entry)?;
        match self.find_subject(name, of) {
            Ok(subject) => Some(subject),
            Err((title, help)) => {
                self.mistakes.error(value_span(entry), title).help(help);
                None
            }
        }
    }

    /// Finds the subject of a measure by its name. The error has title and help.
    fn find_subject(&self, name: &str, of: SubjectKind) -> Result<MetricSubject, (String, String)> {
        let item = self.find_item(name, of.noun(), |this, item| match (item, of) {
            (NamedItem::Pool(_), of) => {
                matches!(
                    of,
                    SubjectKind::Pool
                        | SubjectKind::PoolOrQueue
                        | SubjectKind::Rated
                        | SubjectKind::PoolOrGroup
                        | SubjectKind::CounterOrPool
                )
            }
            (NamedItem::Workers(_), of) => of == SubjectKind::PoolOrGroup,
            (NamedItem::Resource(at), of) => {
                this.scenario.resources.get(at).is_some_and(|resource| of.matches(&resource.spec))
            }
        })?;
        Ok(match item {
            NamedItem::Resource(at) => MetricSubject::Resource(at),
            NamedItem::Pool(at) => MetricSubject::Pool(at),
            NamedItem::Workers(at) => MetricSubject::Workers(at),
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

    /// Reads the bound of a measure: a share as `50%`, a time as `5ms`, or a plain number.
    fn expected_value(&mut self, entry: &KdlEntry, metric: Metric) -> Option<f64> {
        let (wanted, range, (min, max)) = match metric {
            _ if metric.is_share() => ("a share such as \"50%\"", "it goes from 0% to 100%", (0.0, 1.0)),
            _ if metric.is_time() => ("a time such as \"5ms\"", "it goes from 0us to 1h", (0.0, HOUR)),
            _ => ("a plain number", "it goes from -1e15 to 1e15", (-1e15, 1e15)),
        };
        let percent = |text: &str| text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let value = match entry.value() {
            KdlValue::Integer(_) | KdlValue::Float(_) if metric.is_time() => None,
            KdlValue::Integer(value) => Some(*value as f64),
            KdlValue::Float(value) => Some(*value),
            KdlValue::String(text) if metric.is_share() => percent(text).map(|value| value / 100.0),
            KdlValue::String(text) if metric.is_time() => match quantity::parse(text) {
                Ok((value, Unit::Time)) => Some(value),
                _ => None,
            },
            _ => None,
        };
        self.within_range(entry, value, wanted, (min, max), range)
    }

    /// Reads the factor of a ratio.
    fn factor(&mut self, entry: &KdlEntry) -> Option<f64> {
        let value = match entry.value() {
            KdlValue::Integer(value) => Some(*value as f64),
            KdlValue::Float(value) => Some(*value),
            _ => None,
        };
        self.within_range(entry, value, "a plain number of times", (0.0, 1e6), "it goes from 0 to 1e6")
    }

    fn within_range(
        &mut self,
        entry: &KdlEntry,
        value: Option<f64>,
        wanted: &str,
        (min, max): (f64, f64),
        range: &str,
    ) -> Option<f64> {
        let Some(value) = value else {
            let title = format!("expected {wanted}, found {}", value_kind(entry.value()));
            self.mistakes.error(value_span(entry), title);
            return None;
        };
        if !(min..=max).contains(&value) {
            self.mistakes.error(value_span(entry), "this number is out of range").help(range);
            return None;
        }
        Some(value)
    }

    fn second_argument<'a>(&mut self, node: &'a KdlNode, what: &str) -> Option<&'a KdlEntry> {
        let found = arg(node, 1);
        if found.is_none() {
            self.mistakes.error(span_of(node), format!("this expectation does not say {what}"));
        }
        found
    }

    /// Reports all values and properties that this kind of expectation does not have.
    fn reject_others(&mut self, node: &KdlNode, values: usize, props: &[&str]) {
        for extra in args(node).skip(values) {
            self.mistakes.error(entry_span(extra), "this is one value too many").help("remove it");
        }
        let kind = arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default().to_owned();
        for name in ["within", "above", "below", "equals", "of", "times"].iter().filter(|name| !props.contains(name)) {
            if let Some(entry) = prop(node, name) {
                let title = format!("`expect {kind}` has no `{name}`");
                self.mistakes.error(entry_span(entry), title).help("remove it");
            }
        }
    }
}
