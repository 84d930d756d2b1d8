//! The knobs of an expectation, `when=`, and what a measure is compared with, `times=`.

use kdl::{KdlEntry, KdlNode};

use super::super::Checker;
use super::super::node::{prop, value_span};
use super::SubjectKind;
use crate::knob::Knob;
use crate::knob_match::is_same_knob_value;
use crate::program::{Baseline, MetricSubject};
use contend_trace::KnobId;

/// Most combinations of knobs that one line can name.
const MAX_COMBINATIONS: usize = 64;

impl Checker {
    /// Reads `times=`, another run given by its knobs or a name in the same run, and words it for reports.
    pub(super) fn baseline(&mut self, entry: &KdlEntry, of: Option<SubjectKind>) -> Option<(Baseline, String)> {
        let text = self.text(entry)?;
        if text.contains('=') {
            let ways = self.knob_combinations(entry)?;
            let [way] = ways.as_slice() else {
                let title = "a measure is compared with one other run";
                self.mistakes.error(value_span(entry), title).help("name one value of each knob");
                return None;
            };
            let worded = self.settings_text(way);
            return Some((Baseline::OtherRun(way.clone()), worded));
        }
        let subject = match of {
            Some(SubjectKind::Run) => {
                let title = "the run as a whole can only be compared with another one";
                self.mistakes.error(value_span(entry), title).help("name knobs: times=\"workers=1\"");
                return None;
            }
            Some(of) => self.subject(entry, of)?,
            None => self.group(entry)?,
        };
        Some((Baseline::SameRun(subject), text.to_owned()))
    }

    /// Reports a run that is compared with itself.
    pub(super) fn check_baseline_differs(
        &mut self,
        node: &KdlNode,
        when: &[(KnobId, f64)],
        times: Option<&Baseline>,
    ) -> bool {
        let Some(Baseline::OtherRun(set)) = times else { return true };
        let stands = |knob: &KnobId| {
            let named = when.iter().find(|(named, _)| named == knob).map(|(_, value)| *value);
            named.or_else(|| self.scenario.knobs.get(knob.index()).map(Knob::default_value))
        };
        let same =
            set.iter().all(|(knob, value)| stands(knob).is_some_and(|stands| is_same_knob_value(stands, *value)));
        if let (true, Some(entry)) = (same, prop(node, "times")) {
            let help = "name a knob with another value, in `when` or here";
            self.mistakes.error(value_span(entry), "this compares a run with itself").help(help);
        }
        !same
    }

    /// Reports a measure that is compared with itself in the same run; returns whether it is.
    pub(super) fn compares_with_itself(
        &mut self,
        node: &KdlNode,
        of: &MetricSubject,
        times: Option<&Baseline>,
    ) -> bool {
        let same = matches!(times, Some(Baseline::SameRun(other)) if other == of);
        if let (true, Some(entry)) = (same, prop(node, "times")) {
            self.mistakes.error(value_span(entry), "this is compared with itself").help("name something else");
        }
        same
    }

    /// Reads `kind=std|fair order=same` and returns every combination of values.
    pub(super) fn knob_combinations(&mut self, entry: &KdlEntry) -> Option<Vec<Vec<(KnobId, f64)>>> {
        let text = self.text(entry)?;
        let mut ways: Vec<Vec<(KnobId, f64)>> = vec![Vec::new()];
        for condition in text.split_whitespace() {
            let Some((name, values)) = condition.split_once('=') else {
                let help = "write knobs and values: when=\"kind=std|fair order=same\"";
                self.mistakes.error(value_span(entry), format!("`{condition}` is not a condition")).help(help);
                return None;
            };
            let mut next = Vec::new();
            for value in values.split('|') {
                match self.knob_setting(name, value) {
                    Ok(setting) if next.len() < MAX_COMBINATIONS => {
                        next.extend(ways.iter().map(|way| [way.as_slice(), &[setting]].concat()));
                    }
                    Ok(_) => {
                        self.mistakes
                            .error(value_span(entry), "these are more than 64 combinations")
                            .help("name fewer values");
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

    pub(super) fn with_condition(&self, text: &str, when: &[(KnobId, f64)]) -> String {
        let shown = self.settings_text(when);
        if shown.is_empty() { text.to_owned() } else { format!("{text} when {shown}") }
    }

    /// Formats knobs as they are written: `kind=std order=same`.
    fn settings_text(&self, set: &[(KnobId, f64)]) -> String {
        self.settings_words(set).join(" ")
    }

    pub(super) fn settings_words(&self, set: &[(KnobId, f64)]) -> Vec<String> {
        let word = |(id, value): &(KnobId, f64)| {
            self.scenario.knobs.get(id.index()).map(|knob| format!("{}={}", knob.name, knob.format_value(*value)))
        };
        set.iter().filter_map(word).collect()
    }
}
