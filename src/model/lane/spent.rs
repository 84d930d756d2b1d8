//! What one bucket of a lane holds.

use crate::model::history::Merge;
use crate::model::shares::Shares;
use crate::trace::State;

/// Nanoseconds by state as the events tell, and what the kernel says of the same stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::model) struct Spent {
    pub by_state: Shares,
    /// On a CPU.
    pub on_cpu: u64,
    /// Runnable without one.
    pub queued: u64,
}

impl Merge for Spent {
    fn merge(&mut self, other: Self) {
        self.by_state.add(&other.by_state);
        self.on_cpu = self.on_cpu.saturating_add(other.on_cpu);
        self.queued = self.queued.saturating_add(other.queued);
    }
}

impl Spent {
    /// Shares with Ready split off Running.
    ///
    /// Events cannot see a preemption: to them the worker ran. The kernel counts time on a CPU and time in the run queue,
    /// but the latter also while a woken waiter is not yet back from its wait. So Ready is what the kernel calls queued, as
    /// far as it fits into the part of Running in which the worker was not on a CPU.
    pub(super) fn split(&self) -> Shares {
        let mut shares = self.by_state;
        let ready = shares.get(State::Running).saturating_sub(self.on_cpu).min(self.queued);
        shares.shift(State::Running, State::Ready, ready);
        shares
    }
}
