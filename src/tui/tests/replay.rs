//! Runs that replay the messages of a test.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::scenario::{Scenario, Settings};
use crate::source::{EventSource, ScriptedSource};
use crate::trace::Registry;
use crate::tui::run_starter::RunStarter;

/// A scripted run, and the settings it was started with.
#[derive(Clone)]
pub(super) struct ReplayRun {
    pub(super) source: ScriptedSource,
    pub(super) settings: Settings,
}

/// A starter of runs with the registry of one script; keeps every run it started.
pub(super) struct ReplayStarter {
    pub(super) registry: Arc<Registry>,
    pub(super) started: Rc<RefCell<Vec<ReplayRun>>>,
}

impl RunStarter for ReplayStarter {
    fn start_run(&self, _: &Scenario, settings: &Settings) -> Result<Box<dyn EventSource>, String> {
        let source = ScriptedSource::new(Registry::clone(&self.registry));
        self.started.borrow_mut().push(ReplayRun { source: source.clone(), settings: settings.clone() });
        Ok(Box::new(source))
    }
}
