//! Requirements on a level: the goal, the tolerance, and limits on latency and memory.

use super::curve::Level;

/// The measure that levels are compared by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Highest throughput: a level is compared with the best level.
    MaxThroughput,
    /// Keeping up with tasks that arrive at this rate, 1/s: a level is compared with the rate.
    Arrivals(f64),
}

/// Requirements on a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demands {
    pub goal: Goal,
    /// Tolerance: 0.05 accepts levels that are up to 5 % worse than the best.
    pub epsilon: f64,
    /// Limit of the 99th percentile of a task's time, ns: from its start, or, where tasks arrive at a rate, from when
    /// it was due.
    pub max_p99_ns: Option<f64>,
    /// Limit of the resident memory of all processes together, bytes.
    pub max_memory: Option<u64>,
}

impl Demands {
    /// Returns whether a level takes more memory than allowed.
    pub(super) fn is_memory_exceeded(&self, level: &Level) -> bool {
        self.max_memory.is_some_and(|limit| level.mean(|repetition| repetition.memory as f64) > limit as f64)
    }
}
