//! The answer to a scenario's question beside the guess, in words.

use super::run_view::RunView;
use crate::report::{Answer, Doubt, GuessState};
use crate::trace::format::compact_duration;

/// How a guess compares with the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuessOutcome {
    Right,
    Wrong,
    /// The figures neither confirm it nor rule it out.
    Undecided,
    /// No guess was made.
    NoGuess,
}

/// The words of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AnswerText {
    pub(super) outcome: GuessOutcome,
    /// Whether no later measurement changes the outcome.
    pub(super) is_final: bool,
    pub(super) guess: String,
    /// `Answer`, or `So far`.
    pub(super) label: &'static str,
    /// The settings that it is about, if they are not those of the scenario: `with workers=5, for 3.2 s: `.
    pub(super) settings: String,
    /// The right guesses, or why none is known to be right.
    pub(super) answer: String,
    /// The likely answer, if the measurement is too noisy to tell.
    pub(super) probable: Option<String>,
}

impl RunView {
    /// Returns the words of the answer; `None` if the scenario has no guesses or nothing was computed.
    pub(super) fn answer_text(&self) -> Option<AnswerText> {
        let (quiz, answer) = (self.scenario.quiz.as_ref()?, self.answer.as_ref()?);
        let text = |at: usize| quiz.guesses.get(at).map_or("", |guess| guess.text.as_str());
        let right: Vec<&str> = answer.right_guesses.iter().map(|at| text(*at)).collect();
        let right = right.join(", and also: ");
        let outcome = match self.prediction.guess {
            None => GuessOutcome::NoGuess,
            Some(said) => match answer.guess_state(said) {
                GuessState::Open => GuessOutcome::Undecided,
                GuessState::Confirmed => GuessOutcome::Right,
                GuessState::Refuted => GuessOutcome::Wrong,
            },
        };
        let words = match &answer.doubt {
            Some(doubt) => doubt.to_string(),
            None if right.is_empty() => "none of the guesses; see the measurements".to_owned(),
            None => right.clone(),
        };
        let is_over = self.shown_model().run_end().is_some();
        // What seems right because its opposite cannot be shown here is not probable.
        let is_noise = matches!(answer.doubt, Some(Doubt::Noise { .. } | Doubt::Interference(_)));
        Some(AnswerText {
            outcome,
            is_final: answer.is_settled,
            guess: self.prediction.guess.map(text).unwrap_or_default().to_owned(),
            label: if is_over || answer.is_settled && answer.doubt.is_none() { "Answer" } else { "So far" },
            settings: self.describe_answered_settings(answer),
            answer: words,
            probable: (is_noise && !right.is_empty()).then_some(right),
        })
    }

    /// Returns the settings that an answer is about, and how long they have been in force if they changed.
    fn describe_answered_settings(&self, answer: &Answer) -> String {
        let knobs = self.scenario.changed_knobs_text(&self.settings);
        let with = if knobs.is_empty() { "with default knobs".to_owned() } else { format!("with {knobs}") };
        match answer.settings_age {
            Some(since) => format!("{with}, for {}: ", compact_duration(since)),
            None if knobs.is_empty() => String::new(),
            None => format!("{with}: "),
        }
    }
}
