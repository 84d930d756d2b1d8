//! Resources: what workers share and wait for.

use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::expr::Expr;
use contend_trace::{CounterMemory, LockKind, RwPolicy};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub name: String,
    /// More than 1 makes an array with the members `fork-1`, `fork-2`, ... Fixed for a run.
    pub count: Expr,
    pub spec: ResourceSpec,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResourceSpec {
    Mutex {
        kind: Choice<LockKind>,
    },
    Counter {
        initial: i64,
        memory: Choice<CounterMemory>,
        /// Whether the members of the array share cache lines, rather than having one each.
        packed: bool,
        /// The order that its reads and writes guarantee.
        order: Choice<MemoryOrder>,
    },
    Semaphore {
        permits: Expr,
    },
    Rwlock {
        policy: Choice<RwPolicy>,
    },
    Queue {
        capacity: Expr,
        order: Choice<QueueOrder>,
    },
    Pipe {
        /// In bytes; the kernel rounds it up to a power of two of pages.
        capacity: Expr,
    },
    /// A condition variable. A wait holds the mutex declared at position `mutex`, and returns it meanwhile.
    Condition {
        mutex: usize,
    },
    /// A flag that stays set until it is cleared.
    Event,
    Barrier {
        parties: Expr,
    },
    /// A count that workers wait for to be 0.
    WaitGroup,
    /// A wait group that only counts down.
    Latch {
        initial: Expr,
    },
    Server(Box<ServerSpec>),
}

impl ResourceSpec {
    /// Returns the noun for one resource of this kind.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Mutex { .. } => "mutex",
            Self::Counter { .. } => "counter",
            Self::Semaphore { .. } => "semaphore",
            Self::Rwlock { .. } => "rwlock",
            Self::Queue { .. } => "queue",
            Self::Pipe { .. } => "pipe",
            Self::Condition { .. } => "condition",
            Self::Event => "event",
            Self::Barrier { .. } => "barrier",
            Self::WaitGroup => "wait group",
            Self::Latch { .. } => "latch",
            Self::Server(_) => "server",
        }
    }
}

/// The order in which items leave a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueOrder {
    /// The oldest first.
    Fifo,
    /// The highest priority first; the oldest first among equals.
    Priority,
}

impl QueueOrder {
    pub const ALL: [Self; 2] = [Self::Fifo, Self::Priority];

    /// Returns the word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Priority => "priority",
        }
    }
}

/// The order that atomic reads and writes of a counter guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryOrder {
    /// None, beyond that of each counter alone.
    Relaxed,
    /// A read that sees a write also sees everything before that write.
    AcquireRelease,
    /// One order of all operations, the same for all workers.
    SeqCst,
}

impl MemoryOrder {
    /// Every order, from the weakest on.
    pub const ALL: [Self; 3] = [Self::Relaxed, Self::AcquireRelease, Self::SeqCst];

    /// Returns the word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::AcquireRelease => "acquire-release",
            Self::SeqCst => "seq-cst",
        }
    }
}

/// A small HTTP server that belongs to the run. All its numbers but `max_requests` can change during the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerSpec {
    /// Time to answer a request, in nanoseconds, and the largest random addition to it.
    pub latency: Expr,
    pub jitter: Expr,
    /// Share of requests answered with an error, 0 to 1.
    pub failure_rate: Expr,
    /// Length of an answer.
    pub bytes: Expr,
    /// Requests that it works on at once; the others wait in it.
    pub capacity: Expr,
    /// Requests that fit in it; it rejects more.
    pub max_requests: Expr,
    /// Paths that do not exist.
    pub missing_paths: Vec<String>,
}

/// A resource, or a member of a resource's array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Position in `Scenario::resources`.
    pub resource: usize,
    /// Index in the array, which wraps around; `None` is the first member.
    pub index: Option<Expr>,
}
