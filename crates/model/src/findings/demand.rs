//! CPU demand: how many threads want a core, how many cores they can have, and which programs fill the cores.

use super::Analysis;
use crate::{CpuLoad, Lane};
use contend_trace::{State, WorkerId, WorkerKind};

/// Least load of other programs that findings mention, in cores.
const MIN_OTHERS_LOAD: f64 = 0.2;

/// Least share of its time that a worker wants a core to count as always runnable.
const MIN_ALWAYS_SHARE: f64 = 0.9;

/// Nanoseconds in which workers had a core, and in which they waited for one. An async task counts as its event-loop
/// thread does: its wait for a turn on the loop is no wait for a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CpuDemand {
    pub(super) running: u64,
    pub(super) queued: u64,
}

impl CpuDemand {
    pub(super) fn add(self, other: Self) -> Self {
        Self { running: self.running + other.running, queued: self.queued + other.queued }
    }

    /// Share of the runnable time that they waited for a core.
    pub(super) fn unmet_share(self) -> f64 {
        self.queued as f64 / (self.running + self.queued).max(1) as f64
    }
}

impl Analysis<'_> {
    pub(super) fn cpu_demand(&self, worker: WorkerId) -> CpuDemand {
        let shares = self.shares.get(&worker).copied().unwrap_or_default();
        let running = shares.get(State::Running);
        let queued = match self.model.registry().worker(worker).map(|info| info.kind) {
            Some(WorkerKind::Async) => self.lane(worker).map_or(0, |lane| lane.without_cpu_ns(self.from, self.now)),
            _ => shares.get(State::Ready),
        };
        CpuDemand { running, queued }
    }

    pub(super) fn total_cpu_demand(&self, workers: impl IntoIterator<Item = WorkerId>) -> CpuDemand {
        workers.into_iter().fold(CpuDemand::default(), |sum, worker| sum.add(self.cpu_demand(worker)))
    }

    /// Mean number of threads that want a core at once.
    pub(super) fn mean_runnable(&self, demand: CpuDemand) -> f64 {
        (demand.running + demand.queued) as f64 / self.span().0.max(1) as f64
    }

    /// Number of workers that want a core nearly all the time, as they would on an idle machine too.
    pub(super) fn always_runnable(&self, workers: impl IntoIterator<Item = WorkerId>) -> usize {
        let wants = |worker: &WorkerId| {
            let demand = self.cpu_demand(*worker);
            (demand.running + demand.queued) as f64 >= MIN_ALWAYS_SHARE * self.span().0 as f64
        };
        workers.into_iter().filter(wants).count()
    }

    /// Cores that other programs keep busy, if there are enough to mention.
    pub(super) fn others_cores(&self) -> Option<f64> {
        self.model.others_load(self.from, self.now).filter(|others| *others >= MIN_OTHERS_LOAD)
    }

    /// Whether other programs keep at least as many cores busy as the run does. Otherwise the run would fill the cores
    /// on an idle machine too.
    pub(super) fn has_larger_others_load(&self) -> bool {
        self.model.cpu_load(self.from, self.now).is_some_and(|load| load.others >= load.run)
    }

    /// Cores that the run can have: those that it may use, less those that other programs keep busy.
    pub(super) fn available_cores(&self) -> f64 {
        let cores = self.model.usable_cores();
        self.others_cores().and(self.model.available_cores(self.from, self.now)).unwrap_or(cores)
    }

    /// The load of the cores, if they are known to be full.
    pub(super) fn saturated_cores(&self) -> Option<SaturatedCores> {
        let cores = self.model.usable_cores();
        let busy = self.model.cores().busy_cores(self.from, self.now)?;
        let is_full = cores > 0.0 && busy >= 0.9 * cores;
        is_full.then(|| SaturatedCores {
            cores,
            others: self.others_cores(),
            load: self.model.cpu_load(self.from, self.now),
        })
    }

    fn lane(&self, worker: WorkerId) -> Option<&Lane> {
        self.model.lanes.get(worker.index())
    }
}

/// Load of cores that are full.
#[derive(Debug, Clone, Copy)]
pub(super) struct SaturatedCores {
    pub(super) cores: f64,
    pub(super) others: Option<f64>,
    load: Option<CpuLoad>,
}

impl SaturatedCores {
    /// `The cores are full.`, with the shares of the run and of other programs where both use them.
    pub(super) fn sentence(self) -> String {
        let cores = super::format_cores(self.cores);
        match (self.others, self.load) {
            (Some(others), Some(load)) => format!(
                "The cores are full: other programs keep {:.1} of {cores} busy, this run {:.1}.",
                others, load.run
            ),
            _ => "The cores are full.".to_owned(),
        }
    }

    /// Whether other programs use more of the cores than the run does.
    pub(super) fn is_mostly_others(self) -> bool {
        self.load.is_some_and(|load| load.others > load.run)
    }
}
