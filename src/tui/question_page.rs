//! The question that is asked before a run.

use std::sync::Arc;

use crate::scenario::{Guess, Quiz, Scenario, Settings};

/// A question page, and the settings of the run after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QuestionPage {
    pub(super) scenario: Arc<Scenario>,
    pub(super) settings: Settings,
    /// The index of the chosen guess.
    pub(super) chosen_guess: Option<usize>,
}

impl QuestionPage {
    /// Returns the page with the scenario's question, if it has one.
    pub(super) fn of(scenario: &Arc<Scenario>, settings: Settings) -> Option<Self> {
        scenario.quiz.as_ref()?;
        Some(Self { scenario: Arc::clone(scenario), settings, chosen_guess: None })
    }

    pub(super) fn ask(&self) -> Option<&Quiz> {
        self.scenario.quiz.as_ref()
    }

    pub(super) fn guesses(&self) -> &[Guess] {
        self.ask().map_or(&[], |ask| &ask.guesses)
    }

    /// Chooses the guess at this index, if there is one.
    pub(super) fn choose(&mut self, at: usize) {
        if at < self.guesses().len() {
            self.chosen_guess = Some(at);
        }
    }

    pub(super) fn choose_by(&mut self, by: isize) {
        let last = self.guesses().len().saturating_sub(1);
        let next = match self.chosen_guess {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        self.choose(next);
    }
}
