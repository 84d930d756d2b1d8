//! The registry of a run: its workers, resources and pools, by id and name, complete before the run starts.

use serde::{Deserialize, Serialize};

use super::{CounterMemory, PoolId, ResourceId, WorkerId};

/// The static description of a run. Ids are positions in these tables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Registry {
    pub workers: Vec<WorkerInfo>,
    pub resources: Vec<ResourceInfo>,
    pub pools: Vec<PoolInfo>,
    /// Arrays of counters that share cache lines: the first counter of each array, and their number.
    pub packed: Vec<(ResourceId, u16)>,
    /// By resource: the workers that could end a wait for it. The model concludes nothing about a resource without
    /// an entry.
    pub wakers: Vec<Wakers>,
    /// Cores that the run may use, by affinity and quota. `None` for all cores.
    pub cores: Option<f64>,
    /// Threads of the event loop, if any worker is a task.
    pub loop_threads: Option<u32>,
}

/// The workers that could end a wait for a resource: those whose program contains such a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// Consecutive workers: those of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRange {
    pub first: WorkerId,
    pub count: u16,
}

impl LaneRange {
    /// Returns the ids of the workers in order.
    pub fn iter(self) -> impl Iterator<Item = WorkerId> {
        (self.first.0..self.first.0.saturating_add(self.count)).map(WorkerId)
    }
}

/// The kind of execution unit that a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkerKind {
    Thread,
    Process,
    /// An async task on the event loop of the run, which may have several threads.
    Async,
}

impl WorkerKind {
    /// Returns the word used on screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Async => "async",
        }
    }

    /// Returns the noun for one worker of this kind.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Async => "task",
            other => other.word(),
        }
    }
}

/// A worker, which is one lane of the picture. A pool has an entry for every worker it may ever have; the dashboard
/// does not draw those that have not started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerInfo {
    /// Unique, without control characters.
    pub name: String,
    /// The name without its number. The dashboard can fold the lanes of one group.
    pub group: String,
    pub kind: WorkerKind,
    /// The pool whose tasks it executes, if any. A pool's feeder has none.
    pub pool: Option<PoolId>,
}

/// The implementation of a mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LockKind {
    /// `std::sync::Mutex`: parks its waiters, unfair.
    Std,
    /// `parking_lot::Mutex`: parks its waiters, fair about every 0.5 ms.
    ParkingLot,
    /// `parking_lot::Mutex` that passes to the longest waiter at each release.
    Fair,
    /// Test-and-set spin lock: a waiter uses its CPU.
    Spin,
    /// Ticket lock: waiters spin and enter in order of arrival.
    Ticket,
    /// `parking_lot::ReentrantMutex`: its holder can lock it again.
    Reentrant,
    /// Process-shared robust `pthread_mutex_t`, for processes.
    Robust,
    /// Process-shared robust recursive `pthread_mutex_t`.
    RobustReentrant,
    /// Async mutex for tasks: passes on in order of arrival; a waiting task yields its thread.
    Async,
    /// Async mutex that its holder can lock again.
    AsyncReentrant,
    /// No lock at all: locking succeeds at once. Shows what the lock is needed for.
    Off,
}

impl LockKind {
    /// Every kind that a scenario can name, in the order in which they are listed.
    pub const NAMED: [Self; 7] =
        [Self::Std, Self::ParkingLot, Self::Fair, Self::Spin, Self::Ticket, Self::Reentrant, Self::Off];

    /// Returns whether its holder can lock it again.
    pub const fn is_reentrant(self) -> bool {
        matches!(self, Self::Reentrant | Self::RobustReentrant | Self::AsyncReentrant)
    }

    /// Returns whether the system releases it when its holder dies.
    pub const fn is_robust(self) -> bool {
        matches!(self, Self::Robust | Self::RobustReentrant)
    }

    /// Returns the word used in scenarios, on screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::ParkingLot => "parking-lot",
            Self::Fair => "fair",
            Self::Spin => "spin",
            Self::Ticket => "ticket",
            Self::Reentrant => "reentrant",
            Self::Robust => "robust",
            Self::RobustReentrant => "robust-reentrant",
            Self::Async => "async",
            Self::AsyncReentrant => "async-reentrant",
            Self::Off => "off",
        }
    }
}

