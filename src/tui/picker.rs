//! Scenarios to choose from: the catalogue, and files of one's own.

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalogue;
use crate::scenario::{Group, Scenario, Source, check};

/// A scenario that can be chosen, or a file that is none and why.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    pub(super) scenario: Result<Arc<Scenario>, String>,
}

#[derive(Default)]
pub(super) struct Picker {
    entries: Vec<Entry>,
    pub(super) filter: String,
    chosen: usize,
}

impl Entry {
    pub(super) fn new(source: Source) -> Self {
        let scenario = match check(&source) {
            Ok(checked) => Ok(Arc::new(checked.scenario)),
            Err(mistakes) => Err(mistakes.render(false)),
        };
        Self { name: source.name, path: source.path, text: source.text, scenario }
    }

    pub(super) fn group(&self) -> Group {
        self.scenario.as_ref().map_or(Group::Own, |s| if self.path.is_some() { Group::Own } else { s.group })
    }

    pub(super) fn title(&self) -> &str {
        self.scenario.as_ref().map_or(&self.name, |s| &s.title)
    }

    fn passes(&self, filter: &str) -> bool {
        let filter = filter.to_lowercase();
        [&self.name, self.title()].iter().any(|text| text.to_lowercase().contains(&filter))
    }
}

impl Picker {
    /// The catalogue.
    pub(super) fn catalogue() -> Self {
        let sources = catalogue::all().iter().map(|entry| Source {
            name: entry.name.to_owned(),
            path: None,
            text: entry.text.to_owned(),
        });
        Self::of(sources.map(Entry::new).collect())
    }

    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(Entry::group); // stable: the catalogue's order within a group
        Self { entries, ..Self::default() }
    }

    /// Adds an entry, or replaces the one of the same file, and chooses it.
    pub(super) fn put(&mut self, entry: Entry) {
        let same = |e: &Entry| e.name == entry.name && e.path == entry.path;
        match self.entries.iter().position(same) {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    /// What passes the filter, in groups.
    pub(super) fn shown(&self) -> Vec<&Entry> {
        self.entries.iter().filter(|e| e.passes(&self.filter)).collect()
    }

    /// Position among those shown.
    pub(super) fn position(&self) -> usize {
        self.chosen.min(self.shown().len().saturating_sub(1))
    }

    pub(super) fn chosen(&self) -> Option<&Entry> {
        self.shown().get(self.position()).copied()
    }

    pub(super) fn choose(&mut self, position: usize) {
        self.chosen = position.min(self.shown().len().saturating_sub(1));
    }

    pub(super) fn choose_by(&mut self, by: isize) {
        self.choose(self.position().saturating_add_signed(by));
    }

    /// Chooses the scenario of this name, if it is there.
    pub(super) fn choose_name(&mut self, name: &str) {
        if let Some(position) = self.shown().iter().position(|e| e.name == name) {
            self.chosen = position;
        }
    }

    pub(super) fn filter_changed(&mut self) {
        self.chosen = 0;
    }
}
