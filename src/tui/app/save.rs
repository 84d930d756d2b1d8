//! A file that is saved while its scenario runs.

use std::sync::Arc;

use super::{App, Effect, Mode, Showing};
use crate::scenario::Source;
use crate::tui::picker::Entry;

impl App {
    /// Starts what was saved, with the knobs as they stand. A file with mistakes ends nothing: they are shown, and the
    /// next save is waited for.
    pub(super) fn saved(&mut self, source: Source) -> Vec<Effect> {
        let (entry, mut effects) = (Entry::new(source), Vec::new());
        let name = entry.name.clone();
        let on_screen = matches!(&self.showing, Showing::Watch(watch) if watch.scenario.name == name);
        let waited_for = matches!(self.mode, Mode::Mistakes { .. });
        match &entry.scenario {
            Ok(scenario) if on_screen || waited_for => {
                if waited_for {
                    self.mode = Mode::Browse;
                }
                let settings = match &self.showing {
                    Showing::Watch(watch) if on_screen => scenario.carried(&watch.scenario, &watch.wanted),
                    _ => self.wish.settings(scenario).unwrap_or_else(|_| scenario.defaults()),
                };
                effects.push(Effect::Start(Arc::clone(scenario), settings));
            }
            Err(mistakes) if on_screen || waited_for => {
                self.mode = Mode::Mistakes { name, text: mistakes.clone(), scroll: 0 };
            }
            _ => self.said = Some(format!("{name} was saved")),
        }
        self.picker.put(entry);
        effects
    }
}
