//! Whose load it is: the run's, the viewer's, or that of other programs.

use crate::history::{History, Merge, Shape, part};
use crate::shares::{Shares, Window};
use crate::{Cores, Lane, Model};
use contend_trace::{Span, Stamp, State, WorkerInfo, WorkerKind};

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
pub(crate) struct Usage {
    history: History<Used>,
}

impl Usage {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { history: History::new(shape) }
    }

    pub(crate) fn sample(&mut self, from: Stamp, to: Stamp, run: u64, viewer: u64) {
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

    pub(crate) fn bytes(&self) -> usize {
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

/// So many workers are looked at in turns.
const MANY: usize = 100;

/// Over how long estimates are held against what was counted.
const BOUNDED: Span = Span::millis(2_000);

/// Estimates that are together too high by this part are left as they are.
const ROUGH: f64 = 0.05;

/// Weight of the newest count among those before it.
const NEWEST: f64 = 0.2;

impl Model {
    pub fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Cores that the run may use: as many as there are, unless less is known; 0 while nothing is.
    pub fn usable_cores(&self) -> f64 {
        let all = self.cores.online() as f64;
        self.cast.cores.map_or(all, |usable| if all > 0.0 { usable.min(all) } else { usable })
    }

    /// Tells all threads and processes what part of the cores each would have if those that seem to run shared them evenly.
    /// That is all there is to go by for those that the kernel was not asked about yet.
    pub(crate) fn share_evenly(&mut self) {
        let cores = self.usable_cores();
        if !self.sees_ready || cores <= 0.0 {
            return;
        }
        let has_thread = |worker: &WorkerInfo| worker.kind != WorkerKind::Async;
        let lanes = || self.lanes.iter().zip(&self.cast.workers).filter(|(_, worker)| has_thread(worker));
        let running = lanes().filter(|(lane, _)| lane.doing().state == State::Running).count() as f64;
        self.crowd += NEWEST * (running - self.crowd);
        let part = (cores / self.crowd.max(running)).min(1.0);
        for (lane, _) in self.lanes.iter_mut().zip(&self.cast.workers).filter(|(_, worker)| has_thread(worker)) {
            lane.share_evenly(part);
        }
    }

    /// Holds what is only estimated of many workers against what the kernel counted of their processes, or against the cores
    /// there are: a thousand threads are looked at in turns, and what each of them has done since adds up to more than that.
    pub(crate) fn bound_estimates(&mut self, now: Stamp) {
        let from = now.back(BOUNDED);
        let counted = self.run_load(from, now).unwrap_or(f64::MAX).min(self.usable_cores());
        if self.lanes.len() < MANY || counted <= 0.0 {
            return;
        }
        let mut estimate = |less: f64| {
            self.lanes.iter_mut().for_each(|lane| lane.expect_less(less));
            let running = |lane: &Lane| lane.shares(from, now, now).get(State::Running);
            self.lanes.iter().map(running).sum::<u64>() as f64 / now.since(from).0.max(1) as f64
        };
        let (told, all) = (estimate(1.0), estimate(0.0));
        let over = all - counted;
        if over > ROUGH * counted && all > told {
            estimate((over / (all - told)).clamp(0.0, 1.0));
        }
    }

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

    /// Whether other programs had more of the load than the run, in each cell of a window.
    pub fn is_others(&self, w: &Window) -> Vec<bool> {
        let cell = |i| {
            let (from, to) = w.cell(i);
            self.cpu_load(from, to.max(from + Span(1))).is_some_and(|load| load.others > load.run)
        };
        (0..w.cells).map(cell).collect()
    }
}
