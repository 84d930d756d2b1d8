//! Reloading of a file that is saved while its scenario runs.

use std::sync::Arc;

use super::{App, CurrentView, Effect, Mode};
use crate::scenario::Source;
use crate::tui::picker::PickerEntry;

impl App {
    /// Starts the saved scenario with the current knobs. If the file has mistakes, the run continues; the mistakes are
    /// shown until a save without any.
    pub(super) fn handle_saved_file(&mut self, source: Source) -> Vec<Effect> {
        let (entry, mut effects) = (PickerEntry::new(source), Vec::new());
        let name = entry.name.clone();
        let on_screen = matches!(&self.current_view, CurrentView::Run(view) if view.scenario.name == name);
        let waited_for = matches!(self.mode, Mode::Mistakes { .. });
        match &entry.scenario {
            Ok(scenario) if on_screen || waited_for => {
                if waited_for {
                    self.mode = Mode::Browse;
                }
                let settings = match &self.current_view {
                    CurrentView::Run(view) if on_screen => scenario.carry_settings(&view.scenario, &view.next_settings),
                    _ => self.overrides.settings_for(scenario).unwrap_or_else(|_| scenario.default_settings()),
                };
                effects.push(Effect::StartRun(Arc::clone(scenario), settings));
            }
            Err(mistakes) if on_screen || waited_for => {
                self.mode = Mode::Mistakes { name, text: mistakes.clone(), scroll: 0 };
            }
            _ => self.status_message = Some(format!("{name} was saved")),
        }
        self.picker.insert_or_replace(entry);
        effects
    }
}
