//! One bucket of a lane's history.

use crate::history::Merge;
use crate::state_times::StateTimes;

/// Nanoseconds by state according to the events, those in which the worker seemed to run but had no CPU, and those of
/// them in which it was not ready for one either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LaneBucket {
    pub by_state: StateTimes,
    pub without_cpu_ns: u64,
    pub off_core_ns: u64,
}

impl Merge for LaneBucket {
    fn merge(&mut self, other: Self) {
        self.by_state.add(&other.by_state);
        self.without_cpu_ns = self.without_cpu_ns.saturating_add(other.without_cpu_ns);
        self.off_core_ns = self.off_core_ns.saturating_add(other.off_core_ns);
    }
}
