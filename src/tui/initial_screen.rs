//! The first screen, and how it was asked for.

use std::sync::Arc;

use super::PlayableRun;
use crate::scenario::{Scenario, SettingError, Settings, Source, Tour};
use crate::trace::WorkerKind;

/// The first screen.
#[derive(Debug)]
pub enum InitialScreen {
    Picker,
    /// A scenario without mistakes, and the settings to run it with.
    Run {
        source: Source,
        scenario: Box<Scenario>,
        settings: Settings,
        /// Whether to ask its question first.
        ask_question: bool,
    },
    /// A run that was recorded earlier.
    Recording(Box<PlayableRun>),
    Tour(TourSetup),
    /// A file with mistakes, shown until it is saved without any.
    Mistakes {
        source: Source,
        overrides: SettingOverrides,
    },
}

/// A tour, and how to go through it.
#[derive(Debug, Clone)]
pub struct TourSetup {
    pub tour: Arc<Tour>,
    /// How many times as fast as read it goes on by itself; `None`: the presenter's keys decide.
    pub auto_pace: Option<f64>,
}

/// Settings from the command line for a scenario that cannot be read yet.
#[derive(Debug, Clone, Default)]
pub struct SettingOverrides {
    /// `KNOB=VALUE`.
    pub assignments: Vec<String>,
    pub workers: Option<u32>,
    pub executor: Option<WorkerKind>,
    /// Whether the scenario may run commands.
    pub allow_exec: bool,
}

impl SettingOverrides {
    /// Returns the scenario's defaults with these overrides.
    ///
    /// # Errors
    /// When a knob cannot have its value.
    pub fn settings_for(&self, scenario: &Scenario) -> Result<Settings, SettingError> {
        let settings = scenario.settings(&self.assignments, self.workers, self.executor)?;
        Ok(Settings { allow_exec: self.allow_exec, ..settings })
    }
}
