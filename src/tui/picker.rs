//! The scenarios to choose from: the catalogue, and files of the user.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::preview::Preview;
use crate::catalogue;
use crate::scenario::{Category, Scenario, Source, check};

/// A scenario, or a file with mistakes.
pub(super) struct PickerEntry {
    pub(super) name: String,
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    pub(super) scenario: Result<Arc<Scenario>, String>,
}

#[derive(Default)]
pub(super) struct Picker {
    entries: Vec<PickerEntry>,
    pub(super) filter: String,
    chosen: usize,
    /// The preview that was drawn last.
    preview: RefCell<Option<DrawnPreview>>,
}

/// A preview, and what it was made for. It is `None` if the recording cannot be read.
struct DrawnPreview {
    name: String,
    cells: usize,
    preview: Option<Rc<Preview>>,
}

impl PickerEntry {
    pub(super) fn new(source: Source) -> Self {
        let scenario = match check(&source) {
            Ok(checked) => Ok(Arc::new(checked.scenario)),
            Err(mistakes) => Err(mistakes.render(false)),
        };
        Self { name: source.name, path: source.path, text: source.text, scenario }
    }

    pub(super) fn group(&self) -> Category {
        self.scenario.as_ref().map_or(Category::Own, |s| if self.path.is_some() { Category::Own } else { s.category })
    }

    pub(super) fn title(&self) -> &str {
        self.scenario.as_ref().map_or(&self.name, |s| &s.title)
    }

    /// Whether its name or its title contains the filter, which is in lower case.
    fn matches_filter(&self, filter: &str) -> bool {
        filter.is_empty() || [&self.name, self.title()].iter().any(|text| text.to_lowercase().contains(filter))
    }
}

impl Picker {
    /// Returns a picker with the catalogue.
    pub(super) fn catalogue() -> Self {
        let sources = catalogue::all().iter().map(|entry| Source {
            name: entry.name.to_owned(),
            path: None,
            text: entry.text.to_owned(),
        });
        Self::from_entries(sources.map(PickerEntry::new).collect())
    }

    pub(super) fn from_entries(mut entries: Vec<PickerEntry>) -> Self {
        entries.sort_by_key(PickerEntry::group); // stable: the catalogue's order within a group
        Self { entries, ..Self::default() }
    }

    /// Adds an entry, or replaces the one of the same file.
    pub(super) fn insert_or_replace(&mut self, entry: PickerEntry) {
        let same = |e: &PickerEntry| e.name == entry.name && e.path == entry.path;
        match self.entries.iter().position(same) {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    /// Returns the entries that pass the filter, in groups.
    pub(super) fn visible_entries(&self) -> Vec<&PickerEntry> {
        let filter = self.filter.to_lowercase();
        self.entries.iter().filter(|e| e.matches_filter(&filter)).collect()
    }

    /// Returns the index of the chosen entry among the visible ones.
    pub(super) fn position(&self) -> usize {
        self.chosen.min(self.visible_entries().len().saturating_sub(1))
    }

    pub(super) fn chosen_entry(&self) -> Option<&PickerEntry> {
        self.visible_entries().get(self.position()).copied()
    }

    pub(super) fn choose(&mut self, position: usize) {
        self.chosen = position.min(self.visible_entries().len().saturating_sub(1));
    }

    pub(super) fn choose_by(&mut self, by: isize) {
        self.choose(self.position().saturating_add_signed(by));
    }

    /// Chooses the scenario with this name, if it is visible.
    pub(super) fn choose_name(&mut self, name: &str) {
        if let Some(position) = self.visible_entries().iter().position(|e| e.name == name) {
            self.chosen = position;
        }
    }

    /// Returns the preview of an entry, with this many cells in a lane. Files of the user have none.
    pub(super) fn preview(&self, entry: &PickerEntry, cells: usize) -> Option<Rc<Preview>> {
        let recording = catalogue::preview(&entry.name).filter(|_| entry.path.is_none())?;
        let mut drawn = self.preview.borrow_mut();
        if !drawn.as_ref().is_some_and(|drawn| drawn.name == entry.name && drawn.cells == cells) {
            let preview = Preview::of_recording(recording, cells).map(Rc::new);
            *drawn = Some(DrawnPreview { name: entry.name.clone(), cells, preview });
        }
        drawn.as_ref()?.preview.clone()
    }

    pub(super) fn filter_changed(&mut self) {
        self.chosen = 0;
    }
}
