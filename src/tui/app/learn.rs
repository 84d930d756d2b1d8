//! Predict, run, compare: the question before a run, what was measured after it, and what to try next.

use std::sync::Arc;

use super::{App, Effect, Mode, Showing};
use crate::scenario::{Scenario, Settings};
use crate::tui::keys::Action;
use crate::tui::question::Question;
use crate::tui::watch::Lesson;

impl App {
    /// Puts the scenario's question first, if it has one and questions are wanted.
    pub(super) fn ask_or_start(&mut self, scenario: &Arc<Scenario>, settings: Settings) -> Vec<Effect> {
        self.question = Question::of(scenario, settings.clone()).filter(|_| self.asks);
        if self.question.is_some() { Vec::new() } else { vec![Effect::Start(Arc::clone(scenario), settings)] }
    }

    /// Keys on the page of a question.
    pub(super) fn questioned(&mut self, action: Action) -> Vec<Effect> {
        let Some(question) = &mut self.question else { return Vec::new() };
        match action {
            Action::Guess(number) => question.choose(number - 1),
            Action::Up | Action::PageUp => question.choose_by(-1),
            Action::Down | Action::PageDown => question.choose_by(1),
            Action::Back => self.question = None,
            Action::Begin => return self.begin(),
            _ => {}
        }
        Vec::new()
    }

    /// The run after the question.
    pub(super) fn begin(&mut self) -> Vec<Effect> {
        let Some(question) = &self.question else { return Vec::new() };
        self.next = Lesson { guess: question.chosen, due: true, before: None };
        vec![Effect::Start(Arc::clone(&question.scenario), question.settings.clone())]
    }

    /// The question again, about a run with the knobs as they stand.
    pub(super) fn predict(&mut self) {
        let Showing::Watch(watch) = &self.showing else { return };
        self.mode = Mode::Browse;
        self.question = Question::of(&watch.scenario, watch.wanted.clone());
        if self.question.is_none() {
            self.said = Some("this scenario asks no question".into());
        }
    }

    /// What was measured, beside what was predicted.
    pub(super) fn compare(&mut self) {
        if let Showing::Watch(watch) = &mut self.showing {
            watch.lesson.due = false;
            watch.judge();
            self.mode = Mode::Answer { scroll: 0 };
        }
    }

    /// Shows it by itself when it is due and nothing else is open.
    pub(super) fn compare_if_due(&mut self) {
        let due = matches!(&self.showing, Showing::Watch(watch) if watch.is_answer_due());
        if due && self.mode == Mode::Browse && self.question.is_none() {
            self.compare();
            self.dirty = true;
        }
    }

    /// Starts anew as one of the suggestions has it. What came of the run so far is kept to compare with.
    pub(super) fn try_out(&mut self, number: usize) -> Vec<Effect> {
        let Showing::Watch(watch) = &mut self.showing else { return Vec::new() };
        let Some(settings) = watch.tries().nth(number - 1).map(|suggestion| watch.settings_of(suggestion)) else {
            self.said = Some(match watch.tries().count() {
                0 => "nothing to try is suggested here".into(),
                1 => "one thing to try is suggested: 1 starts it".into(),
                many => format!("{many} things to try are suggested: 1 to {many}"),
            });
            return Vec::new();
        };
        self.next = Lesson { guess: None, due: self.asks, before: watch.outcome() };
        vec![Effect::Start(Arc::clone(&watch.scenario), settings)]
    }
}
