//! Predict, run, compare: the question before a run, what was measured after it, and what to try next.

use std::sync::Arc;

use super::{App, CurrentView, Effect, Mode};
use crate::scenario::{Scenario, Settings};
use crate::tui::keys::Action;
use crate::tui::question_page::QuestionPage;
use crate::tui::run_view::Prediction;

impl App {
    /// Puts the scenario's question first, if it has one and questions are wanted.
    pub(super) fn ask_or_start(&mut self, scenario: &Arc<Scenario>, settings: Settings) -> Vec<Effect> {
        self.question = QuestionPage::of(scenario, settings.clone()).filter(|_| self.ask_questions);
        if self.question.is_some() { Vec::new() } else { vec![Effect::StartRun(Arc::clone(scenario), settings)] }
    }

    /// Keys on the page of a question.
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

    /// The run after the question.
    pub(super) fn start_after_question(&mut self) -> Vec<Effect> {
        let Some(question) = &self.question else { return Vec::new() };
        self.next_prediction =
            Prediction { guess: question.chosen_guess, is_answer_pending: true, previous_outcome: None };
        vec![Effect::StartRun(Arc::clone(&question.scenario), question.settings.clone())]
    }

    /// The question again, about a run with the knobs as they stand.
    pub(super) fn ask_again(&mut self) {
        let CurrentView::Run(view) = &self.current_view else { return };
        self.mode = Mode::Browse;
        self.question = QuestionPage::of(&view.scenario, view.next_settings.clone());
        if self.question.is_none() {
            self.status_message = Some("this scenario asks no question".into());
        }
    }

    /// What was measured, beside what was predicted.
    pub(super) fn show_answer(&mut self) {
        if let CurrentView::Run(view) = &mut self.current_view {
            view.prediction.is_answer_pending = false;
            view.update_answer();
            self.mode = Mode::Answer { scroll: 0 };
        }
    }

    /// Shows it by itself when it is due and nothing else is open.
    pub(super) fn show_answer_if_due(&mut self) {
        let due = matches!(&self.current_view, CurrentView::Run(view) if view.is_answer_due());
        if due && self.mode == Mode::Browse && self.question.is_none() {
            self.show_answer();
            self.dirty = true;
        }
    }

    /// Starts anew as one of the suggestions has it. What came of the run so far is kept to compare with.
    pub(super) fn run_suggestion(&mut self, number: usize) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        let Some(settings) = view.suggestions().nth(number - 1).map(|suggestion| view.settings_for(suggestion)) else {
            self.status_message = Some(match view.suggestions().count() {
                0 => "nothing to try is suggested here".into(),
                1 => "one thing to try is suggested: 1 starts it".into(),
                many => format!("{many} things to try are suggested: 1 to {many}"),
            });
            return Vec::new();
        };
        self.next_prediction = Prediction {
            guess: None,
            is_answer_pending: self.ask_questions,
            previous_outcome: view.summarize_outcome(),
        };
        vec![Effect::StartRun(Arc::clone(&view.scenario), settings)]
    }
}
