//! The registry of a run: its workers, resources and pools, by id and name. Complete before the run starts, unless it
//! is open.

mod kinds;

use std::borrow::Cow;
use std::collections::BTreeSet;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

pub use self::kinds::{LockKind, ResourceKind, RwPolicy, WorkerKind};
use super::printable::{is_printable_line, mask_line};
use super::{MarkId, PoolId, ResourceId, WorkerId};

/// Stands for the number of a mark in its text.
const MARK_NUMBER: &str = "{n}";

/// The description of a run. Ids are positions in these tables, and are never used again for anything else.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Registry {
    pub workers: Vec<WorkerInfo>,
    pub resources: Vec<ResourceInfo>,
    pub pools: Vec<PoolInfo>,
    /// Arrays of counters that share cache lines: the first counter of each array, and their number.
    pub packed: Vec<(ResourceId, u32)>,
    /// Mutexes that forked processes have copies of, in order of the copy.
    pub lock_copies: Vec<LockCopy>,
    /// By resource: the workers that could end a wait for it. The model concludes nothing about a resource without
    /// an entry.
    pub wakers: Vec<Wakers>,
    /// Workers that others may cancel.
    pub cancellers: Vec<Cancellers>,
    /// Cores that the run may use, by affinity and quota. `None` for all cores.
    pub cores: Option<f64>,
    /// Threads of the event loop, if any worker is a task.
    pub loop_threads: Option<u32>,
    /// Counters that steps set to a value, so that the sum of their additions says nothing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub assigned_counters: Vec<ResourceId>,
    /// Whether more may be [declared](super::Declared) while the run lasts. Then nothing is concluded from the absence
    /// of a worker. The registry of a scenario is closed.
    pub is_open: bool,
    /// Resources whose holders are only observed, not numbered.
    pub observed: BTreeSet<ResourceId>,
    /// Resources of an open registry whose entry in `wakers` is known to be complete.
    pub with_suppliers: BTreeSet<ResourceId>,
    /// Texts of the marks that workers set. `{n}` stands for the number in the event.
    #[cfg_attr(feature = "serde", serde(default))]
    pub marks: Vec<String>,
}

/// The copy of a mutex in the memory of a forked process: a resource of its own, which only that process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LockCopy {
    pub copy: ResourceId,
    pub original: ResourceId,
    /// The worker that is forked.
    pub worker: WorkerId,
}

/// The workers that could end a wait for a resource: those whose program contains such a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Wakers {
    /// Workers that put into a queue or close it, notify a condition, set an event flag, reach a barrier, or release a
    /// permit without having to hold one. For a life, the workers that spawn it; for a pipe, those that can write.
    pub givers: Vec<LaneRange>,
    /// Workers that take from a queue, or hold permits for a block and return them at its end. For a pipe, those that
    /// can read.
    pub takers: Vec<LaneRange>,
    /// For a condition: workers that check a value before they wait, with the knobs at their initial values. Such a
    /// worker does not need the signals that it missed.
    pub predicate_waiters: Vec<LaneRange>,
}

/// The workers that may cancel the workers `of` a group or a pool, and so end any wait of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Cancellers {
    pub of: LaneRange,
    pub by: LaneRange,
}

/// Consecutive workers: those of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LaneRange {
    pub first: WorkerId,
    pub count: u32,
}

impl LaneRange {
    /// Returns whether the worker is one of them.
    pub fn contains(self, worker: WorkerId) -> bool {
        worker.0.checked_sub(self.first.0).is_some_and(|at| at < self.count)
    }

    /// Returns those of the workers that are among the first `workers` of all.
    #[must_use]
    pub fn known(self, workers: usize) -> Self {
        let end = self.first.0.saturating_add(self.count).min(u32::try_from(workers).unwrap_or(u32::MAX));
        Self { first: self.first, count: end.saturating_sub(self.first.0) }
    }

    /// Returns those of the workers that are not among the first `workers` of all.
    #[must_use]
    pub fn unknown(self, workers: usize) -> Self {
        let skipped = self.known(workers).count;
        Self { first: WorkerId(self.first.0.saturating_add(skipped)), count: self.count - skipped }
    }

    /// Returns the ids of the workers in order. A range that a program declared can be as long as all ids: take only
    /// the [known](Self::known) ones of it.
    pub fn iter(self) -> impl Iterator<Item = WorkerId> {
        (self.first.0..self.first.0.saturating_add(self.count)).map(WorkerId)
    }
}

/// A worker, which is one lane of the picture. A pool has an entry for every worker it may ever have; the dashboard
/// does not draw those that have not started.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct WorkerInfo {
    /// Unique, without control characters.
    pub name: String,
    /// The name without its number. The dashboard can fold the lanes of one group.
    pub group: String,
    pub kind: WorkerKind,
    /// The pool whose tasks it executes, if any. A pool's feeder has none.
    pub pool: Option<PoolId>,
}

