//! What was predicted of a run, and what came of it.

use super::RunView;
use crate::report::{self, Answer};
use crate::scenario::{KnobKind, Settings, Suggestion};
use crate::trace::Span;

/// So long a run is looked at before what was measured is laid over it.
const MIN_WATCH_TIME: Span = Span::from_millis(3_000);

/// What one was asked before this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tui) struct Prediction {
    /// The guess that was chosen, by its place.
    pub(in crate::tui) guess: Option<usize>,
    /// What was measured is to be shown by itself, once.
    pub(in crate::tui) is_answer_pending: bool,
    /// What came of the run before, with other knobs.
    pub(in crate::tui) previous_outcome: Option<String>,
}

impl RunView {
    /// Takes what is measured by now as an answer to the question.
    pub(in crate::tui) fn update_answer(&mut self) {
        let (model, now) = (self.shown_model(), self.now);
        let ask = self.scenario.quiz.as_ref().filter(|ask| !ask.guesses.is_empty());
        let is_on_its_way =
            self.last_turn_at.is_some_and(|at| model.settings_change(now).is_none_or(|change| change.at < at));
        self.answer = match ask {
            Some(ask) if is_on_its_way => Some(Answer::unknown(ask, "the settings were changed just now".to_owned())),
            _ => report::answer_question(model, &self.scenario, now),
        };
    }

    /// Whether what was predicted is to be compared with what was measured now: it is decided, and was looked at, and
    /// nobody is looking at the past.
    pub(in crate::tui) fn is_answer_due(&self) -> bool {
        if !self.prediction.is_answer_pending
            || self.frozen.is_some()
            || self.cursor.is_some()
            || self.viewport != super::Viewport::Follow
        {
            return false;
        }
        let passed = self.now.span_since(crate::trace::Stamp::default());
        let settled = match &self.answer {
            Some(answer) => answer.is_settled,
            None => passed.0 >= self.scenario.test.hold_nanos as u64,
        };
        self.model.run_end().is_some() || (passed >= MIN_WATCH_TIME && settled)
    }

    /// What was measured, in a line: to be compared with what comes of the next run.
    pub(in crate::tui) fn summarize_outcome(&mut self) -> Option<String> {
        self.update_answer();
        let guesses = &self.scenario.quiz.as_ref()?.guesses;
        let answer = self.answer.as_ref()?;
        let right = answer.right_guesses.first().and_then(|at| guesses.get(*at)).map(|guess| guess.text.clone());
        let right = answer.doubt.as_ref().map(ToString::to_string).or(right);
        let knobs = self.scenario.changed_knobs_text(&self.settings);
        let knobs = if knobs.is_empty() { "as it was".to_owned() } else { format!("with {knobs}") };
        Some(format!("{knobs}: {}", right.or_else(|| answer.evidence.first().cloned())?))
    }

    /// Suggestions that say which knobs to turn, as they are numbered on the screen.
    pub(in crate::tui) fn suggestions(&self) -> impl Iterator<Item = &Suggestion> {
        self.scenario.suggestions.iter().filter(|suggestion| !suggestion.set.is_empty())
    }

    /// The knobs as a suggestion has them; all others as the scenario does.
    pub(in crate::tui) fn settings_for(&self, suggestion: &Suggestion) -> Settings {
        let mut settings = Settings { numbers: self.scenario.default_settings().numbers, ..self.settings.clone() };
        for (knob, value) in &suggestion.set {
            if let Some(number) = settings.numbers.get_mut(knob.index()) {
                *number = *value;
            }
        }
        settings
    }

    /// What to look at, with the knobs as they stand: the first of what the scenario says to watch, which is said of it
    /// as it is; else what the suggestion says that has turned them so.
    pub(in crate::tui) fn watch_hint(&self) -> Option<&str> {
        let text = |id: usize| matches!(self.scenario.knobs[id].kind, KnobKind::Text { .. });
        let same = |a: &Settings, b: &Settings| {
            a.numbers.iter().zip(&b.numbers).enumerate().all(|(i, (a, b))| text(i) || a.to_bits() == b.to_bits())
        };
        if same(&self.settings, &self.scenario.default_settings()) {
            return self.scenario.watch.first().map(String::as_str);
        }
        self.suggestions().find(|t| same(&self.settings, &self.settings_for(t))).map(|t| t.text.as_str())
    }
}
