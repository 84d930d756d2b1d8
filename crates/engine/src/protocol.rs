//! Messages between the dashboard, the runner and the worker processes, beside the rings.

mod build;
pub mod chunks;
pub mod counters;
mod payload;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

pub use self::build::Build;
use crate::input_items::InputItems;
use contend_scenario::{Scenario, Settings};
use contend_trace::{KnobId, Notice, WorkerId, frame};

/// First argument of a runner process; the second is the scenario's name.
pub const RUNNER_ARG: &str = "runner";
/// First argument of a worker process; the second is the worker's name.
pub const WORKER_ARG: &str = "worker";

/// Everything that a runner or a worker process needs to know. First frame on a runner's standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartRequest {
    /// The build of the sender. First, so that any other build can read it.
    pub build: Build,
    pub scenario: Scenario,
    pub settings: Settings,
    pub input_items: InputItems,
}

impl StartRequest {
    /// Reads the request, if the sender is of the same build.
    ///
    /// # Errors
    /// If it is not, or the stream has no request.
    pub fn receive(from: impl Read) -> io::Result<Self> {
        let bytes = frame::receive_bytes(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Build::check_sender(&bytes)?;
        frame::decode(&bytes)
    }
}

/// The worker that a worker process runs. First frame on its standard input, before [`StartRequest`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Assignment {
    pub worker: WorkerId,
    /// The runner's process number and its descriptor of the run memory, if the worker process does not inherit it.
    pub memory: Option<(u32, i32)>,
}

/// From the dashboard to the runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum RunnerCommand {
    /// The value of this knob in the run memory changed; a pool may have to grow or shrink.
    KnobChanged(KnobId),
    /// End this worker.
    KillWorker(WorkerId),
    /// The run memory has a time limit, or another one than before.
    TimeLimitSet,
}

/// From the runner and the workers to the dashboard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum RunnerMessage {
    /// All workers are ready and the start barrier is lifted.
    Started { ticks: u64 },
    /// Something rare happened at this moment of the run's clock.
    Notice { ticks: u64, notice: Notice },
    /// The run cannot start or continue.
    Failed(String),
    /// Every worker finished its steps.
    Finished { ticks: u64 },
}

/// Writes a line to standard error, which is a pipe to the dashboard in the runner and in worker processes.
pub fn eprint_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
