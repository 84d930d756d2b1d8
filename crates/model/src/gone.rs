//! Sums of the workers and resources that an open registry has removed, by group of workers and by kind of resource.

use std::collections::BTreeMap;

use super::history::{History, HistoryShape};
use super::lane::{Lane, LaneBucket};
use super::state_times::{CellWindow, StateTimes};
use super::{Lock, ResourceState};
use contend_trace::{Stamp, WorkerKind};

/// Most groups that are kept apart. The workers of further ones are counted together.
const MAX_GROUPS: usize = 256;

/// The group of workers beyond [`MAX_GROUPS`].
const OTHER_GROUPS: &str = "other groups";

/// The workers of one group that are gone.
#[derive(Debug, Clone)]
pub struct GoneWorkers {
    pub kind: WorkerKind,
    pub workers: u64,
    pub lives: u64,
    pub crashes: u64,
    pub ended_tasks: u64,
    /// Events that never arrived.
    pub lost_events: u64,
    /// When the first of them began, and when the last of them ended.
    pub first_began: Option<Stamp>,
    pub last_ended: Stamp,
    /// The sum of their times by state, in their lives.
    pub times: StateTimes,
    history: History<LaneBucket>,
}

impl GoneWorkers {
    fn new(kind: WorkerKind, shape: HistoryShape) -> Self {
        Self {
            kind,
            workers: 0,
            lives: 0,
            crashes: 0,
            ended_tasks: 0,
            lost_events: 0,
            first_began: None,
            last_ended: Stamp(0),
            times: StateTimes::default(),
            history: History::new(shape),
        }
    }

    fn add(&mut self, lane: &Lane, ended: Stamp) {
        self.workers += 1;
        self.lives += u64::from(lane.life_count());
        self.crashes += u64::from(lane.crash_count);
        self.ended_tasks += lane.ended_tasks;
        self.lost_events = self.lost_events.saturating_add(lane.lost_events());
        self.first_began = self.first_began.into_iter().chain(lane.began()).min();
        self.last_ended = self.last_ended.max(ended);
        let (times, history) = (&mut self.times, &mut self.history);
        lane.visit_lives(ended, |from, to, spent| {
            times.add(&spent);
            history.add(from, to, |sum, a, b| sum.by_state.add(&spent.part((from, to), (Stamp(a), Stamp(b)))));
        });
    }

    /// Returns the sum of their times by state in each cell of a window.
    pub fn cells(&self, w: &CellWindow) -> Vec<StateTimes> {
        let mut cells = vec![StateTimes::default(); w.cells];
        self.history.visit_buckets(w.from, w.to, |from, to, bucket| {
            for (i, cell) in cells.iter_mut().enumerate().skip(w.cell_at(from)).take_while(|(i, _)| w.edge(*i) < to) {
                let (a, b) = w.cell(i);
                cell.add(&bucket.by_state.part((from, to), (a.max(from), b.min(to))));
            }
        });
        cells
    }
}

/// The resources of one kind that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GoneResources {
    pub resources: u64,
    /// Acquisitions of locks, those that waited, and the sums of their waits and holds, ns.
    pub acquired: u64,
    pub contended: u64,
    pub waited_ns: u64,
    pub held_ns: u64,
    /// Items that were put into queues.
    pub items: u64,
}

/// Everything that is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Gone {
    pub workers: BTreeMap<String, GoneWorkers>,
    pub resources: BTreeMap<&'static str, GoneResources>,
}

impl Gone {
    /// Adds a worker that did its last step at `ended`.
    pub(super) fn add_worker(&mut self, group: &str, kind: WorkerKind, lane: &Lane, ended: Stamp, shape: HistoryShape) {
        let is_kept = self.workers.contains_key(group) || self.workers.len() < MAX_GROUPS;
        let name = if is_kept { group } else { OTHER_GROUPS };
        self.workers.entry(name.to_owned()).or_insert_with(|| GoneWorkers::new(kind, shape)).add(lane, ended);
    }

    /// Adds a resource; its kind is named by a word of a closed set.
    pub(super) fn add_resource(&mut self, kind: &'static str, state: &ResourceState) {
        let sum = self.resources.entry(kind).or_default();
        sum.resources += 1;
        match state {
            ResourceState::Lock(lock) => sum.add_lock(lock),
            ResourceState::Queue(queue) => sum.items += queue.put_count(),
            _ => {}
        }
    }

    /// Reduces the detail of the histories.
    pub(super) fn reshape(&mut self, shape: HistoryShape) {
        self.workers.values_mut().for_each(|group| group.history.reshape(shape));
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let group = |(name, group): (&String, &GoneWorkers)| {
            name.capacity() + size_of::<GoneWorkers>() + group.history.heap_bytes()
        };
        self.workers.iter().map(group).sum::<usize>() + self.resources.len() * size_of::<GoneResources>()
    }
}

impl GoneResources {
    fn add_lock(&mut self, lock: &Lock) {
        self.acquired += lock.acquired();
        self.contended += lock.contended();
        self.waited_ns = self.waited_ns.saturating_add(lock.wait_times().total_ns());
        self.held_ns = self.held_ns.saturating_add(lock.hold_times().total_ns());
    }
}
