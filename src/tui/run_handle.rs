//! What the dashboard needs of a run and of whoever starts one. A live run is one of them; tests bring a scripted one.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use crate::scenario::{Scenario, Settings};
use crate::source::LiveRun;
use crate::trace::{Command, Message, Registry, Stamp};

/// A run that goes on. Dropping it ends everything it started.
pub trait RunHandle {
    fn registry(&self) -> Arc<Registry>;
    /// What happens, in batches; closed after [`Message::Ended`].
    fn messages(&self) -> &Receiver<Message>;
    /// The run's clock.
    fn now(&self) -> Stamp;
    /// Has the run ended at this moment of its clock, whatever the dashboard is busy with. A run that cannot do that is
    /// stopped by the dashboard a little later.
    fn end_at(&self, _limit: Stamp) {}
    /// Never blocks; a run that has ended ignores it.
    fn send_command(&self, command: Command);
    /// Stops everything where it is while the dashboard itself is stopped, or lets it go on.
    fn set_paused(&self, paused: bool);
}

/// Whoever can start a run.
pub trait RunStarter {
    /// # Errors
    /// A full sentence that says why the run could not be started.
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn RunHandle>, String>;
}

/// Starts real runs.
#[derive(Debug, Clone, Copy)]
pub struct LiveStarter;

impl RunStarter for LiveStarter {
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn RunHandle>, String> {
        match LiveRun::start(scenario, settings) {
            Ok(live) => Ok(Box::new(live)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl RunHandle for LiveRun {
    fn registry(&self) -> Arc<Registry> {
        Self::registry(self)
    }

    fn messages(&self) -> &Receiver<Message> {
        Self::messages(self)
    }

    fn now(&self) -> Stamp {
        Self::now(self)
    }

    fn end_at(&self, limit: Stamp) {
        Self::set_time_limit(self, limit); // refused, the loop stops it
    }

    fn send_command(&self, command: Command) {
        Self::send_command(self, command);
    }

    fn set_paused(&self, paused: bool) {
        Self::set_paused(self, paused);
    }
}
