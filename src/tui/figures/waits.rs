//! Who waits for what at a moment, and which workers could end these waits.

use super::{LaneFigures, LockFigures};
use crate::model::Model;
use crate::trace::{LaneRange, PoolId, Registry, ResourceId, Stamp, State, WorkerId};

/// Most workers of a group that are kept, so that a moment of thousands of workers costs little.
const MAX_KEPT: usize = 64;

/// Most workers that are looked at to find those that could supply something.
const MAX_SUPPLIERS: usize = 4096;

/// The workers that wait for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct WaitGroup {
    pub(in crate::tui) on: ResourceId,
    pub(in crate::tui) reason: WaitReason,
    /// The longest waits first, at most [`MAX_KEPT`].
    pub(in crate::tui) waiters: Vec<(WorkerId, Stamp)>,
    pub(in crate::tui) waiter_count: usize,
    /// The workers that hold it, each since when, or those that could supply it.
    pub(in crate::tui) holders: Vec<(WorkerId, Option<Stamp>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tui) enum WaitReason {
    /// A lock, or permits of a semaphore.
    Lock,
    /// The end of a worker.
    Join,
    /// Room in a queue or pipe.
    Room,
    /// An item of a queue or pipe.
    Item,
    /// A condition, an event, a barrier, a latch, or a result.
    Signal,
    /// A task of the worker's own pool: it is idle.
    Task,
}

impl WaitReason {
    fn of(model: &Model, on: ResourceId, state: State) -> Option<Self> {
        let registry = model.registry();
        let is_task = || registry.pools.iter().any(|pool| pool.queue == on);
        match state {
            _ if registry.life_owner(on).is_some() => Some(Self::Join),
            State::Lock => Some(Self::Lock),
            State::Full => Some(Self::Room),
            State::Empty if is_task() => Some(Self::Task),
            State::Empty => Some(Self::Item),
            State::Signal => Some(Self::Signal),
            _ => None,
        }
    }
}

impl WaitGroup {
    /// Returns the groups of a moment, the longest wait first; idle workers of pools come last.
    pub(super) fn collect(
        model: &Model,
        lanes: &[Option<LaneFigures>],
        locks: &[(ResourceId, LockFigures)],
    ) -> Vec<Self> {
        let doing = |lane: &Option<LaneFigures>| lane.as_ref().filter(|lane| lane.is_exact)?.activity;
        let waits = lanes.iter().enumerate().filter_map(|(worker, lane)| {
            let activity = doing(lane)?;
            let on = activity.resource?;
            let reason = WaitReason::of(model, on, activity.state)?;
            Some((on, reason, activity.since, WorkerId::from(worker)))
        });
        let mut waits: Vec<_> = waits.collect();
        waits.sort_unstable();
        let groups = waits.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|group| {
            let (on, reason, ..) = group[0];
            let waiters = group.iter().take(MAX_KEPT).map(|(.., since, worker)| (*worker, *since)).collect();
            let holders = Self::holders(model.registry(), on, reason, locks);
            let holders = holders.into_iter().filter(|(worker, _)| matches!(lanes.get(worker.index()), Some(Some(_))));
            Self { on, reason, waiters, waiter_count: group.len(), holders: holders.take(MAX_KEPT).collect() }
        });
        let mut groups: Vec<Self> = groups.collect();
        groups.sort_by_key(|group| (group.reason == WaitReason::Task, group.longest().1, group.on));
        groups
    }

    /// Returns the wait that has lasted longest.
    pub(in crate::tui) fn longest(&self) -> (WorkerId, Stamp) {
        self.waiters.first().copied().unwrap_or((WorkerId(0), Stamp(0)))
    }

    fn holders(
        registry: &Registry,
        on: ResourceId,
        reason: WaitReason,
        locks: &[(ResourceId, LockFigures)],
    ) -> Vec<(WorkerId, Option<Stamp>)> {
        let wakers = registry.wakers.get(on.index());
        let of_ranges = |ranges: &[LaneRange]| {
            let workers = ranges.iter().flat_map(|range| range.iter()).take(MAX_SUPPLIERS);
            workers.map(|worker| (worker, None)).collect()
        };
        match reason {
            WaitReason::Lock => {
                let lock = locks.iter().find(|(id, _)| *id == on);
                let mut holders: Vec<_> =
                    lock.into_iter().flat_map(|(_, lock)| &lock.holders).map(|(w, since)| (*w, Some(*since))).collect();
                holders.sort_unstable();
                holders.dedup_by_key(|(worker, _)| *worker);
                holders
            }
            WaitReason::Join => registry.life_owner(on).map(|worker| (worker, None)).into_iter().collect(),
            WaitReason::Room => wakers.map_or_else(Vec::new, |wakers| of_ranges(&wakers.takers)),
            WaitReason::Item | WaitReason::Signal => wakers.map_or_else(Vec::new, |wakers| of_ranges(&wakers.givers)),
            WaitReason::Task => {
                let pool = registry.pools.iter().position(|pool| pool.queue == on).map(PoolId::from);
                let feeder = pool.and_then(|pool| registry.pools[pool.index()].feeder);
                feeder.map(|feeder| (feeder, None)).into_iter().collect()
            }
        }
    }
}