/// A resource that workers share.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ResourceInfo {
    /// Unique, without control characters.
    pub name: String,
    pub kind: ResourceKind,
}

/// A pool of workers that take tasks from one queue.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct PoolInfo {
    pub name: String,
    pub worker_kind: WorkerKind,
    /// Its workers, in order.
    pub workers: Vec<WorkerId>,
    /// The worker that puts tasks into the queue. `None` for a pool that only executes tasks submitted by other
    /// workers.
    pub feeder: Option<WorkerId>,
    pub queue: ResourceId,
    /// The resource that keeps its results, if any worker reads them.
    pub results: Option<ResourceId>,
    /// The number of workers it starts with.
    pub size: u32,
    /// The number of tasks there will be, if known.
    pub total_tasks: Option<u64>,
    /// Whether a new process replaces one that crashed.
    pub restarts_workers: bool,
}

impl Registry {
    /// Makes all names safe to print, each on one line. [`declare`](Self::declare) does the same, so that whatever
    /// comes from a source, a file or another program is harmless on a terminal.
    pub fn mask_names(&mut self) {
        self.workers.iter_mut().for_each(WorkerInfo::mask_names);
        let resources = self.resources.iter_mut().map(|resource| &mut resource.name);
        let pools = self.pools.iter_mut().map(|pool| &mut pool.name);
        resources.chain(pools).chain(&mut self.marks).for_each(mask_name);
    }

    /// Whether [`mask_names`](Self::mask_names) certainly changes nothing.
    pub fn has_printable_names(&self) -> bool {
        let workers = self.workers.iter().flat_map(|worker| [&worker.name, &worker.group]);
        let resources = self.resources.iter().map(|resource| &resource.name);
        let pools = self.pools.iter().map(|pool| &pool.name);
        workers.chain(resources).chain(pools).chain(&self.marks).all(|name| is_printable_line(name))
    }

    /// Adds a worker that belongs to no pool, and returns its id. The name is unique; its group is the name without a
    /// number at the end: `teller 1` and `teller 2` are of the group `teller`.
    pub fn add_worker(&mut self, name: impl Into<String>, kind: WorkerKind) -> WorkerId {
        let name = name.into();
        let without_number = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches([' ', '-', '_', '#']);
        let group = if without_number.is_empty() { &name } else { without_number }.to_owned();
        self.workers.push(WorkerInfo { name, group, kind, pool: None });
        WorkerId::from(self.workers.len() - 1)
    }

    /// Returns the copy that a lock is.
    pub fn lock_copy(&self, lock: ResourceId) -> Option<&LockCopy> {
        let at = self.lock_copies.binary_search_by_key(&lock, |copy| copy.copy).ok()?;
        self.lock_copies.get(at)
    }

    /// Adds a resource and returns its id. The name is unique.
    pub fn add_resource(&mut self, name: impl Into<String>, kind: ResourceKind) -> ResourceId {
        self.resources.push(ResourceInfo { name: name.into(), kind });
        ResourceId::from(self.resources.len() - 1)
    }

    /// Adds the text of a mark, and returns its id. `{n}` in it stands for the number that each mark has.
    pub fn add_mark(&mut self, text: impl Into<String>) -> MarkId {
        self.marks.push(text.into());
        MarkId::from(self.marks.len() - 1)
    }

    /// Returns the entry of a worker.
    pub fn worker(&self, id: WorkerId) -> Option<&WorkerInfo> {
        self.workers.get(id.index())
    }

    /// Returns the entry of a resource.
    pub fn resource(&self, id: ResourceId) -> Option<&ResourceInfo> {
        self.resources.get(id.index())
    }

    /// Returns the name of a worker, or `?` for one that is unknown or gone.
    pub fn worker_name(&self, id: WorkerId) -> &str {
        self.worker(id).filter(|w| !w.name.is_empty()).map_or("?", |w| &w.name)
    }

    /// Returns the name of a resource, or `?` for one that is unknown or gone.
    pub fn resource_name(&self, id: ResourceId) -> &str {
        self.resource(id).filter(|r| !r.name.is_empty()).map_or("?", |r| &r.name)
    }

