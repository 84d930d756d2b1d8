//! The history of the CPU time that the run and the viewer used.

use crate::history::{History, HistoryShape, Merge, proportional_part};
use contend_trace::Stamp;

/// Nanoseconds measured, and CPU time used in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct CpuTimes {
    measured: u64,
    run: u64,
    viewer: u64,
}

impl Merge for CpuTimes {
    fn merge(&mut self, other: Self) {
        self.measured = self.measured.saturating_add(other.measured);
        self.run = self.run.saturating_add(other.run);
        self.viewer = self.viewer.saturating_add(other.viewer);
    }
}

impl CpuTimes {
    fn proportional_part(self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        Self {
            measured: proportional_part(self.measured, whole, cut),
            run: proportional_part(self.run, whole, cut),
            viewer: proportional_part(self.viewer, whole, cut),
        }
    }

    fn mean_cores(self) -> Option<(f64, f64)> {
        let mean = |used: u64| used as f64 / self.measured as f64;
        (self.measured > 0).then(|| (mean(self.run), mean(self.viewer)))
    }
}

/// The CPU time that the run and the viewer used, over time.
#[derive(Debug, Clone)]
pub(crate) struct CpuUsageHistory {
    history: History<CpuTimes>,
}

impl CpuUsageHistory {
    pub(crate) fn new(shape: HistoryShape) -> Self {
        Self { history: History::new(shape) }
    }

    pub(crate) fn sample(&mut self, from: Stamp, to: Stamp, run: u64, viewer: u64) {
        self.history.add(from, to, |bucket, a, b| {
            let cut = |ns| proportional_part(ns, (from, to), (Stamp(a), Stamp(b)));
            bucket.merge(CpuTimes { measured: b - a, run: cut(run), viewer: cut(viewer) });
        });
    }

    /// Returns how many cores the run and the viewer kept busy on average.
    pub(crate) fn mean_cores(&self, from: Stamp, to: Stamp) -> Option<(f64, f64)> {
        let mut sum = CpuTimes::default();
        self.history.visit_buckets(from, to, |a, b, used| sum.merge(used.proportional_part((a, b), (from, to))));
        sum.mean_cores()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes()
    }
}
