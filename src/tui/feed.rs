//! What the dashboard needs of a run and of whoever starts one. A live run is one of them; tests bring a scripted one.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use crate::scenario::{Scenario, Settings};
use crate::source::Live;
use crate::trace::{Cast, Command, Message, Stamp};

/// A run that goes on. Dropping it ends everything it started.
pub trait Run {
    fn cast(&self) -> Arc<Cast>;
    /// What happens, in batches; closed after [`Message::Ended`].
    fn messages(&self) -> &Receiver<Message>;
    /// The run's clock.
    fn now(&self) -> Stamp;
    /// Has the run ended at this moment of its clock, whatever the dashboard is busy with. A run that cannot do that is
    /// stopped by the dashboard a little later.
    fn end_at(&self, _limit: Stamp) {}
    /// Never blocks; a run that has ended ignores it.
    fn command(&self, command: Command);
    /// Stops everything where it is while the dashboard itself is stopped, or lets it go on.
    fn pause(&self, paused: bool);
}

/// Whoever can start a run.
pub trait Starter {
    /// # Errors
    /// A full sentence that says why the run could not be started.
    fn start(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn Run>, String>;
}

/// Starts real runs.
#[derive(Debug, Clone, Copy)]
pub struct Really;

impl Starter for Really {
    fn start(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn Run>, String> {
        match Live::start(scenario, settings) {
            Ok(live) => Ok(Box::new(live)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Run for Live {
    fn cast(&self) -> Arc<Cast> {
        Self::cast(self)
    }

    fn messages(&self) -> &Receiver<Message> {
        Self::messages(self)
    }

    fn now(&self) -> Stamp {
        Self::now(self)
    }

    fn end_at(&self, limit: Stamp) {
        Self::end_at(self, limit); // refused, the loop stops it
    }

    fn command(&self, command: Command) {
        Self::command(self, command);
    }

    fn pause(&self, paused: bool) {
        Self::pause(self, paused);
    }
}
