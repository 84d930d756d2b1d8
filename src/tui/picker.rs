//! The scenarios to choose from: the catalogue, and files of the user.

mod search;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::preview::Preview;
use crate::catalogue;
use crate::scenario::{Category, Scenario, Source, check};
use search::fold_text;

pub(super) use search::SearchWords;

/// A scenario, or a file with mistakes.
pub(super) struct PickerEntry {
    pub(super) name: String,
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    pub(super) scenario: Result<Arc<Scenario>, String>,
}

/// A section of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PickerSection {
    /// The scenarios for a newcomer, which are also in their own groups.
    StartHere,
    Group(Category),
}

/// A line of the list that can be chosen.
#[derive(Clone, Copy)]
pub(super) struct PickerRow<'a> {
    pub(super) section: PickerSection,
    pub(super) entry: &'a PickerEntry,
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

    /// Whether the texts that the picker shows of it contain every word.
    fn contains(&self, words: &SearchWords) -> bool {
        words.is_empty() || words.are_in(&fold_text(&self.searched_text()))
    }

    fn searched_text(&self) -> String {
        let Ok(scenario) = &self.scenario else { return self.name.clone() };
        let question = scenario.quiz.as_ref().map_or("", |quiz| &quiz.text);
        let mut text = [&self.name, self.group().heading(), self.title(), &scenario.about, question].join("\n");
        for knob in &scenario.knobs {
            text.extend(["\n", &knob.name, "\n", &knob.help]);
        }
        text
    }
}

impl PickerSection {
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::StartHere => "Start here",
            Self::Group(group) => group.heading(),
        }
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

    /// Returns the rows that pass the filter: without a filter, first those to start with, then all in their groups.
    pub(super) fn visible_rows(&self) -> Vec<PickerRow<'_>> {
        let words = SearchWords::of(&self.filter);
        let start = self.start_entries().into_iter().filter(|_| words.is_empty());
        let start = start.map(|entry| PickerRow { section: PickerSection::StartHere, entry });
        let found = self.entries.iter().filter(|entry| entry.contains(&words));
        start.chain(found.map(|entry| PickerRow { section: PickerSection::Group(entry.group()), entry })).collect()
    }

    /// Returns the scenarios for a newcomer, in order.
    pub(super) fn start_entries(&self) -> Vec<&PickerEntry> {
        let find = |name: &&str| self.entries.iter().find(|entry| entry.name == **name && entry.path.is_none());
        catalogue::START_HERE.iter().filter_map(find).collect()
    }

    /// Returns how many scenarios pass the filter, and how many there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        let words = SearchWords::of(&self.filter);
        (self.entries.iter().filter(|entry| entry.contains(&words)).count(), self.entries.len())
    }

    /// Returns the index of the chosen row among the visible ones.
    pub(super) fn position(&self) -> usize {
        self.chosen.min(self.visible_rows().len().saturating_sub(1))
    }

    pub(super) fn chosen_entry(&self) -> Option<&PickerEntry> {
        self.visible_rows().get(self.position()).map(|row| row.entry)
    }

    pub(super) fn choose(&mut self, position: usize) {
        self.chosen = position.min(self.visible_rows().len().saturating_sub(1));
    }

    pub(super) fn choose_by(&mut self, by: isize) {
        self.choose(self.position().saturating_add_signed(by));
    }

    /// Chooses the scenario with this name, if it is visible.
    pub(super) fn choose_name(&mut self, name: &str) {
        if self.chosen_entry().is_some_and(|entry| entry.name == name) {
            return;
        }
        if let Some(position) = self.visible_rows().iter().position(|row| row.entry.name == name) {
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

    /// Chooses the best of what the new filter finds: by name rather than by title rather than by other texts.
    pub(super) fn filter_changed(&mut self) {
        let words = SearchWords::of(&self.filter);
        let rank = |row: &PickerRow<'_>| match row.entry {
            entry if entry.name.eq_ignore_ascii_case(self.filter.trim()) => 0,
            entry if words.are_in(&fold_text(&entry.name)) => 1,
            entry if words.are_in(&fold_text(entry.title())) => 2,
            _ => 3,
        };
        let rows = self.visible_rows();
        let best = rows.iter().enumerate().min_by_key(|(_, row)| rank(row)).map_or(0, |(at, _)| at);
        self.chosen = if words.is_empty() { 0 } else { best };
    }
}
