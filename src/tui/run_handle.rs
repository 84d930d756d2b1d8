//! The interface to a run and its starter. Tests have a scripted run in place of a live one.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use crate::scenario::{Scenario, Settings};
use crate::source::LiveRun;
use crate::trace::{Command, Message, Registry, Stamp};

/// A run. Dropping it ends everything it started.
pub trait RunHandle {
    fn registry(&self) -> Arc<Registry>;
    /// Returns the channel of events, in batches; it is closed after [`Message::Ended`].
    fn messages(&self) -> &Receiver<Message>;
    /// Returns the time on the run's clock.
    fn now(&self) -> Stamp;
    /// Makes the run end by itself at this moment of its clock, even while the dashboard is busy. The dashboard stops a
    /// run that does not support this a little later.
    fn end_at(&self, _limit: Stamp) {}
    /// Sends a command without blocking; a run that has ended ignores it.
    fn send_command(&self, command: Command);
    /// Pauses or continues the whole run, for the time in which the dashboard itself is stopped.
    fn set_paused(&self, paused: bool);
}

/// A starter of runs.
pub trait RunStarter {
    /// Starts a run.
    ///
    /// # Errors
    /// A full sentence that says why the run could not be started.
    fn start_run(&self, scenario: &Scenario, settings: &Settings) -> Result<Box<dyn RunHandle>, String>;
}

/// A starter of live runs.
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
        Self::set_time_limit(self, limit); // if that fails, the event loop stops the run
    }

    fn send_command(&self, command: Command) {
        Self::send_command(self, command);
    }

    fn set_paused(&self, paused: bool) {
        Self::set_paused(self, paused);
    }
}
