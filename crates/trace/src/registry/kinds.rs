//! The kinds of workers and resources, with the words that stand for them.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::super::{CounterMemory, ResourceId, WorkerId};

/// The kind of execution unit that a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum WorkerKind {
    Thread,
    Process,
    /// An async task on the event loop of the run, which may have several threads.
    Async,
    /// A worker of a Dask cluster: a process with one thread, perhaps on another machine.
    Dask,
    /// Something that serves the workers and executes no tasks itself: a scheduler, a broker.
    Service,
}

impl WorkerKind {
    /// Returns the word used on screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Async => "async",
            Self::Dask => "dask",
            Self::Service => "service",
        }
    }

    /// Returns the noun for one worker of this kind.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Async => "task",
            Self::Dask => "Dask worker",
            Self::Thread | Self::Process | Self::Service => self.word(),
        }
    }
}

/// The implementation of a mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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
    /// Process-shared `pthread_mutex_t` that is not robust: it stays locked if its holder dies.
    NotRobust,
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
    pub const NAMED: [Self; 8] = [
        Self::Std,
        Self::ParkingLot,
        Self::Fair,
        Self::Spin,
        Self::Ticket,
        Self::Reentrant,
        Self::NotRobust,
        Self::Off,
    ];

    /// Returns whether its holder can lock it again.
    pub const fn is_reentrant(self) -> bool {
        matches!(self, Self::Reentrant | Self::RobustReentrant | Self::AsyncReentrant)
    }

    /// Returns whether the system releases it when its holder dies.
    pub const fn is_robust(self) -> bool {
        matches!(self, Self::Robust | Self::RobustReentrant)
    }

    /// Returns whether it is in the memory of one process, so that a forked process has a copy of it.
    pub const fn is_of_one_process(self) -> bool {
        matches!(self, Self::Std | Self::ParkingLot | Self::Fair | Self::Spin | Self::Ticket | Self::Reentrant)
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
            Self::NotRobust => "not-robust",
            Self::Robust => "robust",
            Self::RobustReentrant => "robust-reentrant",
            Self::Async => "async",
            Self::AsyncReentrant => "async-reentrant",
            Self::Off => "off",
        }
    }
}

/// The order in which readers and writers enter an rwlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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
    /// A count of work to be done: workers wait until it is 0.
    WaitGroup,
    /// A wait group that only counts down, from `initial`.
    Latch {
        initial: u32,
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
    /// Events name it, but nothing declared it; or it is gone.
    Undeclared,
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
            Self::WaitGroup => "wait-group",
            Self::Latch { .. } => "latch",
            Self::Results => "results",
            Self::Life { .. } => "life",
            Self::Server { .. } => "server",
            Self::Undeclared => "undeclared",
        }
    }
}
