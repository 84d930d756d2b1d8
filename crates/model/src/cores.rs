//! Load of the machine's cores.

mod usage;

pub use self::usage::CpuLoad;
pub(super) use self::usage::Usage;
use super::history::{History, Merge, Shape, part};
use super::shares::Window;
use contend_trace::{Span, Stamp};

/// More cores than this are not drawn.
const MOST: usize = 1024;

/// This many have the detail that the budget has room for; more of them share that room.
pub(super) const ROOM: usize = 8;

/// Buckets that each has at least, as all histories.
const LEAST_BUCKETS: usize = 64;

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
    /// What of a load over `whole` falls to `cut`.
    fn part(self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        Self { measured: part(self.measured, whole, cut), busy: part(self.busy, whole, cut) }
    }

    fn mean(self) -> Option<f32> {
        (self.measured > 0).then(|| (self.busy as f64 / self.measured as f64) as f32 / ONE)
    }
}

/// What each of so many cores has of the room of [`ROOM`].
fn shared(shape: Shape, cores: usize) -> Shape {
    let buckets = shape.buckets * shape.levels * ROOM / cores.clamp(ROOM, MOST);
    let levels = (buckets / LEAST_BUCKETS).clamp(1, shape.levels);
    Shape { buckets: 1 << (buckets / levels).max(LEAST_BUCKETS).ilog2(), levels }
}

#[derive(Debug, Clone)]
struct Core {
    /// None while it is not there.
    now: Option<f32>,
    sum: Load,
    history: History<Load>,
}

/// All cores of the machine by their numbers, known from the first sample on. Some numbers may be nobody's, and cores may go
/// and come back.
#[derive(Debug, Clone)]
pub struct Cores {
    shape: Shape,
    last: Stamp,
    all: Vec<Core>,
}

impl Cores {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, last: Stamp(0), all: Vec::new() }
    }

    /// Loads between the sample before and `at`. Returns whether the sample is newer than the one before.
    pub(super) fn sample(&mut self, at: Stamp, loads: &[Option<f32>]) -> bool {
        if at <= self.last {
            return false;
        }
        if self.all.is_empty() {
            self.shape = shared(self.shape, loads.len());
        }
        let shape = self.shape;
        let blank = || Core { now: None, sum: Load::default(), history: History::new(shape) };
        self.all.resize_with(loads.len().min(MOST).max(self.all.len()), blank);
        let from = std::mem::replace(&mut self.last, at);
        for (core, load) in self.all.iter_mut().zip(loads.iter().chain(std::iter::repeat(&None))) {
            core.now = load.filter(|load| load.is_finite()).map(|load| load.clamp(0.0, 1.0));
            let Some(now) = core.now else { continue };
            let busy = u64::from((now * ONE) as u32);
            let mut sum = Load::default();
            core.history.add(from, at, |bucket, a, b| {
                let piece = Load { measured: b - a, busy: (b - a).saturating_mul(busy) };
                sum.merge(piece);
                bucket.merge(piece);
            });
            core.sum.merge(sum);
        }
        true
    }

    /// One more than the highest number of a core.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// How many there are now.
    pub fn online(&self) -> usize {
        self.all.iter().filter(|core| core.now.is_some()).count()
    }

    /// The numbers of all that are or were there.
    pub fn seen(&self) -> impl Iterator<Item = usize> {
        self.all.iter().enumerate().filter(|(_, core)| core.sum.measured > 0).map(|(number, _)| number)
    }

    /// Newest load of a core, 0 to 1; none while it is not there.
    pub fn now(&self, core: usize) -> Option<f32> {
        self.all.get(core)?.now
    }

    /// Mean load in each cell; none where nothing was measured.
    pub fn cells(&self, core: usize, w: &Window, out: &mut Vec<Option<f32>>) {
        out.clear();
        out.resize(w.cells, None);
        let Some(core) = self.all.get(core) else { return };
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        let mut sums = vec![Load::default(); w.cells];
        core.history.visit(w.from, w.to, |a, b, load| {
            let (from, to) = (a.max(w.from), b.min(w.to));
            let (first, last) = (w.cell_at(from), w.cell_at(Stamp(to.0.saturating_sub(1))));
            for (i, sum) in sums.iter_mut().enumerate().take(last + 1).skip(first) {
                sum.merge(load.part((a, b), w.cell(i)));
            }
        });
        out.iter_mut().zip(sums).for_each(|(cell, sum)| *cell = sum.mean());
    }

    /// Load of a core around `t`.
    pub fn at(&self, core: usize, t: Stamp) -> Option<f32> {
        let mut found = None;
        self.all.get(core)?.history.visit(t, t + Span(1), |_, _, load| found = load.mean());
        found
    }

    /// Load of a core over the whole run.
    pub fn mean(&self, core: usize) -> Option<f32> {
        self.all.get(core)?.sum.mean()
    }

    /// Load of all cores between two moments: how many were busy on average.
    pub fn busy(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let mut sum = None;
        for core in &self.all {
            let mut load = Load::default();
            core.history.visit(from, to, |a, b, bucket| {
                load.merge(bucket.part((a, b), (from, to)));
            });
            if let Some(mean) = load.mean() {
                *sum.get_or_insert(0.0) += f64::from(mean);
            }
        }
        sum
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let histories: usize = self.all.iter().map(|core| core.history.bytes()).sum();
        histories + self.all.capacity() * size_of::<Core>()
    }
}
