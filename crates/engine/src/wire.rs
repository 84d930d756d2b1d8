//! What the dashboard and the runner say to each other beside the rings.

use serde::{Deserialize, Serialize};

use super::files::Job;
use contend_scenario::{Scenario, Settings};
use contend_trace::{KnobId, Notice, WorkerId};

/// Everything a runner or a worker process needs to know. First frame on a runner's standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// Version of the sender: both sides must be of one build.
    pub version: String,
    pub scenario: Scenario,
    pub settings: Settings,
    pub job: Job,
}

/// Which worker a worker process is. First frame on its standard input, before [`Start`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Assignment {
    pub worker: WorkerId,
    /// The runner's process number and its descriptor of the board, where that is not inherited.
    pub board: Option<(u32, i32)>,
}

/// Dashboard to runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Down {
    /// This knob on the board was turned: see whether a pool must grow or shrink.
    Turned(KnobId),
    /// End this worker.
    Kill(WorkerId),
}

/// Runner and workers to dashboard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Up {
    /// All workers are up and the barrier is lifted.
    Going { ticks: u64 },
    /// Something rare happened at this moment of the run's clock.
    Notice { ticks: u64, notice: Notice },
    /// The run cannot start or go on.
    Failed(String),
    /// Every worker came to the end of its steps.
    Finished { ticks: u64 },
}
