//! Time without a CPU, and how it is divided.

/// Nanoseconds in which a worker seemed to run but had no CPU: in the run queue, or for a reason that no record gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CpuLack {
    pub ready: u64,
    pub off_core: u64,
}

impl CpuLack {
    pub(crate) const fn total(self) -> u64 {
        self.ready + self.off_core
    }

    pub(in crate::lane) fn add(&mut self, other: Self) {
        self.ready += other.ready;
        self.off_core += other.off_core;
    }

    /// Returns the same, cut to `most` nanoseconds in all.
    pub(in crate::lane) fn at_most(self, most: u64) -> Self {
        let ready = self.ready.min(most);
        Self { ready, off_core: self.off_core.min(most - ready) }
    }
}

/// Distributes an amount in proportion to weights, exact to the last nanosecond.
pub(super) struct Portions {
    amount: u64,
    whole: u64,
    weight_so_far: u64,
    distributed: u64,
}

impl Portions {
    /// `whole` is the sum of the weights, and not less than the amount.
    pub(super) const fn new(amount: u64, whole: u64) -> Self {
        Self { amount, whole, weight_so_far: 0, distributed: 0 }
    }

    /// Returns the next portion, never more than its weight.
    pub(super) fn next(&mut self, weight: u64) -> u64 {
        self.weight_so_far += weight;
        let due = (u128::from(self.amount) * u128::from(self.weight_so_far) / u128::from(self.whole.max(1))) as u64;
        let portion = (due - self.distributed).min(weight);
        self.distributed = due;
        portion
    }
}