    /// Returns the text of a mark with this number, or `?` for an unknown id.
    pub fn mark_text(&self, id: MarkId, number: u64) -> Cow<'_, str> {
        match self.marks.get(id.index()) {
            Some(text) if text.contains(MARK_NUMBER) => Cow::Owned(text.replace(MARK_NUMBER, &number.to_string())),
            text => Cow::Borrowed(text.map_or("?", String::as_str)),
        }
    }

    /// Returns the name of a pool, or `?` for an unknown id.
    pub fn pool_name(&self, id: PoolId) -> &str {
        self.pools.get(id.index()).map_or("?", |pool| &pool.name)
    }

    /// Whether other workers may cancel this worker.
    pub fn is_cancellable(&self, worker: WorkerId) -> bool {
        self.cancellers.iter().any(|cancellers| cancellers.of.contains(worker))
    }

    /// Returns the ids of all mutexes.
    pub fn mutexes(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Mutex { .. }))
    }

    /// Returns the ids of all mutexes, semaphores and rwlocks.
    pub fn locks(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(ResourceKind::is_lock)
    }

    /// Returns the ids of all queues, including the queues of results and of requests to servers.
    pub fn queues(&self) -> impl Iterator<Item = ResourceId> + '_ {
        use ResourceKind::{Queue, Results, Server};
        self.of_kind(|k| matches!(k, Queue { .. } | Results | Server { .. }))
    }

    /// Returns the ids of all pipes.
    pub fn pipes(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Pipe { .. }))
    }

    /// Returns the ids of all queues and pipes, the resources that have a depth.
    pub fn queues_and_pipes(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Queue { .. } | ResourceKind::Pipe { .. }))
    }

    /// Returns the ids of all counters.
    pub fn counters(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Counter { .. }))
    }

    /// Returns where a counter's value is in the run memory: the resource whose words contain it, and the index among
    /// them. A counter has cache lines of its own, unless its array is packed.
    pub fn counter_location(&self, counter: ResourceId) -> (ResourceId, usize) {
        let within =
            |(first, count): &&(ResourceId, u32)| (first.0..first.0.saturating_add(*count)).contains(&counter.0);
        self.packed.iter().find(within).map_or((counter, 0), |(first, _)| {
            let nth = counter.0 - first.0;
            (ResourceId(first.0 + nth / 16), (nth % 16) as usize)
        })
    }

    /// Returns the ids of all conditions, event flags, barriers, wait groups and latches.
    pub fn signals(&self) -> impl Iterator<Item = ResourceId> + '_ {
        use ResourceKind::{Barrier, Condition, Event, Latch, WaitGroup};
        self.of_kind(|k| matches!(k, Condition { .. } | Event | Barrier { .. } | WaitGroup | Latch { .. }))
    }

    /// Returns the ids of all lives, each with its worker.
    pub fn lives(&self) -> impl Iterator<Item = (ResourceId, WorkerId)> + '_ {
        self.resources.iter().enumerate().filter_map(|(i, r)| match r.kind {
            ResourceKind::Life { worker } => Some((ResourceId::from(i), worker)),
            _ => None,
        })
    }

    /// Returns the worker whose life this resource is, if it is a life.
    pub fn life_owner(&self, id: ResourceId) -> Option<WorkerId> {
        match self.resource(id)?.kind {
            ResourceKind::Life { worker } => Some(worker),
            _ => None,
        }
    }

    fn of_kind(&self, wanted: fn(&ResourceKind) -> bool) -> impl Iterator<Item = ResourceId> + '_ {
        self.resources.iter().enumerate().filter(move |(_, r)| wanted(&r.kind)).map(|(i, _)| ResourceId::from(i))
    }
}

impl WorkerInfo {
    /// Makes the names safe to print, each on one line.
    pub(super) fn mask_names(&mut self) {
        mask_name(&mut self.name);
        mask_name(&mut self.group);
    }
}

/// Makes a name safe to print, on one line.
pub(super) fn mask_name(name: &mut String) {
    if !is_printable_line(name) {
        *name = mask_line(name).into_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_are_masked() {
        let mut registry = Registry::default();
        let hostile = "two\nlines\u{1b}]0;x\u{7}";
        registry.add_worker(hostile, WorkerKind::Thread);
        registry.add_resource(hostile, ResourceKind::Event);
        registry.add_mark(hostile);
        assert!(!registry.has_printable_names());
        registry.mask_names();
        assert!(registry.has_printable_names());
        let masked = "two lines?]0;x?";
        assert_eq!(registry.worker_name(WorkerId(0)), masked);
        assert_eq!((registry.workers[0].group.as_str(), registry.resource_name(ResourceId(0))), (masked, masked));
        assert_eq!(registry.mark_text(MarkId(0), 1), masked);
    }

    #[test]
    fn group_of_an_added_worker_is_its_name_without_number() {
        let mut registry = Registry::default();
        for name in ["teller 12", "io-3", "main", "7"] {
            let id = registry.add_worker(name, WorkerKind::Thread);
            assert_eq!(registry.worker_name(id), name);
        }
        let groups: Vec<&str> = registry.workers.iter().map(|worker| worker.group.as_str()).collect();
        assert_eq!(groups, ["teller", "io", "main", "7"]);
    }
}
