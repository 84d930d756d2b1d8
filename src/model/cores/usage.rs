//! Whose load it is: the run's, the viewer's, or that of other programs.

use crate::model::Model;
use crate::model::history::{History, Merge, Shape, part};
use crate::model::shares::{Shares, Window};
use crate::trace::{Span, Stamp, State};

/// Nanoseconds measured, and CPU time used in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Used {
    measured: u64,
    run: u64,
    viewer: u64,
}

impl Merge for Used {
    fn merge(&mut self, other: Self) {
        self.measured = self.measured.saturating_add(other.measured);
        self.run = self.run.saturating_add(other.run);
        self.viewer = self.viewer.saturating_add(other.viewer);
    }
}

impl Used {
    fn part(self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        Self {
            measured: part(self.measured, whole, cut),
            run: part(self.run, whole, cut),
            viewer: part(self.viewer, whole, cut),
        }
    }

    /// Cores kept busy on average: by the run, and by the viewer.
    fn mean(self) -> Option<(f64, f64)> {
        let mean = |used: u64| used as f64 / self.measured as f64;
        (self.measured > 0).then(|| (mean(self.run), mean(self.viewer)))
    }
}

/// CPU time that the run and the viewer used.
#[derive(Debug, Clone)]
pub(in crate::model) struct Usage {
    history: History<Used>,
}

impl Usage {
    pub(in crate::model) fn new(shape: Shape) -> Self {
        Self { history: History::new(shape) }
    }

    pub(in crate::model) fn sample(&mut self, from: Stamp, to: Stamp, run: u64, viewer: u64) {
        self.history.add(from, to, |bucket, a, b| {
            let cut = |ns| part(ns, (from, to), (Stamp(a), Stamp(b)));
            bucket.merge(Used { measured: b - a, run: cut(run), viewer: cut(viewer) });
        });
    }

    fn mean(&self, from: Stamp, to: Stamp) -> Option<(f64, f64)> {
        let mut sum = Used::default();
        self.history.visit(from, to, |a, b, used| sum.merge(used.part((a, b), (from, to))));
        sum.mean()
    }

    pub(in crate::model) fn bytes(&self) -> usize {
        self.history.bytes()
    }
}

/// How many cores were busy on average over a stretch of time, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CpuLoad {
    /// All processes of the run, its commands included.
    pub run: f64,
    /// The program that watches it.
    pub viewer: f64,
    /// Everything else on the machine. About: the kernel counts a core's load in ticks of 10 ms or less.
    pub others: f64,
}

impl Model {
    /// Whose load the cores had between two moments. `None` where the system does not say.
    pub fn cpu_load(&self, from: Stamp, to: Stamp) -> Option<CpuLoad> {
        let (run, viewer) = self.usage.mean(from, to)?;
        let busy = self.cores.busy(from, to)?;
        Some(CpuLoad { run, viewer, others: (busy - run - viewer).max(0.0) })
    }

    /// Cores that the run kept busy between two moments, on average.
    pub fn run_load(&self, from: Stamp, to: Stamp) -> Option<f64> {
        self.usage.mean(from, to).map(|(run, _)| run)
    }

    /// Cores that other programs kept busy between two moments, on average; neither the run nor the viewer counts.
    pub fn others_load(&self, from: Stamp, to: Stamp) -> Option<f64> {
        self.cpu_load(from, to).map(|load| load.others)
    }

    /// Cores that other programs left to the run between two moments: of those it may use, unless less is free.
    /// `None` while nothing is known of them.
    pub fn available_cores(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let free = self.cores.online() as f64 - self.others_load(from, to)?;
        Some(self.usable_cores().min(free).max(0.0))
    }

    /// Part of the time in which workers could run that they had no CPU (0 to 1), of all workers together. `None` where the
    /// system does not say.
    pub fn run_queue_share(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let mut sum = Shares::default();
        self.lanes().for_each(|(_, lane)| sum.add(&lane.shares(from, to, to)));
        let (running, ready) = (sum.get(State::Running), sum.get(State::Ready));
        self.sees_ready().then(|| ready as f64 / (running + ready).max(1) as f64)
    }

    /// Load of other programs in each cell of a window, in cores; none where nothing was measured.
    pub fn others_cells(&self, w: &Window) -> Vec<Option<f64>> {
        let cell = |i| {
            let (from, to) = w.cell(i);
            self.others_load(from, to.max(from + Span(1)))
        };
        (0..w.cells).map(cell).collect()
    }
}
