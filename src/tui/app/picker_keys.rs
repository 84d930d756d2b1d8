//! Keys of the picker.

use std::sync::Arc;

use super::{App, Effect, Mode};
use crate::tui::keys::{Action, with_keys};

impl App {
    pub(super) fn handle_picker_action(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Up => self.picker.choose_by(-1),
            Action::Down => self.picker.choose_by(1),
            Action::PageUp => self.picker.choose_by(-10),
            Action::PageDown => self.picker.choose_by(10),
            Action::First => self.picker.choose(0),
            Action::Last => self.picker.choose(usize::MAX),
            Action::About if self.picker.chosen_entry().is_some_and(|entry| entry.scenario.is_ok()) => {
                self.mode = Mode::About { scroll: 0 };
            }
            Action::RunStartScenario(number) => return self.run_start_scenario(number),
            Action::Back => {
                self.picker.filter.clear();
                self.picker.filter_changed();
            }
            Action::Run => return self.run_chosen(),
            Action::OpenScenario => return self.open_chosen(),
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn run_chosen(&mut self) -> Vec<Effect> {
        match self.picker.chosen_entry().map(|e| e.scenario.as_ref().map(Arc::clone)) {
            Some(Ok(scenario)) => self.ask_or_start(&scenario, scenario.default_settings()),
            Some(Err(_)) => {
                self.status_message = Some("This file has mistakes, listed at the right".into());
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Runs one of the scenarios to start with.
    fn run_start_scenario(&mut self, number: usize) -> Vec<Effect> {
        let names: Vec<String> = self.picker.start_entries().iter().map(|entry| entry.name.clone()).collect();
        let Some(name) = names.get(number - 1) else {
            self.status_message = Some(match names.len() {
                0 => with_keys("{run} runs the chosen scenario"),
                many => format!("Press 1 to {many} to run a scenario of \"start here\""),
            });
            return Vec::new();
        };
        self.picker.filter.clear();
        self.picker.choose(number - 1);
        self.picker.choose_name(name);
        self.run_chosen()
    }

    /// Opens a file of the user in the editor. Scenarios of the catalogue are part of the program and open in an
    /// overlay.
    fn open_chosen(&mut self) -> Vec<Effect> {
        let Some(entry) = self.picker.chosen_entry() else { return Vec::new() };
        if let Some(path) = &entry.path {
            return vec![Effect::OpenEditor(path.clone())];
        }
        self.mode = Mode::Text { title: entry.name.clone(), text: entry.text.clone(), scroll: 0 };
        Vec::new()
    }
}
