//! The right answer of tuning, if it can be calculated.

use serde::{Deserialize, Serialize};

use contend_trace::KnobId;

/// The calculated range of the best value of a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimum {
    pub knob: KnobId,
    pub from: f64,
    pub to: f64,
    /// The resource that is exhausted there.
    pub limit: Option<OptimumLimit>,
    /// Whether "too noisy to say" is right as well.
    pub accepts_noise: bool,
    /// The calculation, in words.
    pub explanation: String,
}

/// What limits the throughput.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptimumLimit {
    Cpu,
    /// Position in the scenario's resources.
    Resource(usize),
}
