//! The interface to a starter of runs. Tests start scripted runs in place of live ones.

use crate::scenario::{Scenario, Settings};
use crate::source::{EventSource, StartedRun};

/// A starter of runs.
pub trait RunStarter {
    /// Starts a run.
    ///
    /// # Errors
    /// A full sentence that says why the run could not be started.
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn EventSource>, String>;
}

/// A starter of live runs.
#[derive(Debug, Clone, Copy)]
pub struct LiveStarter;

impl RunStarter for LiveStarter {
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn EventSource>, String> {
        Ok(Box::new(StartedRun::start(scenario, settings)?))
    }
}
