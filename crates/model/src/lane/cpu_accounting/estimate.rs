//! Estimates of the time on a CPU since the last settled reading.

use super::{CpuLack, OnCpu};
use crate::lane::Lane;
use contend_trace::Stamp;

/// With this much `Running` in the previous interval, its ratio counts as much for the next interval as an even share
/// of the cores: one thread that ran for a moment without waiting says little about the other 999.
const FULL_WEIGHT_NS: f64 = 50e6;

/// An interval that is not settled yet, with estimates of the fraction of `Running` that is on a CPU, and of the
/// fraction of the rest that is not in the run queue either.
#[derive(Debug, Clone, Copy)]
pub(in crate::lane) struct Unsettled {
    from: Stamp,
    to: Stamp,
    on_cpu: f64,
    off_core: f64,
}

impl Unsettled {
    pub(in crate::lane) const fn from(&self) -> Stamp {
        self.from
    }

    /// Returns how much of `running` in `a..b` was without a CPU.
    pub(in crate::lane) fn without_cpu(&self, running: u64, a: Stamp, b: Stamp) -> CpuLack {
        let overlap = self.to.min(b).span_since(self.from.max(a)).0;
        let without = (running.min(overlap) as f64 * (1.0 - self.on_cpu)) as u64;
        let off_core = ((without as f64 * self.off_core) as u64).min(without);
        CpuLack { ready: without - off_core, off_core }
    }
}

impl Lane {
    /// Returns the estimated fraction of `Running` without a reading that was on a CPU: a weighted mean of the ratio of
    /// the last interval and the even share. The more `Running` that interval had, the more its ratio counts.
    pub(super) fn expected_on_cpu_share(&self) -> Option<f64> {
        match (self.kernel.on_cpu_ratio, self.kernel.even_share) {
            // It may be off the cores because nothing needs one.
            (ratio, _) if self.kernel.may_block_unrecorded => ratio,
            (Some(ratio), Some(even)) => {
                let basis = self.kernel.ratio_basis_ns as f64;
                Some((basis * ratio + FULL_WEIGHT_NS * even) / (basis + FULL_WEIGHT_NS))
            }
            (ratio, even) => ratio.or(even),
        }
    }

    /// Sets the fraction of `Running` that is on a CPU if all workers share the cores evenly.
    pub(crate) fn set_even_share(&mut self, share: f64) {
        self.kernel.even_share = Some(share);
    }

    /// Sets the fraction (0 to 1) by which the estimate of time on a CPU since the last reading is reduced.
    pub(crate) fn set_estimate_reduction(&mut self, reduction: f64) {
        self.kernel.estimate_reduction = reduction;
    }

    /// Returns the intervals up to `now` that are not settled yet: those of readings that wait for events, and the time
    /// since the last reading, for which its ratio is assumed.
    pub(in crate::lane) fn unsettled_intervals(&self, now: Stamp) -> Vec<Unsettled> {
        let mut from = self.kernel.settled_until;
        let mut ratio = self.expected_on_cpu_share();
        let mut off_core = self.kernel.off_core_ratio;
        let mut all = Vec::with_capacity(self.kernel.pending.len() + 1);
        for reading in &self.kernel.pending {
            let to = reading.to.min(now);
            let begin = self.reading_start(reading).max(from);
            if begin >= to {
                continue;
            }
            if let OnCpu::SinceLastReading(on_cpu) = reading.on_cpu {
                let ran = self.ran_ns_until(reading.to).saturating_sub(self.ran_ns_until(begin));
                if ran > 0 {
                    ratio = Some((on_cpu as f64 / ran as f64).min(1.0));
                }
                if self.kernel.may_block_unrecorded && ran > on_cpu {
                    off_core = 1.0 - (reading.queued as f64 / (ran - on_cpu) as f64).min(1.0);
                }
            }
            all.extend(ratio.map(|on_cpu| Unsettled { from, to, on_cpu, off_core }));
            from = to;
        }
        let less = 1.0 - self.kernel.estimate_reduction;
        let newest = |on_cpu| Unsettled { from, to: now, on_cpu: on_cpu * less, off_core };
        all.extend(ratio.filter(|_| from < now).map(newest));
        all
    }

    /// Returns the fraction of its recent `Running` in which the worker had a CPU; `None` without an estimate.
    pub fn on_cpu_share(&self, now: Stamp) -> Option<f64> {
        self.unsettled_intervals(now).last().map(|last| last.on_cpu).or(self.kernel.on_cpu_ratio)
    }
}
