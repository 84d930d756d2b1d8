//! Sums of a run up to a moment. The difference of two moments is what happened between them.

use super::{DurationStats, HandoverTime, Lock, Model, Pool, Queue, TaskCounts};
use contend_trace::{PoolId, ResourceId, Span, Stamp, WorkerId};

/// The sums of a run up to a moment, or between two moments.
#[derive(Debug, Clone)]
pub struct RunSums {
    /// Indexed by pool id.
    pools: Vec<PoolSums>,
    /// Sorted by id, as the queues.
    locks: Vec<(ResourceId, LockSums)>,
    queues: Vec<(ResourceId, QueueSums)>,
    /// Tasks that each worker ended, indexed by worker id.
    ended_tasks: Vec<u64>,
}

/// The tasks of a pool. The durations are those of tasks that ended.
#[derive(Debug, Clone)]
pub struct PoolSums {
    pub counts: TaskCounts,
    pub handover: HandoverTime,
    pub service_times: DurationStats,
    pub response_times: DurationStats,
    /// From the intended start to the start, of tasks that began.
    pub wait_times: DurationStats,
}

/// The use of a lock.
#[derive(Debug, Clone)]
pub struct LockSums {
    pub acquired: u64,
    /// Acquisitions that had to wait.
    pub contended: u64,
    pub wait_times: DurationStats,
    pub hold_times: DurationStats,
    /// How often each worker took the lock, sorted by worker.
    pub acquired_by: Vec<(WorkerId, u64)>,
}

/// The items of a queue.
#[derive(Debug, Clone, Copy)]
pub struct QueueSums {
    pub put: u64,
    pub taken: u64,
    /// The time of all items in the queue, if no event is missing.
    stay_ns: Option<i128>,
}

impl Model {
    /// Returns the sums up to `at`, the end of what this model was fed.
    pub fn sums(&self, at: Stamp) -> RunSums {
        let registry = self.registry();
        RunSums {
            pools: (0..registry.pools.len())
                .filter_map(|pool| self.pool(PoolId::from(pool)))
                .map(|pool| PoolSums::of(pool, at))
                .collect(),
            locks: registry.locks().filter_map(|id| Some((id, LockSums::of(self.lock(id)?)))).collect(),
            queues: registry
                .queues_and_pipes()
                .filter_map(|id| Some((id, QueueSums::of(self.queue(id)?, at))))
                .collect(),
            ended_tasks: self.ended_tasks(),
        }
    }

    /// Returns how many tasks each worker ended, by worker id.
    fn ended_tasks(&self) -> Vec<u64> {
        let mut ended = vec![0; self.lanes().map(|(worker, _)| worker.index() + 1).max().unwrap_or(0)];
        for (worker, lane) in self.lanes() {
            ended[worker.index()] = lane.ended_tasks();
        }
        ended
    }
}

impl RunSums {
    /// Returns what happened since `then`, an earlier moment of the same run.
    #[must_use]
    pub fn minus_earlier(&self, then: &Self) -> Self {
        let earlier_tasks = then.ended_tasks.iter().copied().chain(std::iter::repeat(0));
        Self {
            pools: self
                .pools
                .iter()
                .enumerate()
                .map(|(at, pool)| then.pools.get(at).map_or_else(|| pool.clone(), |then| pool.minus_earlier(then)))
                .collect(),
            locks: self
                .locks
                .iter()
                .map(|(id, lock)| (*id, then.lock(*id).map_or_else(|| lock.clone(), |then| lock.minus_earlier(then))))
                .collect(),
            queues: self
                .queues
                .iter()
                .map(|(id, queue)| (*id, then.queue(*id).map_or(*queue, |then| queue.minus_earlier(then))))
                .collect(),
            ended_tasks: self.ended_tasks.iter().zip(earlier_tasks).map(|(n, then)| n.saturating_sub(then)).collect(),
        }
    }

    pub fn pool(&self, id: PoolId) -> Option<&PoolSums> {
        self.pools.get(id.index())
    }

    pub fn lock(&self, id: ResourceId) -> Option<&LockSums> {
        self.locks.binary_search_by_key(&id, |(lock, _)| *lock).ok().map(|at| &self.locks[at].1)
    }

    pub fn queue(&self, id: ResourceId) -> Option<&QueueSums> {
        self.queues.binary_search_by_key(&id, |(queue, _)| *queue).ok().map(|at| &self.queues[at].1)
    }

    /// Returns how many tasks a worker ended.
    pub fn ended_tasks(&self, worker: WorkerId) -> u64 {
        self.ended_tasks.get(worker.index()).copied().unwrap_or(0)
    }
}

impl PoolSums {
    fn of(pool: &Pool, at: Stamp) -> Self {
        Self {
            counts: pool.task_counts(),
            handover: pool.handover_time(at),
            service_times: pool.service_times().clone(),
            response_times: pool.response_times().clone(),
            wait_times: pool.wait_times().clone(),
        }
    }

    fn minus_earlier(&self, then: &Self) -> Self {
        Self {
            counts: self.counts.minus_earlier(then.counts),
            handover: self.handover.minus_earlier(then.handover),
            service_times: self.service_times.minus_earlier(&then.service_times),
            response_times: self.response_times.minus_earlier(&then.response_times),
            wait_times: self.wait_times.minus_earlier(&then.wait_times),
        }
    }
}

impl LockSums {
    /// Counts an acquisition.
    pub(super) fn count_acquired(&mut self, worker: WorkerId) {
        self.acquired += 1;
        match self.acquired_by.binary_search_by_key(&worker, |(worker, _)| *worker) {
            Ok(at) => self.acquired_by[at].1 += 1,
            Err(at) => self.acquired_by.insert(at, (worker, 1)),
        }
    }

    fn of(lock: &Lock) -> Self {
        Self {
            acquired: lock.acquired(),
            contended: lock.contended(),
            wait_times: lock.wait_times().clone(),
            hold_times: lock.hold_times().clone(),
            acquired_by: lock.acquisitions_by_worker().collect(),
        }
    }

    fn minus_earlier(&self, then: &Self) -> Self {
        let earlier = |worker: &WorkerId| {
            let found = then.acquired_by.binary_search_by_key(worker, |(worker, _)| *worker);
            found.map_or(0, |at| then.acquired_by[at].1)
        };
        Self {
            acquired: self.acquired.saturating_sub(then.acquired),
            contended: self.contended.saturating_sub(then.contended),
            wait_times: self.wait_times.minus_earlier(&then.wait_times),
            hold_times: self.hold_times.minus_earlier(&then.hold_times),
            acquired_by: self.acquired_by.iter().map(|(w, n)| (*w, n.saturating_sub(earlier(w)))).collect(),
        }
    }
}

impl QueueSums {
    fn of(queue: &Queue, at: Stamp) -> Self {
        Self { put: queue.put_count(), taken: queue.taken_count(), stay_ns: queue.stay_ns(at) }
    }

    const fn minus_earlier(&self, then: &Self) -> Self {
        let stay_ns = match (self.stay_ns, then.stay_ns) {
            (Some(stay), Some(then)) => Some(stay - then),
            _ => None,
        };
        Self { put: self.put.saturating_sub(then.put), taken: self.taken.saturating_sub(then.taken), stay_ns }
    }

    /// Returns the mean depth over an interval of this length, if no event is missing.
    pub fn mean_depth(&self, length: Span) -> Option<f64> {
        let stay = self.stay_ns.filter(|stay| *stay >= 0 && length > Span::ZERO)?;
        Some(stay as f64 / length.0 as f64)
    }
}
