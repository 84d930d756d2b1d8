//! The guess before the run beside the measured answer.

use super::{Tone, Verdict};
use crate::tui::answer_text::GuessOutcome;
use crate::tui::keys::Action;
use crate::tui::run_view::RunView;

impl RunView {
    /// Returns whether the guess was right, and the answer; `None` if no result is due.
    pub(super) fn verdict_on_guess(&self) -> Option<Verdict> {
        let text = self.answer_text().filter(|_| self.prediction.is_result_shown)?;
        let (tone, name) = match text.outcome {
            GuessOutcome::Right => (Tone::Guess { is_right: true }, "right"),
            GuessOutcome::Wrong => (Tone::Guess { is_right: false }, "wrong"),
            GuessOutcome::Undecided => (Tone::Neutral, "undecided"),
            GuessOutcome::NoGuess => return None,
        };
        let answer = format!("{}: {}{}.", text.label, text.settings, text.answer.trim_end_matches('.'));
        let sentence = match text.outcome {
            GuessOutcome::Right if text.settings.is_empty() => format!("You guessed: {}.", text.guess),
            _ => format!("You guessed: {}. {answer}", text.guess.trim_end_matches('.')),
        };
        let measured = self.answer.as_ref().and_then(|answer| answer.evidence.first());
        let mut verdict = Verdict::new(tone, name, sentence);
        verdict.advice = measured.map(|figures| format!("Measured: {figures}.")).unwrap_or_default();
        verdict.keys = vec![(Action::ShowAnswer, "all of it".to_owned()), (Action::Back, "close".to_owned())];
        Some(verdict)
    }
}
