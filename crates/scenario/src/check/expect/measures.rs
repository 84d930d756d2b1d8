//! What can be measured of a run, and what can be found wrong with it.

use crate::program::{Metric, Part, ResourceSpec};

/// What can be found wrong with a run: the ids of the detectors. They live in a layer that this one does not know.
pub(in crate::check) const FINDINGS: [&str; 25] = [
    "busy-wait",
    "convoy",
    "crashed",
    "deadlock",
    "handover-bound",
    "head-of-line",
    "herd",
    "livelock",
    "lock-bound",
    "loop-blocked",
    "loop-bound",
    "lost-update",
    "lost-wakeup",
    "order-hazard",
    "orphaned-lock",
    "oversubscribed",
    "pool-too-large",
    "pool-too-small",
    "queue-bound",
    "queue-overflow-in",
    "stall",
    "starved",
    "straggler",
    "unfair",
    "unseen-failures",
];

/// What a measure is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Of {
    Lock,
    Counter,
    /// A counter or a pool.
    Losing,
    Pool,
    Queue,
    /// A pool or a queue.
    Queued,
    /// A condition, an event or a barrier.
    Signal,
    /// What can be counted by the second.
    Counted,
    /// A pool or a group of workers.
    Crew,
    /// The run as a whole: nothing is named.
    Run,
}

impl Of {
    /// How messages call it.
    pub(in crate::check) const fn what(self) -> &'static str {
        match self {
            Self::Lock => "a lock",
            Self::Counter => "a counter",
            Self::Losing => "a counter or a pool",
            Self::Pool => "a pool",
            Self::Queue => "a queue",
            Self::Queued => "a pool or a queue",
            Self::Signal => "a condition, an event or a barrier",
            Self::Counted => "a lock, a pool, a queue or a counter",
            Self::Crew => "a pool or a group of workers",
            Self::Run => "the run",
        }
    }

    pub(super) const fn matches(self, spec: &ResourceSpec) -> bool {
        match spec {
            ResourceSpec::Mutex { .. } | ResourceSpec::Semaphore { .. } | ResourceSpec::Rwlock { .. } => {
                matches!(self, Self::Lock | Self::Counted)
            }
            ResourceSpec::Counter { .. } => matches!(self, Self::Counter | Self::Losing | Self::Counted),
            ResourceSpec::Queue { .. } | ResourceSpec::Pipe { .. } | ResourceSpec::Server(_) => {
                matches!(self, Self::Queue | Self::Queued | Self::Counted)
            }
            ResourceSpec::Condition { .. } | ResourceSpec::Event | ResourceSpec::Barrier { .. } => {
                matches!(self, Self::Signal)
            }
        }
    }
}

/// Something that can be measured.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Measure {
    pub word: &'static str,
    pub metric: Metric,
    pub of: Of,
    pub help: &'static str,
}

const fn measure(word: &'static str, metric: Metric, of: Of, help: &'static str) -> Measure {
    Measure { word, metric, of, help }
}

pub(in crate::check) const MEASURES: [Measure; 40] = [
    measure("contended", Metric::Contended, Of::Lock, "share of its acquisitions that had to wait"),
    measure(
        "fairness",
        Metric::Fairness,
        Of::Lock,
        "how evenly its workers got it: 100% if all equally often, less the more it was for some (Jain's index)",
    ),
    measure("held", Metric::Held, Of::Lock, "share of the time in which someone had it"),
    measure("gave-up", Metric::GaveUp, Of::Lock, "share of the attempts that ended without it"),
    measure("value", Metric::Value, Of::Counter, "what it holds"),
    measure(
        "lost",
        Metric::Lost,
        Of::Losing,
        "of a counter: updates lost, what it should hold less what it holds; of a pool: tasks begun that will never end",
    ),
    measure("copies", Metric::Copies, Of::Counter, "copies that processes have of a private one beside their parent's"),
    measure("done", Metric::Done, Of::Pool, "tasks done"),
    measure("failed", Metric::Failed, Of::Pool, "tasks that failed"),
    measure("retried", Metric::Retried, Of::Pool, "tasks begun anew because their process died"),
    measure("rejected", Metric::Rejected, Of::Pool, "tasks turned away because the queue was full"),
    measure("cancelled", Metric::Cancelled, Of::Pool, "tasks called off before they began"),
    measure("stolen", Metric::Stolen, Of::Pool, "tasks that one worker took from another"),
    measure("unseen", Metric::Unseen, Of::Pool, "failures that nobody will look at: their results are read by nobody"),
    measure("unread", Metric::Unread, Of::Pool, "results that are there and that nobody has read"),
    measure("held-back", Metric::HeldBack, Of::Pool, "most results that were there at once without having been read"),
    measure(
        "first-result",
        Metric::FirstResult,
        Of::Pool,
        "how many times as long as the first result took to be there the first one took to be read",
    ),
    measure("utilization", Metric::Utilization, Of::Pool, "share of its workers' time that went into tasks"),
    measure(
        "parallel",
        Metric::Parallel,
        Of::Crew,
        "of a pool: tasks at once; of a group: workers on a CPU at once; on average",
    ),
    measure(
        "slowdown",
        Metric::Slowdown,
        Of::Pool,
        "how many times as long as the task itself one waits for its result, each the median",
    ),
    measure(
        "tail",
        Metric::Tail,
        Of::Pool,
        "the same of the slowest in a hundred: of the tasks themselves, and of the waits for a result",
    ),
    measure("depth", Metric::Depth, Of::Queued, "most items that waited at once; of a pipe, bytes"),
    measure("taken", Metric::Taken, Of::Queue, "items taken; of a pipe, messages received"),
    measure("acquired", Metric::Acquired, Of::Lock, "how many times it was taken"),
    measure(
        "rate",
        Metric::Rate,
        Of::Counted,
        "times a second that it was taken or added to, or that a task of it was done",
    ),
    measure("wait-p50", Metric::Wait(Part::Median), Of::Lock, "the median wait of those who had to wait"),
    measure("wait-p99", Metric::Wait(Part::Tail), Of::Lock, "the wait that one of a hundred of them exceeds"),
    measure("wait-max", Metric::Wait(Part::Longest), Of::Lock, "the longest wait, also one that still goes on"),
    measure(
        "latency-p50",
        Metric::Latency(Part::Median),
        Of::Pool,
        "from when a task is due to its result: the median",
    ),
    measure("latency-p99", Metric::Latency(Part::Tail), Of::Pool, "the same: what one task of a hundred exceeds"),
    measure("latency-max", Metric::Latency(Part::Longest), Of::Pool, "the same: the longest"),
    measure("ended", Metric::Ended, Of::Crew, "when the last of its workers came to its end, from the start"),
    measure("elapsed", Metric::Elapsed, Of::Run, "how long the run went on until it ended by itself"),
    measure("woken", Metric::Woken, Of::Signal, "workers woken by each signal that woke any"),
    measure(
        "startup",
        Metric::Startup,
        Of::Crew,
        "from asking for one to its first moment, of a pool to the begin of a task that is due: the median",
    ),
    measure("lives", Metric::Lives, Of::Crew, "how many times one was started"),
    measure("lanes", Metric::Lanes, Of::Crew, "how many there ever were at once"),
    measure("cut-off", Metric::CutOff, Of::Crew, "how many were cut off when the run ended"),
    measure("processes", Metric::Processes, Of::Crew, "how many processes they run in"),
    measure("threads", Metric::Threads, Of::Crew, "how many threads they run in"),
];
