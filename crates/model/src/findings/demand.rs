//! How many threads want a core, and how many cores there are for them.

use super::Look;
use crate::{CpuLoad, Lane};
use contend_trace::{State, WorkerId, WorkerKind};

/// Cores that others must keep busy to be worth a word.
const WORTH: f64 = 0.2;

/// Part of its time that a worker wants a core which never waits for anything else.
const ALWAYS: f64 = 0.9;

/// Nanoseconds in which workers had a core, and in which they wanted one and had none. A task counts as far as its loop's
/// thread did: what it waits for its turn is no wait for a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Demand {
    pub(super) running: u64,
    pub(super) queued: u64,
}

impl Demand {
    pub(super) fn add(self, other: Self) -> Self {
        Self { running: self.running + other.running, queued: self.queued + other.queued }
    }

    /// Part of the time in which they wanted a core that they had none.
    pub(super) fn without(self) -> f64 {
        self.queued as f64 / (self.running + self.queued).max(1) as f64
    }
}

impl Look<'_> {
    pub(super) fn demand(&self, worker: WorkerId) -> Demand {
        let shares = self.shares.get(worker.index()).copied().unwrap_or_default();
        let running = shares.get(State::Running);
        let queued = match self.model.cast().worker(worker).map(|info| info.kind) {
            Some(WorkerKind::Async) => self.lane(worker).map_or(0, |lane| lane.without_cpu(self.from, self.now)),
            _ => shares.get(State::Ready),
        };
        Demand { running, queued }
    }

    pub(super) fn demand_of(&self, workers: impl IntoIterator<Item = WorkerId>) -> Demand {
        workers.into_iter().fold(Demand::default(), |sum, worker| sum.add(self.demand(worker)))
    }

    /// How many threads want a core at once, on average.
    pub(super) fn at_once(&self, demand: Demand) -> f64 {
        (demand.running + demand.queued) as f64 / self.span().0.max(1) as f64
    }

    /// How many workers want a core nearly all the time: they would on an idle machine too.
    pub(super) fn always_want(&self, workers: impl IntoIterator<Item = WorkerId>) -> usize {
        let wants = |worker: &WorkerId| {
            let demand = self.demand(*worker);
            (demand.running + demand.queued) as f64 >= ALWAYS * self.span().0 as f64
        };
        workers.into_iter().filter(wants).count()
    }

    /// Cores that other programs keep busy, if that is worth a word.
    pub(super) fn others(&self) -> Option<f64> {
        self.model.others_load(self.from, self.now).filter(|others| *others >= WORTH)
    }

    /// Whether other programs keep at least as many cores busy as the run does: else it would crowd them on an idle machine too.
    pub(super) fn others_have_more(&self) -> bool {
        self.model.cpu_load(self.from, self.now).is_some_and(|load| load.others >= load.run)
    }

    /// Cores that the run can have: those that it may use, without what other programs keep busy.
    pub(super) fn available(&self) -> f64 {
        let cores = self.model.usable_cores();
        self.others().and(self.model.available_cores(self.from, self.now)).unwrap_or(cores)
    }

    /// Whether the cores have no room left, as far as they are known, and who fills them.
    pub(super) fn full(&self) -> Option<Full> {
        let cores = self.model.usable_cores();
        let busy = self.model.cores().busy(self.from, self.now)?;
        let is_full = cores > 0.0 && busy >= 0.9 * cores;
        is_full.then(|| Full { cores, others: self.others(), load: self.model.cpu_load(self.from, self.now) })
    }

    fn lane(&self, worker: WorkerId) -> Option<&Lane> {
        self.model.lanes.get(worker.index())
    }
}

/// Who fills the cores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Full {
    pub(super) cores: f64,
    pub(super) others: Option<f64>,
    load: Option<CpuLoad>,
}

impl Full {
    /// `The cores are full.`, or whose load that is where it is not the run's alone.
    pub(super) fn sentence(self) -> String {
        let cores = super::cores_of(self.cores);
        match (self.others, self.load) {
            (Some(others), Some(load)) => format!(
                "The cores are full: other programs keep {:.1} of {cores} busy, this run {:.1}.",
                others, load.run
            ),
            _ => "The cores are full.".to_owned(),
        }
    }

    /// Whether others fill more of them than the run does.
    pub(super) fn by_others(self) -> bool {
        self.load.is_some_and(|load| load.others > load.run)
    }
}
