//! Load of the machine's cores.

use super::history::{History, Merge, Shape, part};
use super::shares::Window;
use crate::trace::{Span, Stamp};

/// More cores than this are not drawn.
const MOST: usize = 1024;

/// Load is kept in parts of 65,536, so that sums are exact.
const ONE: f32 = 65_536.0;

/// What one bucket of a core holds: nanoseconds measured, and nanoseconds times load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Load {
    measured: u64,
    busy: u64,
}

impl Merge for Load {
    fn merge(&mut self, other: Self) {
        self.measured = self.measured.saturating_add(other.measured);
        self.busy = self.busy.saturating_add(other.busy);
    }
}

impl Load {
    fn mean(self) -> Option<f32> {
        (self.measured > 0).then(|| (self.busy as f64 / self.measured as f64) as f32 / ONE)
    }
}

#[derive(Debug, Clone)]
struct Core {
    now: f32,
    all: Load,
    history: History<Load>,
}

/// All cores of the machine, known from the first sample on.
#[derive(Debug, Clone)]
pub struct Cores {
    shape: Shape,
    last: Stamp,
    cores: Vec<Core>,
}

impl Cores {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, last: Stamp(0), cores: Vec::new() }
    }

    /// Loads between the sample before and `at`. Returns whether the sample is newer than the one before.
    pub(super) fn sample(&mut self, at: Stamp, loads: &[f32]) -> bool {
        if at <= self.last {
            return false;
        }
        let shape = self.shape;
        let blank = || Core { now: 0.0, all: Load::default(), history: History::new(shape) };
        self.cores.resize_with(loads.len().min(MOST).max(self.cores.len()), blank);
        let from = std::mem::replace(&mut self.last, at);
        for (core, load) in self.cores.iter_mut().zip(loads) {
            core.now = if load.is_finite() { load.clamp(0.0, 1.0) } else { 0.0 };
            let busy = u64::from((core.now * ONE) as u32);
            let mut all = Load::default();
            core.history.add(from, at, |bucket, a, b| {
                let piece = Load { measured: b - a, busy: (b - a).saturating_mul(busy) };
                all.merge(piece);
                bucket.merge(piece);
            });
            core.all.merge(all);
        }
        true
    }

    pub fn count(&self) -> usize {
        self.cores.len()
    }

    /// Newest load of a core, 0 to 1.
    pub fn now(&self, core: usize) -> Option<f32> {
        self.cores.get(core).map(|core| core.now)
    }

    /// Mean load in each cell; none where nothing was measured.
    pub fn cells(&self, core: usize, w: &Window, out: &mut Vec<Option<f32>>) {
        out.clear();
        out.resize(w.cells, None);
        let Some(core) = self.cores.get(core) else { return };
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        let mut sums = vec![Load::default(); w.cells];
        core.history.visit(w.from, w.to, |a, b, load| {
            let (from, to) = (a.max(w.from), b.min(w.to));
            for i in w.cell_at(from)..=w.cell_at(Stamp(to.0.saturating_sub(1))) {
                let cut = w.cell(i);
                sums[i].merge(Load { measured: part(load.measured, (a, b), cut), busy: part(load.busy, (a, b), cut) });
            }
        });
        out.iter_mut().zip(sums).for_each(|(cell, sum)| *cell = sum.mean());
    }

    /// Load of a core around `t`.
    pub fn at(&self, core: usize, t: Stamp) -> Option<f32> {
        let mut found = None;
        self.cores.get(core)?.history.visit(t, t + Span(1), |_, _, load| found = load.mean());
        found
    }

    /// Load of a core over the whole run.
    pub fn mean(&self, core: usize) -> Option<f32> {
        self.cores.get(core)?.all.mean()
    }

    /// Load of all cores between two moments: how many were busy on average.
    pub fn busy(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let mut sum = None;
        for core in &self.cores {
            let mut load = Load::default();
            core.history.visit(from, to, |a, b, bucket| {
                load.merge(Load {
                    measured: part(bucket.measured, (a, b), (from, to)),
                    busy: part(bucket.busy, (a, b), (from, to)),
                });
            });
            if let Some(mean) = load.mean() {
                *sum.get_or_insert(0.0) += f64::from(mean);
            }
        }
        sum
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let histories: usize = self.cores.iter().map(|core| core.history.bytes()).sum();
        histories + self.cores.capacity() * size_of::<Core>()
    }
}
