//! Who and what takes part in a run: known in full, by id and name, before it starts.

use serde::{Deserialize, Serialize};

use super::{Memory, PoolId, ResourceId, WorkerId};

/// The static description of a run. Ids are positions in these tables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cast {
    pub workers: Vec<WorkerInfo>,
    pub resources: Vec<ResourceInfo>,
    pub pools: Vec<PoolInfo>,
    /// Counters that lie side by side: the first of each such array, and how many it has.
    pub packed: Vec<(ResourceId, u16)>,
    /// By resource: who could end a wait for it. Nothing is concluded about a resource that is not in it.
    pub wakers: Vec<Wakers>,
    /// Cores that the run may use, by affinity and quota. None: as many as there are.
    pub cores: Option<f64>,
    /// Threads of the event loop, if any worker is a task on it.
    pub loop_threads: Option<u32>,
}

/// Who could end a wait for a resource, as far as the scenario says: lanes that ever come to such a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wakers {
    /// Those who put into a queue or close it, notify, set, come to a barrier, or release a permit that they need not hold;
    /// of a life, those who spawn it. Of a pipe: who can write.
    pub givers: Vec<Lanes>,
    /// Those who take from a queue, or hold permits for a block and return them at its end. Of a pipe: who can read.
    pub takers: Vec<Lanes>,
    /// Of a condition: who looks at a value before it waits, as the knobs stand at the start. Such a worker does not need
    /// the signals it missed.
    pub guarded: Vec<Lanes>,
}

/// Neighbouring lanes: those of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    pub first: WorkerId,
    pub count: u16,
}

impl Lanes {
    pub fn iter(self) -> impl Iterator<Item = WorkerId> {
        (self.first.0..self.first.0.saturating_add(self.count)).map(WorkerId)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkerKind {
    Thread,
    Process,
    /// A task on the event loop of the run, which may have several threads.
    Async,
}

impl WorkerKind {
    /// The word used on screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Async => "async",
        }
    }

    /// The noun for one worker of this kind.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Async => "task",
            other => other.word(),
        }
    }
}

/// One lane. A pool has a lane for every worker it may ever have; those not started yet are not drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerInfo {
    /// Unique and harmless to print.
    pub name: String,
    /// The name without its number: lanes of one group fold together.
    pub group: String,
    pub kind: WorkerKind,
    /// The pool it belongs to, if it is a pool's worker (a pool's feeder is not).
    pub pool: Option<PoolId>,
}

/// How a mutex is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LockKind {
    /// `std::sync::Mutex`: parks, unfair.
    Std,
    /// `parking_lot::Mutex`: parks, fair about every 0.5 ms.
    ParkingLot,
    /// `parking_lot::Mutex`, handed to the longest waiter at each release.
    Fair,
    /// Test-and-set, burns CPU while it waits.
    Spin,
    /// Spins in order of arrival.
    Ticket,
    /// `parking_lot::ReentrantMutex`: who has it can take it again.
    Reentrant,
    /// Process-shared robust `pthread_mutex_t`: what processes use.
    Robust,
    /// The same, recursive.
    RobustReentrant,
    /// Handed on in order of arrival; waiting for it gives the thread back: what tasks use.
    Async,
    /// The same, and a task that has it can take it again.
    AsyncReentrant,
    /// No lock at all: `lock` goes straight through. To see what the lock was for.
    Off,
}

impl LockKind {
    /// Every kind that a scenario can name, in the order they are offered.
    pub const NAMED: [Self; 7] =
        [Self::Std, Self::ParkingLot, Self::Fair, Self::Spin, Self::Ticket, Self::Reentrant, Self::Off];

    /// Whether who has it can take it again.
    pub const fn is_reentrant(self) -> bool {
        matches!(self, Self::Reentrant | Self::RobustReentrant | Self::AsyncReentrant)
    }

    /// Whether the system gives it back when its holder dies.
    pub const fn is_robust(self) -> bool {
        matches!(self, Self::Robust | Self::RobustReentrant)
    }

    /// The word used in scenarios, on screen and in JSON.
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

/// Who goes first at an rwlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RwPolicy {
    /// A reader goes in whenever no writer is in.
    Readers,
    /// A reader waits for every writer that is in or waits.
    Writers,
    /// In order of arrival; readers that come after one another go in together.
    Fair,
}

impl RwPolicy {
    pub const ALL: [Self; 3] = [Self::Readers, Self::Writers, Self::Fair];

