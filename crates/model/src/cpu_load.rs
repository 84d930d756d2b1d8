//! CPU load by its cause: the run, the viewer, or other programs; and the cores that the run can use.

use super::{CellWindow, CoreCell, Cores, Lane, Model, StateTimes};
use contend_trace::{Span, Stamp, State, WorkerInfo, WorkerKind};

/// How many cores were busy on average over an interval, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CpuLoad {
    /// All processes of the run, including its commands.
    pub run: f64,
    /// The program that watches the run.
    pub viewer: f64,
    /// All other programs, approximately: the kernel counts a core's load in ticks of 10 ms or less.
    pub others: f64,
}

/// The source samples more workers than this in turns.
const MAX_FULLY_SAMPLED: usize = 100;

/// The interval over which estimates are compared with counted CPU time.
const ESTIMATE_WINDOW: Span = Span::from_millis(2_000);

/// A total of estimates that is too high by no more than this fraction is not corrected.
const ESTIMATE_TOLERANCE: f64 = 0.05;

/// The weight of the newest count in the moving average.
const NEWEST_WEIGHT: f64 = 0.2;

impl Model {
    pub fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Returns how many cores the run may use: all that are online unless the registry limits them, 0 while nothing is
    /// known.
    pub fn usable_cores(&self) -> f64 {
        let all = self.cores.online() as f64;
        self.registry.cores.map_or(all, |usable| if all > 0.0 { usable.min(all) } else { usable })
    }

    /// Tells each thread and process what fraction of a core it would have if all that seem to run shared the cores
    /// evenly. For workers that the kernel was not asked about yet there is no other estimate.
    pub(crate) fn update_even_shares(&mut self) {
        let cores = self.usable_cores();
        if !self.has_ready_times || cores <= 0.0 {
            return;
        }
        let has_thread = |worker: &WorkerInfo| worker.kind != WorkerKind::Async;
        let is_thread = |worker: usize| self.registry.workers.get(worker).is_some_and(has_thread);
        let lanes = self.lanes.entries().filter(|(worker, _)| is_thread(*worker));
        let running = lanes.filter(|(_, lane)| lane.activity().state == State::Running).count() as f64;
        self.runnable_estimate += NEWEST_WEIGHT * (running - self.runnable_estimate);
        let share = (cores / self.runnable_estimate.max(running)).min(1.0);
        for (worker, lane) in self.lanes.entries_mut() {
            if self.registry.workers.get(worker).is_some_and(has_thread) {
                lane.set_even_share(share);
            }
        }
    }

    /// Reduces the estimates of many workers to what the kernel counted for their processes, or to the cores there are.
    /// A thousand threads are sampled in turns, and the estimates since each one's last sample can add up to more.
    pub(crate) fn bound_estimates(&mut self, now: Stamp) {
        let from = now.earlier_by(ESTIMATE_WINDOW);
        let counted = self.run_load(from, now).unwrap_or(f64::MAX).min(self.usable_cores());
        if self.lanes.present_count() < MAX_FULLY_SAMPLED || counted <= 0.0 {
            return;
        }
        let mut total_with_reduction = |reduction: f64| {
            self.lanes.entries_mut().for_each(|(_, lane)| lane.set_estimate_reduction(reduction));
            let running = |lane: &Lane| lane.state_times(from, now, now).get(State::Running);
            self.lanes.entries().map(|(_, lane)| running(lane)).sum::<u64>() as f64
                / now.span_since(from).0.max(1) as f64
        };
        let (sampled, all) = (total_with_reduction(1.0), total_with_reduction(0.0));
        let excess = all - counted;
        if excess > ESTIMATE_TOLERANCE * counted && all > sampled {
            total_with_reduction((excess / (all - sampled)).clamp(0.0, 1.0));
        }
    }

    /// Returns the load of the cores between two moments by cause. `None` where the system does not tell.
    pub fn cpu_load(&self, from: Stamp, to: Stamp) -> Option<CpuLoad> {
        let (run, viewer) = self.usage.mean_cores(from, to)?;
        let busy = self.cores.busy_cores(from, to)?;
        Some(CpuLoad { run, viewer, others: (busy - run - viewer).max(0.0) })
    }

    /// Returns how many cores the run kept busy between two moments, on average.
    pub fn run_load(&self, from: Stamp, to: Stamp) -> Option<f64> {
        self.usage.mean_cores(from, to).map(|(run, _)| run)
    }

    /// Returns how many cores other programs kept busy between two moments, on average, without the run and the viewer.
    pub fn others_load(&self, from: Stamp, to: Stamp) -> Option<f64> {
        self.cpu_load(from, to).map(|load| load.others)
    }

    /// Returns how many cores other programs left to the run between two moments, at most those that it may use. `None`
    /// while nothing is known about them.
    pub fn available_cores(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let free = self.cores.online() as f64 - self.others_load(from, to)?;
        Some(self.usable_cores().min(free).max(0.0))
    }

    /// Returns the fraction (0 to 1) of their runnable time that all workers together spent without a CPU. `None` where
    /// the system does not tell.
    pub fn run_queue_share(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let mut sum = StateTimes::default();
        self.lanes().for_each(|(_, lane)| sum.add(&lane.state_times(from, to, to)));
        let (running, ready) = (sum.get(State::Running), sum.get(State::Ready));
        self.has_ready_times().then(|| ready as f64 / (running + ready).max(1) as f64)
    }

    /// Writes the use of each core in every cell to `out`, by core number. What the run used and no worker is known to
    /// have used, such as that of event loops and commands, is divided among the cores by their load.
    pub fn core_cells(&self, w: &CellWindow, out: &mut Vec<Vec<Option<CoreCell>>>) {
        out.resize_with(self.cores.count(), Vec::new);
        for (core, cells) in out.iter_mut().enumerate() {
            self.cores.core_cells(core, w, cells);
        }
        for i in 0..w.cells {
            let (from, to) = w.cell(i);
            let Some(used) = self.run_load(from, to.max(from + Span(1))) else { continue };
            let cells = out.iter().filter_map(|cells| cells.get(i).copied().flatten());
            let (ours, others) = cells.fold((0.0, 0.0), |(ours, others), cell| {
                (ours + f64::from(cell.ours), others + f64::from(cell.busy - cell.ours))
            });
            let part = if others > 0.0 { ((used - ours) / others).clamp(0.0, 1.0) as f32 } else { 0.0 };
            for cell in out.iter_mut().filter_map(|cells| cells.get_mut(i)?.as_mut()) {
                cell.ours += (cell.busy - cell.ours) * part;
            }
        }
    }

    /// Returns for each cell of a window whether other programs caused more load than the run.
    pub fn cells_dominated_by_others(&self, w: &CellWindow) -> Vec<bool> {
        let is_dominated = |i| {
            let (from, to) = w.cell(i);
            self.cpu_load(from, to.max(from + Span(1))).is_some_and(|load| load.others > load.run)
        };
        (0..w.cells).map(is_dominated).collect()
    }
}
