//! The verdict on a run at the shown moment: the problem that matters most, or in plain words that all is well.
//!
//! The verdict is data: [`RunView::verdict`] decides what to say, `draw::band` draws it under the header.

mod healthy;
mod result;
mod suggestion;

use std::borrow::Cow;

use super::keys::Action;
use super::run_view::{PlayState, RunView, Selection};
use crate::model::{Finding, FindingSubject, MIN_OBSERVATION, Severity};
use crate::trace::format::{compact_counted, compact_duration};
use crate::trace::{RunEnd, Span};

/// How good or bad a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Problem(Severity),
    Good,
    /// The guess was right or wrong.
    Guess {
        is_right: bool,
    },
    /// Nothing is known yet.
    Neutral,
}

/// What the band under the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) tone: Tone,
    pub(super) name: Cow<'static, str>,
    /// The decisive fact, with its numbers.
    pub(super) sentence: String,
    /// What to do about it, or what else there is to know.
    pub(super) advice: String,
    /// The names in the sentence that it is about.
    pub(super) subjects: Vec<String>,
    /// The keys that show or try it, the most important first.
    pub(super) keys: Vec<(Action, String)>,
    /// Which of how many findings this is, if there are several.
    pub(super) position: Option<(usize, usize)>,
    /// Left out: muted findings, set thresholds.
    pub(super) note: String,
    /// The index of the finding.
    pub(super) finding: Option<usize>,
}

impl Verdict {
    fn new(tone: Tone, name: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            tone,
            name: Cow::Borrowed(name),
            sentence: sentence.into(),
            advice: String::new(),
            subjects: Vec::new(),
            keys: Vec::new(),
            position: None,
            note: String::new(),
            finding: None,
        }
    }

    /// Returns a verdict that says what a step of slow motion shows.
    pub(super) fn of_slow_motion(caption: String) -> Self {
        let keys = [
            (Action::SlowMotion, "live"),
            (Action::PlayPause, "pause"),
            (Action::NextStep, "next step"),
            (Action::PreviousStep, "step before"),
        ];
        Self {
            keys: keys.map(|(action, words)| (action, words.to_owned())).to_vec(),
            ..Self::new(Tone::Neutral, "slow motion", caption)
        }
    }
}

impl RunView {
    /// Returns the verdict on the shown moment or range.
    pub(in crate::tui) fn verdict(&self) -> Verdict {
        let verdict = if let PlayState::Ended(RunEnd::Crashed(why)) = self.play_state() {
            let sentence = format!("The run broke off: {why}.");
            Verdict {
                keys: vec![(Action::Restart, "restart".into())],
                ..Verdict::new(Tone::Problem(Severity::Error), "broken off", sentence)
            }
        } else if let Some(verdict) = self.verdict_on_guess() {
            verdict
        } else if let Some(index) = self.finding_in_band() {
            self.verdict_on_finding(index)
        } else {
            self.verdict_without_findings()
        };
        Verdict { note: self.left_out_note(), ..verdict }
    }

    /// Returns the finding that the band is about: the chosen one, or the most severe.
    fn finding_in_band(&self) -> Option<usize> {
        let count = self.figures.findings.len();
        match self.selection {
            Some(Selection::Finding(index)) if index < count => Some(index),
            _ => (count > 0).then_some(0),
        }
    }

    fn verdict_on_finding(&self, index: usize) -> Verdict {
        let findings = &self.figures.findings;
        let finding = &findings[index];
        let mut keys = Vec::new();
        let has_row = finding.subject.is_some() || finding.at.is_some();
        if has_row && matches!(self.selection, None | Some(Selection::Finding(_))) {
            keys.push((Action::Inspect, "show where".to_owned()));
        }
        if self.shown_deadlocks().iter().any(|deadlock| Some(deadlock.closed_at) == finding.at) {
            keys.insert(0, (Action::SlowMotion, "replay slowly".to_owned()));
        }
        keys.extend(self.suggestion_for(finding));
        Verdict {
            tone: Tone::Problem(finding.severity),
            name: Cow::Borrowed(finding.id),
            sentence: finding.sentence.clone(),
            advice: finding.fix.clone(),
            subjects: self.subject_names(finding),
            keys,
            position: (findings.len() > 1).then_some((index + 1, findings.len())),
            note: String::new(),
            finding: Some(index),
        }
    }

    /// Returns the name of what a finding is about.
    fn subject_names(&self, finding: &Finding) -> Vec<String> {
        let registry = self.shown_model().registry();
        let name = match finding.subject.map(FindingSubject::worst) {
            Some(FindingSubject::Worker(worker)) => Some(registry.worker_name(worker).to_owned()),
            Some(FindingSubject::Resource(id)) => Some(registry.resource_name(id).to_owned()),
            Some(FindingSubject::Pool(id)) => registry.pools.get(id.index()).map(|pool| pool.name.clone()),
            _ => None,
        };
        name.into_iter().collect()
    }

