//! Predict, run, compare: the question before a run, the answer after it, the suggestions.

use std::sync::Arc;

use super::{App, CurrentView, Effect, Mode};
use crate::scenario::{Scenario, Settings};
use crate::tui::keys::Action;
use crate::tui::question_page::QuestionPage;
use crate::tui::run_view::{Pane, Prediction};

impl App {
    /// Shows the scenario's question, if it has one and questions are wanted; otherwise starts the run.
    pub(super) fn ask_or_start(&mut self, scenario: &Arc<Scenario>, settings: Settings) -> Vec<Effect> {
        self.question = QuestionPage::of(scenario, settings.clone()).filter(|_| self.ask_questions);
        if self.question.is_some() { Vec::new() } else { vec![Effect::StartRun(Arc::clone(scenario), settings)] }
    }

    /// Handles keys on the question page.
    pub(super) fn handle_question_action(&mut self, action: Action) -> Vec<Effect> {
        let Some(question) = &mut self.question else { return Vec::new() };
        match action {
            Action::ChooseGuess(number) => question.choose(number - 1),
            Action::Up | Action::PageUp => question.choose_by(-1),
            Action::Down | Action::PageDown => question.choose_by(1),
            Action::Back => self.question = None,
            Action::StartRun => return self.start_after_question(),
            _ => {}
        }
        Vec::new()
    }

    /// Starts the run that the question is about.
    pub(super) fn start_after_question(&mut self) -> Vec<Effect> {
        let Some(question) = &self.question else { return Vec::new() };
        self.next_prediction =
            Prediction { guess: question.chosen_guess, is_answer_pending: true, ..Prediction::default() };
        vec![Effect::StartRun(Arc::clone(&question.scenario), question.settings.clone())]
    }

    /// Shows the question again, for a run with the current knobs.
    pub(super) fn ask_again(&mut self) {
        let CurrentView::Run(view) = &self.current_view else { return };
        self.mode = Mode::Browse;
        self.question = QuestionPage::of(&view.scenario, view.next_settings.clone());
        if self.question.is_none() {
            self.status_message = Some("This scenario has no question".into());
        }
    }

    /// Opens the pane of the answer, the prediction beside the measurement, or closes it.
    pub(super) fn toggle_answer(&mut self) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        (view.prediction.is_answer_pending, view.prediction.is_result_shown) = (false, false);
        view.update_answer();
        view.open_pane(if view.pane == Pane::Answer { Pane::Lanes } else { Pane::Answer });
    }

    /// Shows in the verdict whether the guess was right, when that is due and nothing else is open. Without a guess,
    /// the answer is shown once. A question without guesses has no answer.
    pub(super) fn show_answer_if_due(&mut self) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        if view.is_answer_due() && self.mode == Mode::Browse && self.question.is_none() {
            view.update_answer();
            view.prediction.is_answer_pending = false;
            let has_guess = view.prediction.guess.is_some();
            view.prediction.is_result_shown = has_guess && view.answer.is_some();
            if let Some(text) = view.answer_text().filter(|_| !has_guess) {
                self.status_message = Some(format!("{}: {}{}   a: all of it", text.label, text.settings, text.answer));
            }
            self.dirty = true;
        }
    }

    /// Starts a new run with the knobs of a suggestion. Keeps the outcome of the current run for comparison.
    pub(super) fn run_suggestion(&mut self, number: usize) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        let Some(settings) = view.suggestions().nth(number - 1).map(|suggestion| view.settings_for(suggestion)) else {
            self.status_message = Some(match view.suggestions().count() {
                0 => "This scenario has no suggestions".into(),
                1 => "1 suggestion: press 1 to start it".into(),
                many => format!("{many} suggestions: press 1 to {many}"),
            });
            return Vec::new();
        };
        self.next_prediction = Prediction {
            guess: None,
            is_answer_pending: self.ask_questions,
            is_result_shown: false,
            previous_outcome: view.summarize_outcome(),
        };
        vec![Effect::StartRun(Arc::clone(&view.scenario), settings)]
    }
}
