//! The tours of `tours/`, compiled into the program, and what a tour can refer to.

use std::ffi::OsStr;
use std::path::Path;

use crate::catalogue;
use crate::engine::{InputItems, Plan};
use crate::scenario::{
    Mistakes, ReadError, Scenario, ScreenNames, Settings, Source, Tour, TourWorld, check_tour, sanitize, suggest,
};
use crate::trace::ResourceId;

/// One file of `tours/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TourEntry {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! entries {
    ($($name:literal),* $(,)?) => {
        &[$(TourEntry { name: $name, text: include_str!(concat!("../tours/", $name, ".kdl")) }),*]
    };
}

/// The tours, the main one first.
const TOURS: &[TourEntry] = entries!["five-minutes", "pools", "locks", "processes", "cluster"];

/// Returns every tour that comes with the program; the first is the main one.
pub fn all() -> &'static [TourEntry] {
    TOURS
}

impl TourEntry {
    pub fn source(self) -> Source {
        Source { name: self.name.to_owned(), path: None, text: self.text.to_owned() }
    }
}

/// Why a name or path gives no tour. Every field is safe to print.
#[derive(Debug, thiserror::Error)]
pub enum FindTourError {
    #[error("no tour is called `{name}`{}", hint(*nearest))]
    Unknown { name: String, nearest: Option<&'static str> },
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `contend demo --list` lists all, and a file needs a path such as ./mine.kdl".to_owned(),
        |name| format!("; did you mean `{name}`?"),
    )
}

/// Returns the tour with this name, or the file at this path (a path contains `/` or ends in `.kdl`).
///
/// # Errors
///
/// An unknown name, or a file that cannot be read as text. It never blocks, whatever kind of file the path names.
pub fn find(spec: impl AsRef<OsStr>) -> Result<Source, FindTourError> {
    let spec = spec.as_ref();
    if catalogue::is_path(spec) {
        return Ok(Source::read(Path::new(spec))?);
    }
    let name = spec.to_string_lossy();
    match TOURS.iter().find(|tour| tour.name == name) {
        Some(tour) => Ok(tour.source()),
        None => Err(FindTourError::Unknown {
            name: sanitize(&name),
            nearest: suggest(&name, TOURS.iter().map(|tour| tour.name)),
        }),
    }
}

/// Reads and checks a tour, against the catalogue and the files that it names.
///
/// # Errors
///
/// Every mistake of the file at once.
pub fn check(source: &Source) -> Result<Tour, Mistakes> {
    check_tour(source, &InstalledScenarios)
}

/// The scenarios of the catalogue, and files.
struct InstalledScenarios;

impl TourWorld for InstalledScenarios {
    fn scenario_names(&self) -> Vec<&str> {
        catalogue::all().iter().map(|entry| entry.name).collect()
    }

    fn read_scenario(&self, name: &str, directory: Option<&Path>) -> Result<Source, String> {
        let spec = match directory {
            Some(directory) if catalogue::is_path(OsStr::new(name)) => directory.join(name).into_os_string(),
            _ => name.into(),
        };
        catalogue::find(spec).map_err(|error| error.to_string())
    }

    fn screen_names(&self, scenario: &Scenario, settings: &Settings) -> Result<ScreenNames, String> {
        let items = InputItems::find_items(scenario, settings, Some(Path::new("."))).map_err(|e| e.to_string())?;
        let registry = Plan::new(scenario, settings, &items).map_err(|e| e.to_string())?.registry;
        let name = |id: ResourceId| registry.resource_name(id).to_owned();
        Ok(ScreenNames {
            lanes: registry.workers.iter().map(|worker| worker.name.clone()).collect(),
            locks: registry.locks().map(name).collect(),
            queues: registry.queues_and_pipes().map(name).collect(),
        })
    }
}
