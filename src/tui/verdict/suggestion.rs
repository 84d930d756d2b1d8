//! The suggestion of a scenario that fits a finding.

use crate::model::Finding;
use crate::scenario::Suggestion;
use crate::trace::KnobId;
use crate::tui::keys::Action;
use crate::tui::knob_text::spell_value;
use crate::tui::run_view::RunView;

/// Words that say nothing about what a text is about.
const COMMON_WORDS: [&str; 12] =
    ["the", "for", "and", "that", "than", "they", "what", "more", "only", "less", "time", "but"];

/// What a knob's name in the fix counts, in words.
const KNOB_WEIGHT: usize = 3;

impl RunView {
    /// Returns the number key of the suggestion that fits a finding best, with the knobs it sets: `try hold = 500 µs`.
    pub(super) fn suggestion_for(&self, finding: &Finding) -> Option<(Action, String)> {
        if !self.has_control() {
            return None;
        }
        let fix = words_of(&format!("{} {}", finding.fix, finding.id));
        let score = |suggestion: &Suggestion| {
            let common = words_of(&suggestion.text).iter().filter(|word| fix.contains(word)).count();
            let knobs = suggestion.set.iter().filter_map(|(knob, _)| self.scenario.knobs.get(knob.index()));
            common
                + KNOB_WEIGHT * knobs.filter(|knob| words_of(&knob.name).iter().any(|word| fix.contains(word))).count()
        };
        let differs = |suggestion: &Suggestion| {
            suggestion.set.iter().any(|(knob, value)| self.settings.number(*knob).to_bits() != value.to_bits())
        };
        let scored = self.suggestions().enumerate().filter(|(_, suggestion)| differs(suggestion));
        let scored =
            scored.map(|(at, suggestion)| (score(suggestion), at, suggestion)).filter(|(score, ..)| *score > 0);
        let (_, at, best) = scored.max_by_key(|(score, at, _)| (*score, std::cmp::Reverse(*at)))?;
        Some((Action::RunSuggestion(at + 1), format!("try {}", self.describe_set(best))))
    }

    /// Returns the knobs that a suggestion sets: `hold = 500 µs, tellers = 4`.
    fn describe_set(&self, suggestion: &Suggestion) -> String {
        let knob = |(knob, value): &(KnobId, f64)| {
            let knob = self.scenario.knobs.get(knob.index())?;
            Some(format!("{} = {}", knob.name, spell_value(&knob.format_value(*value))))
        };
        suggestion.set.iter().filter_map(knob).collect::<Vec<_>>().join(", ")
    }
}

/// Returns the words of a text that say what it is about, without a plural's ending.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).map(str::to_lowercase);
    let words = words.filter(|word| !COMMON_WORDS.contains(&word.as_str()));
    words.map(|word| word.trim_end_matches('s').to_owned()).collect()
}
