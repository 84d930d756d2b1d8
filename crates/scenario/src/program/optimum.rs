//! What tuning should find, calculated beforehand.

use serde::{Deserialize, Serialize};

use contend_trace::KnobId;

/// Between which values of a knob the best one lies, by calculation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimum {
    pub knob: KnobId,
    pub from: f64,
    pub to: f64,
    /// What is used up there.
    pub limit: Option<Scarce>,
    /// Whether "too noisy to say" is right as well.
    pub noisy: bool,
    /// The calculation, in words.
    pub because: String,
}

/// What can be used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scarce {
    Cpu,
    /// Position in the scenario's resources.
    Resource(usize),
}