    fn verdict_without_findings(&self) -> Verdict {
        if let Some(sentence) = self.range_without_findings() {
            return Verdict::new(Tone::Neutral, "range", sentence);
        }
        let mut verdict = match self.measuring_left() {
            Some(_) if self.figures.workers().next().is_none() => {
                Verdict::new(Tone::Neutral, "starting", "The workers start.")
            }
            Some(left) => {
                let sentence = format!("The first findings come in {}.", compact_duration(left));
                Verdict::new(Tone::Neutral, "measuring", sentence)
            }
            None => self.healthy_verdict(),
        };
        if verdict.advice.is_empty() {
            verdict.advice = self.before_or_watch(&mut verdict.keys);
        }
        verdict
    }

    /// Returns the earlier problem, or the things to watch.
    fn before_or_watch(&self, keys: &mut Vec<(Action, String)>) -> String {
        if let Some(before) = &self.past_finding {
            keys.extend(self.comparison_key());
            return format!("Before: {}: {}", before.id, before.sentence);
        }
        let words = |label: &str, text: &str| format!("{label}: {text}");
        let ask = || self.scenario.quiz.as_ref().map(|quiz| words("Question", &quiz.text));
        self.watch_hint().map(|watch| words("Watch", watch)).or_else(ask).unwrap_or_default()
    }

    /// Returns the key that compares the levels of a pool, or the run before and after a turned knob.
    fn comparison_key(&self) -> Option<(Action, String)> {
        let turn = self.last_turn()?;
        let words = format!("compare {} and {}", turn.before, turn.after);
        let has_levels = self.level_history.count() > self.shown_model().registry().pools.len();
        Some((if has_levels { Action::ToggleLevels } else { Action::Compare }, words))
    }

    /// Returns what to say about a range without findings.
    fn range_without_findings(&self) -> Option<&'static str> {
        let record = self.shown_range().and(self.interval_record())?;
        let is_short = record.to.span_since(record.from) < MIN_OBSERVATION;
        Some(match (&record.findings, is_short) {
            (_, true) => "This range is too short for findings.",
            (None, _) => "Too many events in this range: its findings are those of its end.",
            (Some(_), _) => "No findings in this range.",
        })
    }

    /// Returns how long the settings in force must still be measured before there can be findings.
    fn measuring_left(&self) -> Option<Span> {
        if self.shown_model().run_end().is_some_and(|(at, _)| at <= self.figures_time()) {
            return None;
        }
        let at = self.figures_time();
        let measured = at.span_since(self.shown_model().settings_start(at));
        (measured < MIN_OBSERVATION).then(|| Span(MIN_OBSERVATION.0 - measured.0))
    }

    /// Returns how many findings are muted and how many thresholds are set.
    fn left_out_note(&self) -> String {
        let thresholds = self.shown_model().thresholds().changed().count();
        let muted = (self.muted_findings > 0).then(|| format!("{} muted", self.muted_findings));
        let set = (thresholds > 0).then(|| format!("{} set", compact_counted(thresholds as u64, "threshold")));
        muted.into_iter().chain(set).collect::<Vec<_>>().join(", ")
    }
}

/// A part of a line, and whether it is emphasized.
pub(super) type Emphasis<'a> = (&'a str, bool);

/// Splits a line into parts: numbers with their units, and the names it is about, are emphasized.
pub(super) fn emphasize<'a>(line: &'a str, names: &[String]) -> Vec<Emphasis<'a>> {
    let mut parts: Vec<Emphasis<'a>> = Vec::new();
    let mut plain_from = 0;
    let mut was_number = false;
    let mut at = 0;
    for word in line.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', '.', ',', ';', ':', ')']);
        let is_number = bare.starts_with(|c: char| c.is_ascii_digit());
        let is_unit = was_number && matches!(bare, "%" | "ns" | "µs" | "us" | "ms" | "s" | "bytes");
        if is_number || is_unit || names.iter().any(|name| name == bare) {
            if plain_from < at {
                parts.push((&line[plain_from..at], false));
            }
            parts.push((&line[at..at + bare.len()], true));
            plain_from = at + bare.len();
        }
        was_number = is_number && bare.len() + 1 == word.len();
        at += word.len();
    }
    if plain_from < line.len() {
        parts.push((&line[plain_from..], false));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_units_and_names_are_emphasized() {
        let line = "account-lock is held 97 % of the time. Ceiling: 416/s, in 1.9 s (fork-1).";
        let strong: Vec<&str> = emphasize(line, &["account-lock".to_owned()])
            .into_iter()
            .filter(|(_, is)| *is)
            .map(|(text, _)| text)
            .collect();
        assert_eq!(strong, ["account-lock", "97", "%", "416/s", "1.9", "s"]);
        let whole: String = emphasize(line, &[]).into_iter().map(|(text, _)| text).collect();
        assert_eq!(whole, line);
    }
}
