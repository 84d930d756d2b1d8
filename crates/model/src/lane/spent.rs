//! What one bucket of a lane holds.

use crate::history::Merge;
use crate::shares::Shares;

/// Nanoseconds by state as the events tell, and those of them in which the worker seemed to run and had no CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spent {
    pub by_state: Shares,
    pub without_cpu: u64,
}

impl Merge for Spent {
    fn merge(&mut self, other: Self) {
        self.by_state.add(&other.by_state);
        self.without_cpu = self.without_cpu.saturating_add(other.without_cpu);
    }
}
