//! The interface to a run: where its messages come from, and what can be done to it.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;

use contend_platform::Machine;
use contend_scenario::{Scenario, Settings};
use contend_trace::printable::mask_line;
use contend_trace::{Command, Message, Registry, Stamp};

/// A run of a program, live or recorded. Dropping it ends everything that it started.
///
/// The dashboard, reports, tests and tuning know nothing else about where their data comes from.
pub trait EventSource {
    /// Returns the description of the run, which is complete before the first message.
    fn header(&self) -> &Header;

    /// Returns the channel of messages, which closes after the last one: [`Message::Ended`] unless the source failed.
    fn messages(&self) -> &Receiver<Message>;

    /// Returns the present time on the run's own clock.
    fn now(&self) -> Stamp;

    /// Returns the controls of the run; `None` for a source that can only be watched.
    fn control(&self) -> Option<&dyn RunControl> {
        None
    }

    /// Whether the run ended because of its time limit. Then [`Message::Ended`] follows all its other messages.
    fn is_out_of_time(&self) -> bool {
        false
    }
}

/// How long a program that is about to exit waits until the kernel has taken down the killed processes of its run.
pub const EXIT_WAIT: Duration = Duration::from_millis(400);

/// The controls of a run.
pub trait RunControl {
    /// Sends a command without blocking. A run that has ended ignores it.
    fn send_command(&self, command: Command);

    /// Pauses or continues all processes of the run.
    fn set_paused(&self, paused: bool);

    /// Makes the run end by itself at this moment of its clock, however busy this process is. A run may be unable to;
    /// its observer then ends it a little later.
    fn end_at(&self, limit: Stamp);

    /// Limits how long dropping the run waits until the kernel has taken down killed processes: for a program that is
    /// about to exit. Killed processes do nothing more, but may take seconds to vanish while other programs use all
    /// cores.
    fn limit_end_wait(&self, longest: Duration);

    /// Passes Ctrl-C on to a program that may want to end by itself. Returns whether that happened: otherwise, and the
    /// second time, Ctrl-C ends the run.
    fn interrupt(&self) -> bool {
        false
    }

    /// Says how often messages are wanted while few events happen. A run whose messages come by themselves ignores it.
    fn set_reading_interval(&self, _: Duration) {}

    /// Says whether the newest events are on screen. While they are not, a run may deliver them late, but loses none.
    fn set_watched(&self, _: bool) {}
}

/// The description of a run, complete before its first message.
#[derive(Debug, Clone)]
pub struct Header {
    pub title: String,
    /// The machine that the run is on.
    pub machine: Machine,
    pub registry: Arc<Registry>,
    /// The scenario and its knob settings, for a run of a scenario.
    pub run: Option<ScenarioRun>,
}

/// A scenario with the settings of one run.
#[derive(Debug, Clone)]
pub struct ScenarioRun {
    pub scenario: Arc<Scenario>,
    pub settings: Settings,
}

impl Header {
    /// Returns the header of a run that is no scenario's. Its names become safe to print.
    pub fn new(title: &str, machine: Machine, mut registry: Registry) -> Self {
        registry.mask_names();
        Self { title: mask_line(title).into_owned(), machine, registry: Arc::new(registry), run: None }
    }
}
