//! The prediction for a run, and its outcome.

use super::RunView;
use crate::report::{self, Answer};
use crate::scenario::{KnobKind, Settings, Suggestion};
use crate::trace::{Span, Stamp};

/// How long a run is watched before the answer covers it.
const MIN_WATCH_TIME: Span = Span::from_millis(3_000);

/// The prediction made before this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tui) struct Prediction {
    /// The index of the chosen guess.
    pub(in crate::tui) guess: Option<usize>,
    /// Whether to show the answer by itself, once.
    pub(in crate::tui) is_answer_pending: bool,
    /// Whether the verdict is about the guess, until it is closed.
    pub(in crate::tui) is_result_shown: bool,
    /// The outcome of the previous run, with other knobs.
    pub(in crate::tui) previous_outcome: Option<String>,
}

impl RunView {
    /// Computes the answer to the question from the measurements so far.
    pub(in crate::tui) fn update_answer(&mut self) {
        let (model, now) = (self.shown_model(), self.now);
        let ask = self.scenario.quiz.as_ref().filter(|ask| !ask.guesses.is_empty());
        let is_on_its_way =
            self.last_turn_at.is_some_and(|at| model.settings_change(now).is_none_or(|change| change.at < at));
        self.answer = match ask {
            Some(ask) if self.first_moment() > Stamp(0) => Some(Answer::without_beginning(ask, self.first_moment())),
            Some(ask) if is_on_its_way => Some(Answer::unknown(ask, "the settings were changed just now".to_owned())),
            _ => report::answer_question(model, &self.scenario, &self.settings, now),
        };
    }

    /// Whether to show the answer now: it is settled, the run was watched long enough, and the present is on screen.
    pub(in crate::tui) fn is_answer_due(&self) -> bool {
        if !self.prediction.is_answer_pending
            || self.is_frozen()
            || self.cursor.is_some()
            || matches!(self.viewport, super::Viewport::Until(_))
        {
            return false;
        }
        let passed = self.now.span_since(Stamp::default());
        let settled = match &self.answer {
            Some(answer) => answer.is_settled,
            None => passed.0 >= self.scenario.test.hold_nanos as u64,
        };
        self.model.run_end().is_some() || (passed >= MIN_WATCH_TIME && settled)
    }

    /// Returns the measurement in one line, for comparison with the next run.
    pub(in crate::tui) fn summarize_outcome(&mut self) -> Option<String> {
        self.update_answer();
        let guesses = &self.scenario.quiz.as_ref()?.guesses;
        let answer = self.answer.as_ref()?;
        let right = answer.right_guesses.first().and_then(|at| guesses.get(*at)).map(|guess| guess.text.clone());
        let right = answer.doubt.as_ref().map(ToString::to_string).or(right);
        let knobs = self.scenario.changed_knobs_text(&self.settings);
        let knobs = if knobs.is_empty() { "with default knobs".to_owned() } else { format!("with {knobs}") };
        Some(format!("{knobs}: {}", right.or_else(|| answer.evidence.first().cloned())?))
    }

    /// Returns the suggestions that turn knobs, in the order of their numbers on the screen.
    pub(in crate::tui) fn suggestions(&self) -> impl Iterator<Item = &Suggestion> {
        self.scenario.suggestions.iter().filter(|suggestion| !suggestion.set.is_empty())
    }

    /// Returns the settings of a suggestion; the other knobs have the scenario's defaults.
    pub(in crate::tui) fn settings_for(&self, suggestion: &Suggestion) -> Settings {
        let mut settings = Settings { numbers: self.scenario.default_settings().numbers, ..self.settings.clone() };
        for (knob, value) in &suggestion.set {
            if let Some(number) = settings.numbers.get_mut(knob.index()) {
                *number = *value;
            }
        }
        settings
    }

    /// Returns what to watch: the scenario's first hint with default knobs, or the suggestion that set the current
    /// knobs.
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
