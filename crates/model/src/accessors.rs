//! Read access to the parts of the model.

use std::collections::VecDeque;

use super::{
    CellWindow, Counter, Failures, Lane, Life, Lock, LogLine, Model, Pipe, Pool, Queue, ResourceState, Results,
    SignalCell, Signals, TimelineMark,
};
use contend_trace::{PoolId, Registry, ResourceId, RunEnd, Stamp, WorkerId};

/// How complete and how consistent the recorded events are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Health {
    /// Events applied.
    pub events: u64,
    /// Events that never arrived.
    pub lost: u64,
    /// Workers and resources that events named and nothing declared.
    pub undeclared: u64,
    /// Events that are invalid where they occurred.
    pub anomalies: u64,
    /// Waits that were read from the workers' slots, since their events were lost.
    pub recovered: u64,
    /// Recovered waits of workers that hold more locks than a slot can list. A verdict may miss these workers.
    pub partially_recovered: u64,
    /// Slot snapshots that confirmed a verdict.
    pub confirmed_verdicts: u64,
    /// Contradictions between events and slots.
    pub disagreements: u64,
    /// The cost of recording one event, ns.
    pub ns_per_event: f32,
    /// The largest error of times of other machines, ns; 0 where all times are of one clock, or no error is known.
    pub clock_error: u64,
}

impl Model {
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the newest stamp of any message.
    pub fn newest_stamp(&self) -> Stamp {
        self.newest_stamp
    }

    /// Returns the number of events applied.
    pub fn event_count(&self) -> u64 {
        self.health.events
    }

    /// Returns the moment up to which the model is complete. The present state of a worker is its state at this moment,
    /// not at a later one. `None` if the source does not report it.
    pub fn complete_until(&self) -> Option<Stamp> {
        self.complete_until
    }

    pub fn run_end(&self) -> Option<(Stamp, &RunEnd)> {
        self.ended.as_ref().map(|(at, end)| (*at, end))
    }

    pub fn health(&self) -> Health {
        let lanes = self.lanes.entries();
        let lost = lanes.fold(self.gone_lost_events(), |sum, (_, lane)| sum.saturating_add(lane.lost_events()));
        let (workers, resources) = self.undeclared_counts();
        Health {
            lost,
            undeclared: (workers + resources) as u64,
            confirmed_verdicts: self.confirmed_verdicts(),
            disagreements: self.disagreements(),
            ..self.health
        }
    }

    /// Whether every recorded event has arrived. If not, all figures counted from events are lower bounds.
    pub fn is_complete(&self) -> bool {
        self.gone_lost_events() == 0 && self.lanes.entries().all(|(_, lane)| lane.lost_events() == 0)
    }

    /// Returns a worker's lane; an empty one for a worker that is not in the registry.
    pub fn lane(&self, worker: WorkerId) -> &Lane {
        self.lanes.get(worker.index()).unwrap_or(self.lanes.empty())
    }

    /// Returns the lanes of all workers that ever began or were started.
    pub fn lanes(&self) -> impl Iterator<Item = (WorkerId, &Lane)> {
        let is_known = |(_, lane): &(usize, &Lane)| lane.life_count() > 0 || lane.pid().is_some() || lane.is_in_life();
        self.lanes.entries().filter(is_known).map(|(i, lane)| (WorkerId::from(i), lane))
    }

    pub fn lock(&self, resource: ResourceId) -> Option<&Lock> {
        match self.resources.get(resource.index())? {
            ResourceState::Lock(lock) => Some(lock),
            _ => None,
        }
    }

    /// Returns a resource with a depth: a queue, the unread results of a pool, or the bytes of a pipe.
    pub fn queue(&self, resource: ResourceId) -> Option<&Queue> {
        match self.resources.get(resource.index())? {
            ResourceState::Queue(queue) => Some(queue),
            ResourceState::Results(results) => Some(results.unread()),
            ResourceState::Pipe(pipe) => Some(pipe.byte_queue()),
            _ => None,
        }
    }

    /// Returns the results of a pool's tasks.
    pub fn results(&self, resource: ResourceId) -> Option<&Results> {
        match self.resources.get(resource.index())? {
            ResourceState::Results(results) => Some(results),
            _ => None,
        }
    }

    pub fn pipe(&self, resource: ResourceId) -> Option<&Pipe> {
        match self.resources.get(resource.index())? {
            ResourceState::Pipe(pipe) => Some(pipe),
            _ => None,
        }
    }

    pub fn pool(&self, pool: PoolId) -> Option<&Pool> {
        self.pools.get(pool.index())
    }

    /// Returns the pool that takes its tasks from a queue.
    pub fn pool_of_queue(&self, queue: ResourceId) -> Option<&Pool> {
        self.pool((*self.pool_by_queue.get(queue.index())?)?)
    }

    /// Returns the data that workers fetched from each other.
    pub const fn transfers(&self) -> &crate::Transfers {
        &self.transfers
    }

    pub fn counter(&self, resource: ResourceId) -> Option<&Counter> {
        match self.resources.get(resource.index())? {
            ResourceState::Counter(counter) => Some(counter),
            _ => None,
        }
    }

    /// Returns a condition, an event flag or a barrier.
    pub fn signals(&self, resource: ResourceId) -> Option<&Signals> {
        match self.resources.get(resource.index())? {
            ResourceState::Signals(signals) => Some(signals),
            _ => None,
        }
    }

    /// Writes the signals of a condition, an event flag, a barrier, a wait group or a latch in every cell to `out`, and
    /// the workers that wait for it, up to `now`.
    pub fn signal_cells(&self, resource: ResourceId, w: &CellWindow, now: Stamp, out: &mut Vec<SignalCell>) {
        out.clear();
        let Some(signals) = self.signals(resource) else { return };
        let waits = self.lanes.entries().map(|(_, lane)| lane.activity());
        let open: Vec<Stamp> = waits.filter(|wait| wait.resource == Some(resource)).map(|wait| wait.since).collect();
        signals.cells(w, now, &open, out);
    }

    /// Returns the lives of a worker that other workers spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<&Life> {
        match self.resources.get(self.life_of(worker)?.index())? {
            ResourceState::Life(life) => Some(life),
            _ => None,
        }
    }

    pub(super) fn life_of(&self, worker: WorkerId) -> Option<ResourceId> {
        self.lanes.get(worker.index())?.life
    }

    /// Returns the changes of the run on the time axis, in the order of their stamps. Marks with a text are
    /// [`named_marks`](Model::named_marks).
    pub fn marks(&self) -> &[TimelineMark] {
        &self.marks
    }

    pub const fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Returns the newest lines of the runner's standard error, and notes.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// Returns the heap bytes in use, without the registry.
    pub fn heap_bytes(&self) -> usize {
        let lanes = self.lanes.heap_bytes() + self.open.heap_bytes();
        let resources: usize = self.resources.entries().map(|(_, state)| state.heap_bytes()).sum();
        let resources = resources + self.resources.heap_bytes();
        let pools: usize = self.pools.iter().map(|pool| size_of::<Pool>() + pool.heap_bytes()).sum();
        let usage = self.cores.heap_bytes() + self.usage.heap_bytes() + self.named_marks.heap_bytes();
        lanes + resources + pools + usage + self.happens_before.heap_bytes() + self.wait_anatomy.heap_bytes()
    }
}
