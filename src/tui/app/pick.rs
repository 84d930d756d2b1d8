//! Choosing a scenario.

use std::path::PathBuf;
use std::sync::Arc;

use super::{App, Effect, Mode};
use crate::scenario::{Group, Scenario, Source, catalogue, check};
use crate::tui::keys::Action;

/// A scenario that can be chosen, or a file that is none and why.
pub(in crate::tui) struct Entry {
    pub(in crate::tui) name: String,
    pub(in crate::tui) path: Option<PathBuf>,
    pub(in crate::tui) text: String,
    pub(in crate::tui) scenario: Result<Arc<Scenario>, String>,
}

#[derive(Default)]
pub(in crate::tui) struct Picker {
    entries: Vec<Entry>,
    pub(in crate::tui) filter: String,
    chosen: usize,
}

impl Entry {
    pub(in crate::tui) fn new(source: Source) -> Self {
        let scenario = match check(&source) {
            Ok(checked) => Ok(Arc::new(checked.scenario)),
            Err(mistakes) => Err(mistakes.render(false)),
        };
        Self { name: source.name, path: source.path, text: source.text, scenario }
    }

    pub(in crate::tui) fn group(&self) -> Group {
        self.scenario.as_ref().map_or(Group::Own, |s| if self.path.is_some() { Group::Own } else { s.group })
    }

    pub(in crate::tui) fn title(&self) -> &str {
        self.scenario.as_ref().map_or(&self.name, |s| &s.title)
    }

    fn passes(&self, filter: &str) -> bool {
        let filter = filter.to_lowercase();
        [&self.name, self.title()].iter().any(|text| text.to_lowercase().contains(&filter))
    }
}

impl Picker {
    /// The catalogue.
    pub(in crate::tui) fn catalogue() -> Self {
        let sources = catalogue::all().iter().map(|entry| Source {
            name: entry.name.to_owned(),
            path: None,
            text: entry.text.to_owned(),
        });
        Self::of(sources.map(Entry::new).collect())
    }

    pub(in crate::tui) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(Entry::group); // stable: the catalogue's order within a group
        Self { entries, ..Self::default() }
    }

    /// Adds an entry, or replaces the one of the same file, and chooses it.
    pub(in crate::tui) fn put(&mut self, entry: Entry) {
        let same = |e: &Entry| e.name == entry.name && e.path == entry.path;
        match self.entries.iter().position(same) {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    /// What passes the filter, in groups.
    pub(in crate::tui) fn shown(&self) -> Vec<&Entry> {
        self.entries.iter().filter(|e| e.passes(&self.filter)).collect()
    }

    /// Position among those shown.
    pub(in crate::tui) fn position(&self) -> usize {
        self.chosen.min(self.shown().len().saturating_sub(1))
    }

    pub(in crate::tui) fn chosen(&self) -> Option<&Entry> {
        self.shown().get(self.position()).copied()
    }

    pub(in crate::tui) fn choose(&mut self, position: usize) {
        self.chosen = position.min(self.shown().len().saturating_sub(1));
    }

    pub(in crate::tui) fn choose_by(&mut self, by: isize) {
        self.choose(self.position().saturating_add_signed(by));
    }

    /// Chooses the scenario of this name, if it is there.
    pub(in crate::tui) fn choose_name(&mut self, name: &str) {
        if let Some(position) = self.shown().iter().position(|e| e.name == name) {
            self.chosen = position;
        }
    }

    pub(super) fn filter_changed(&mut self) {
        self.chosen = 0;
    }
}

impl App {
    pub(super) fn pick(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Up => self.picker.choose_by(-1),
            Action::Down => self.picker.choose_by(1),
            Action::PageUp => self.picker.choose_by(-10),
            Action::PageDown => self.picker.choose_by(10),
            Action::Back => {
                self.picker.filter.clear();
                self.picker.filter_changed();
            }
            Action::Run => return self.run_chosen(),
            Action::Open => return self.open_chosen(),
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn run_chosen(&mut self) -> Vec<Effect> {
        match self.picker.chosen().map(|e| &e.scenario) {
            Some(Ok(scenario)) => vec![Effect::Start(Arc::clone(scenario), scenario.defaults())],
            Some(Err(_)) => {
                self.said = Some("this file has mistakes; they are listed at the right".into());
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A file of the user's own goes to the editor; the catalogue's are read here, being part of the program.
    fn open_chosen(&mut self) -> Vec<Effect> {
        let Some(entry) = self.picker.chosen() else { return Vec::new() };
        if let Some(path) = &entry.path {
            return vec![Effect::Edit(path.clone())];
        }
        self.mode = Mode::Text { title: entry.name.clone(), text: entry.text.clone(), scroll: 0 };
        Vec::new()
    }
}