    /// The word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Readers => "readers",
            Self::Writers => "writers",
            Self::Fair => "fair",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResourceKind {
    Mutex {
        kind: LockKind,
    },
    /// So many can pass at once.
    Semaphore {
        permits: u32,
        /// Whoever takes a permit gives it back: its holders are known. Else it is used as a signal.
        scoped: bool,
    },
    Rwlock {
        policy: RwPolicy,
    },
    /// `capacity` items at most.
    Queue {
        capacity: u32,
    },
    /// The kernel's: `capacity` bytes at most.
    Pipe {
        capacity: u32,
    },
    Counter {
        initial: i64,
        memory: Memory,
    },
    /// Waited for without the mutex `of` meanwhile.
    Condition {
        of: ResourceId,
    },
    /// A flag that stays set until it is cleared.
    Event,
    Barrier {
        parties: u32,
    },
    /// Results of a pool's tasks that are there and that nobody has read.
    Results,
    /// The life of a worker that others spawn or join: they wait for its end.
    Life {
        of: WorkerId,
    },
    /// A server of the run: what is put into it are requests, what is taken out are answers. `room` requests at most.
    Server {
        room: u32,
    },
}

impl ResourceKind {
    /// Whether workers take it and give it back, and wait for it as for a lock.
    pub const fn is_lock(&self) -> bool {
        matches!(self, Self::Mutex { .. } | Self::Semaphore { .. } | Self::Rwlock { .. })
    }

    /// The word used on screen and in JSON.
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceInfo {
    /// Unique and harmless to print.
    pub name: String,
    pub kind: ResourceKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolInfo {
    pub name: String,
    pub of: WorkerKind,
    /// Lanes of its workers, in order.
    pub workers: Vec<WorkerId>,
    /// The lane that feeds it, unless it only does what others submit.
    pub feeder: Option<WorkerId>,
    pub queue: ResourceId,
    /// Where results wait for whoever wants them, if anybody does.
    pub results: Option<ResourceId>,
    /// How many workers it starts with.
    pub size: u32,
    /// How many tasks there will be, when that is known.
    pub total: Option<u64>,
    /// Whether another process replaces one that crashed.
    pub restarts: bool,
}

impl Cast {
    pub fn worker(&self, id: WorkerId) -> Option<&WorkerInfo> {
        self.workers.get(id.index())
    }

    pub fn resource(&self, id: ResourceId) -> Option<&ResourceInfo> {
        self.resources.get(id.index())
    }

    /// The name of a worker, or `?` for one that is not in the table.
    pub fn worker_name(&self, id: WorkerId) -> &str {
        self.worker(id).map_or("?", |w| &w.name)
    }

    /// The name of a resource, or `?` for one that is not in the table.
    pub fn resource_name(&self, id: ResourceId) -> &str {
        self.resource(id).map_or("?", |r| &r.name)
    }

    /// Ids of all mutexes.
    pub fn mutexes(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Mutex { .. }))
    }

    /// Ids of all that workers wait for as for a lock: mutexes, semaphores, rwlocks.
    pub fn locks(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(ResourceKind::is_lock)
    }

    /// Ids of all queues: of results and of servers with the requests in them as well.
    pub fn queues(&self) -> impl Iterator<Item = ResourceId> + '_ {
        use ResourceKind::{Queue, Results, Server};
        self.of_kind(|k| matches!(k, Queue { .. } | Results | Server { .. }))
    }

    /// Ids of all pipes.
    pub fn pipes(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Pipe { .. }))
    }

    /// Ids of all queues and pipes: of what has a depth.
    pub fn with_depth(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Queue { .. } | ResourceKind::Pipe { .. }))
    }

    /// Ids of all counters.
    pub fn counters(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.of_kind(|k| matches!(k, ResourceKind::Counter { .. }))
    }

    /// Where a counter's value lies: among the words of which resource, and at which place. In a line of its own, unless
    /// its array is packed.
    pub fn place_of(&self, counter: ResourceId) -> (ResourceId, usize) {
        let within =
            |(first, count): &&(ResourceId, u16)| (first.0..first.0.saturating_add(*count)).contains(&counter.0);
        self.packed.iter().find(within).map_or((counter, 0), |(first, _)| {
            let nth = counter.0 - first.0;
            (ResourceId(first.0 + nth / 16), usize::from(nth % 16))
        })
    }

    /// Ids of all conditions, event flags and barriers.
    pub fn signals(&self) -> impl Iterator<Item = ResourceId> + '_ {
        use ResourceKind::{Barrier, Condition, Event};
        self.of_kind(|k| matches!(k, Condition { .. } | Event | Barrier { .. }))
    }

    /// Ids of all lives, with whose they are.
    pub fn lives(&self) -> impl Iterator<Item = (ResourceId, WorkerId)> + '_ {
        self.resources.iter().enumerate().filter_map(|(i, r)| match r.kind {
            ResourceKind::Life { of } => Some((ResourceId::from(i), of)),
            _ => None,
        })
    }

    /// Whose life a resource is, if it is one.
    pub fn whose_life(&self, id: ResourceId) -> Option<WorkerId> {
        match self.resource(id)?.kind {
            ResourceKind::Life { of } => Some(of),
            _ => None,
        }
    }

    fn of_kind(&self, wanted: fn(&ResourceKind) -> bool) -> impl Iterator<Item = ResourceId> + '_ {
        self.resources.iter().enumerate().filter(move |(_, r)| wanted(&r.kind)).map(|(i, _)| ResourceId::from(i))
    }
}
