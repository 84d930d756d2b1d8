//! The load of the machine's cores over time.

mod layout;
mod placements;
mod usage;

pub use self::layout::{CoreLayout, CoresUsed};
pub use self::placements::CoreCell;
use self::placements::Placement;
pub(super) use self::usage::CpuUsageHistory;
use super::buffer_sizes::FULL_DETAIL_CORES;
use super::history::{History, HistoryShape, Merge, proportional_part};
use super::state_times::CellWindow;
use contend_trace::{Span, Stamp};
use std::collections::VecDeque;

/// The model keeps no more cores than this.
const MAX_CORES: usize = 1024;

/// The minimum number of buckets of a core, as of all histories.
const MIN_BUCKETS: usize = 64;

/// Load is stored as an integer fraction of 65,536, so that sums are exact.
const FULL_LOAD: f32 = 65_536.0;

/// One bucket of a core: nanoseconds measured, the sum of nanoseconds times load, and how long the run's workers ran,
/// ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LoadSum {
    measured: u64,
    busy: u64,
    ours: u64,
}

impl Merge for LoadSum {
    fn merge(&mut self, other: Self) {
        self.measured = self.measured.saturating_add(other.measured);
        self.busy = self.busy.saturating_add(other.busy);
        self.ours = self.ours.saturating_add(other.ours);
    }
}

impl LoadSum {
    /// Returns the part of a load over `whole` that falls into `cut`.
    fn proportional_part(self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        Self {
            measured: proportional_part(self.measured, whole, cut),
            busy: proportional_part(self.busy, whole, cut),
            ours: proportional_part(self.ours, whole, cut),
        }
    }

    fn merge_ours(&mut self, ns: u64) {
        self.ours = self.ours.saturating_add(ns);
    }

    fn mean(self) -> Option<f32> {
        (self.measured > 0).then(|| (self.busy as f64 / self.measured as f64) as f32 / FULL_LOAD)
    }
}

/// Returns the shape of each core's history if `cores` cores share the room of [`FULL_DETAIL_CORES`].
fn shared_shape(shape: HistoryShape, cores: usize) -> HistoryShape {
    let buckets = shape.buckets * shape.levels * FULL_DETAIL_CORES / cores.clamp(FULL_DETAIL_CORES, MAX_CORES);
    let levels = (buckets / MIN_BUCKETS).clamp(1, shape.levels);
    HistoryShape { buckets: 1 << (buckets / levels).max(MIN_BUCKETS).ilog2(), levels, ..shape }
}

#[derive(Debug, Clone)]
struct Core {
    /// `None` while the core is offline.
    current_load: Option<f32>,
    sum: LoadSum,
    history: History<LoadSum>,
}

impl Core {
    /// Returns the sums of each cell.
    fn sums(&self, w: &CellWindow) -> Vec<LoadSum> {
        let mut sums = vec![LoadSum::default(); w.cells];
        self.history.visit_buckets(w.from, w.to, |a, b, load| {
            let (from, to) = (a.max(w.from), b.min(w.to));
            let (first, last) = (w.cell_at(from), w.cell_at(Stamp(to.0.saturating_sub(1))));
            for (i, sum) in sums.iter_mut().enumerate().take(last + 1).skip(first) {
                sum.merge(load.proportional_part((a, b), w.cell(i)));
            }
        });
        sums
    }
}

/// All cores of the machine by their numbers, known from the first sample on. Some numbers may be unused, and cores can
/// go offline and come back.
#[derive(Debug, Clone)]
pub struct Cores {
    shape: HistoryShape,
    last: Stamp,
    all: Vec<Core>,
    /// Where workers ran lately, in the order of arrival.
    placements: VecDeque<Placement>,
    /// `None` if it is unknown how the cores belong together.
    layout: Option<CoreLayout>,
}

impl Cores {
    pub(super) fn new(shape: HistoryShape) -> Self {
        Self { shape, last: Stamp(0), all: Vec::new(), placements: VecDeque::new(), layout: None }
    }

    /// Records the loads between the previous sample and `at`. Returns whether the sample is newer than the previous
    /// one.
    pub(super) fn sample(&mut self, at: Stamp, loads: &[Option<f32>]) -> bool {
        if at <= self.last {
            return false;
        }
        if self.all.is_empty() {
            self.shape = shared_shape(self.shape, loads.len());
        }
        let shape = self.shape;
        let blank = || Core { current_load: None, sum: LoadSum::default(), history: History::new(shape) };
        self.all.resize_with(loads.len().min(MAX_CORES).max(self.all.len()), blank);
        let from = std::mem::replace(&mut self.last, at);
        for (core, load) in self.all.iter_mut().zip(loads.iter().chain(std::iter::repeat(&None))) {
            core.current_load = load.filter(|load| load.is_finite()).map(|load| load.clamp(0.0, 1.0));
            let Some(now) = core.current_load else { continue };
            let busy = u64::from((now * FULL_LOAD) as u32);
            let mut sum = LoadSum::default();
            core.history.add(from, at, |bucket, a, b| {
                let piece = LoadSum { measured: b - a, busy: (b - a).saturating_mul(busy), ours: 0 };
                sum.merge(piece);
                bucket.merge(piece);
            });
            core.sum.merge(sum);
        }
        true
    }

    /// Returns one more than the highest number of a core.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Returns how many cores are online now.
    pub fn online(&self) -> usize {
        self.all.iter().filter(|core| core.current_load.is_some()).count()
    }

    /// Returns the numbers of all cores that are or were online.
    pub fn known_cores(&self) -> impl Iterator<Item = usize> {
        self.all.iter().enumerate().filter(|(_, core)| core.sum.measured > 0).map(|(number, _)| number)
    }

    /// Returns the newest load of a core, 0 to 1; `None` while it is offline.
    pub fn current_load(&self, core: usize) -> Option<f32> {
        self.all.get(core)?.current_load
    }

    /// Writes the mean load in each cell to `out`; `None` where nothing was measured.
    pub fn cells(&self, core: usize, w: &CellWindow, out: &mut Vec<Option<f32>>) {
        out.clear();
        out.resize(w.cells, None);
        let Some(core) = self.all.get(core) else { return };
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        out.iter_mut().zip(core.sums(w)).for_each(|(cell, sum)| *cell = sum.mean());
    }

    /// Returns the load of a core around `t`.
    pub fn load_at(&self, core: usize, t: Stamp) -> Option<f32> {
        let mut found = None;
        self.all.get(core)?.history.visit_buckets(t, t + Span(1), |_, _, load| found = load.mean());
        found
    }

    /// Returns the mean load of a core over the whole run.
    pub fn mean_load(&self, core: usize) -> Option<f32> {
        self.all.get(core)?.sum.mean()
    }

    /// Returns how many cores were busy on average between two moments.
    pub fn busy_cores(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let mut sum = None;
        for core in &self.all {
            let mut load = LoadSum::default();
            core.history.visit_buckets(from, to, |a, b, bucket| {
                load.merge(bucket.proportional_part((a, b), (from, to)));
            });
            if let Some(mean) = load.mean() {
                *sum.get_or_insert(0.0) += f64::from(mean);
            }
        }
        sum
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let histories: usize = self.all.iter().map(|core| core.history.heap_bytes()).sum();
        let placements = self.placements.capacity() * size_of::<Placement>();
        let layout = self.layout.as_ref().map_or(0, CoreLayout::heap_bytes);
        histories + placements + layout + self.all.capacity() * size_of::<Core>()
    }
}