/// The order in which readers and writers enter an rwlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RwPolicy {
    /// A reader enters whenever no writer is inside.
    Readers,
    /// A reader waits for every writer that is inside or waits.
    Writers,
    /// In order of arrival; consecutive readers enter together.
    Fair,
}

impl RwPolicy {
    /// Every policy, in the order in which scenarios list them.
    pub const ALL: [Self; 3] = [Self::Readers, Self::Writers, Self::Fair];

    /// Returns the word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Readers => "readers",
            Self::Writers => "writers",
            Self::Fair => "fair",
        }
    }
}

/// The kind of a resource, with its properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResourceKind {
    Mutex {
        kind: LockKind,
    },
    /// Lets `permits` workers pass at once.
    Semaphore {
        permits: u32,
        /// Whether the worker that takes a permit also returns it, so that the holders are known. Otherwise the
        /// semaphore is used as a signal.
        scoped: bool,
    },
    Rwlock {
        policy: RwPolicy,
    },
    /// Holds `capacity` items at most.
    Queue {
        capacity: u32,
    },
    /// A pipe of the kernel: holds `capacity` bytes at most.
    Pipe {
        capacity: u32,
    },
    Counter {
        initial: i64,
        memory: CounterMemory,
    },
    /// A condition variable. A wait for it releases `mutex`.
    Condition {
        mutex: ResourceId,
    },
    /// An event flag, which stays set until it is cleared.
    Event,
    Barrier {
        parties: u32,
    },
    /// Results of a pool's tasks that are ready and unread.
    Results,
    /// The life of a worker that other workers spawn or join. A join waits for its end.
    Life {
        worker: WorkerId,
    },
    /// A server of the run: workers put requests in and take answers out. Holds `max_requests` requests at most.
    Server {
        max_requests: u32,
    },
}

impl ResourceKind {
    /// Returns whether workers acquire and release it as a lock.
    pub const fn is_lock(&self) -> bool {
        matches!(self, Self::Mutex { .. } | Self::Semaphore { .. } | Self::Rwlock { .. })
    }

    /// Returns the word used on screen and in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Mutex { kind } => kind.word(),
            Self::Semaphore { .. } => "semaphore",
            Self::Rwlock { policy: RwPolicy::Readers } => "rw-readers",
            Self::Rwlock { policy: RwPolicy::Writers } => "rw-writers",
            Self::Rwlock { policy: RwPolicy::Fair } => "rw-fair",
            Self::Queue { .. } => "queue",
            Self::Pipe { .. } => "pipe",
            Self::Counter { .. } => "counter",
            Self::Condition { .. } => "condition",
            Self::Event => "event",
            Self::Barrier { .. } => "barrier",
            Self::Results => "results",
            Self::Life { .. } => "life",
            Self::Server { .. } => "server",
        }
    }
}

/// A resource that workers share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceInfo {
    /// Unique, without control characters.
    pub name: String,
    pub kind: ResourceKind,
}

/// A pool of workers that take tasks from one queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Returns the entry of a worker.
    pub fn worker(&self, id: WorkerId) -> Option<&WorkerInfo> {
        self.workers.get(id.index())
    }

    /// Returns the entry of a resource.
    pub fn resource(&self, id: ResourceId) -> Option<&ResourceInfo> {
        self.resources.get(id.index())
    }

    /// Returns the name of a worker, or `?` for an unknown id.
    pub fn worker_name(&self, id: WorkerId) -> &str {
        self.worker(id).map_or("?", |w| &w.name)
    }

    /// Returns the name of a resource, or `?` for an unknown id.
    pub fn resource_name(&self, id: ResourceId) -> &str {
        self.resource(id).map_or("?", |r| &r.name)
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
            |(first, count): &&(ResourceId, u16)| (first.0..first.0.saturating_add(*count)).contains(&counter.0);
        self.packed.iter().find(within).map_or((counter, 0), |(first, _)| {
            let nth = counter.0 - first.0;
            (ResourceId(first.0 + nth / 16), usize::from(nth % 16))
        })
    }

    /// Returns the ids of all conditions, event flags and barriers.
    pub fn signals(&self) -> impl Iterator<Item = ResourceId> + '_ {
        use ResourceKind::{Barrier, Condition, Event};
        self.of_kind(|k| matches!(k, Condition { .. } | Event | Barrier { .. }))
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
