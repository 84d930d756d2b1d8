//! The measures of `expect`: their words, what each is taken of, and their help.

use crate::program::{Metric, Quantile, ResourceSpec};

/// What a measure is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum SubjectKind {
    Lock,
    Counter,
    /// A counter or a pool.
    CounterOrPool,
    Pool,
    Queue,
    /// A pool or a queue.
    PoolOrQueue,
    /// A condition, an event or a barrier.
    Signal,
    /// What can be counted by the second.
    Rated,
    /// A pool or a group of workers.
    PoolOrGroup,
    /// The run as a whole: nothing is named.
    Run,
}

impl SubjectKind {
    /// How messages call it.
    pub(in crate::check) const fn noun(self) -> &'static str {
        match self {
            Self::Lock => "a lock",
            Self::Counter => "a counter",
            Self::CounterOrPool => "a counter or a pool",
            Self::Pool => "a pool",
            Self::Queue => "a queue",
            Self::PoolOrQueue => "a pool or a queue",
            Self::Signal => "a condition, an event or a barrier",
            Self::Rated => "a lock, a pool, a queue or a counter",
            Self::PoolOrGroup => "a pool or a group of workers",
            Self::Run => "the run",
        }
    }

    pub(super) const fn matches(self, spec: &ResourceSpec) -> bool {
        match spec {
            ResourceSpec::Mutex { .. } | ResourceSpec::Semaphore { .. } | ResourceSpec::Rwlock { .. } => {
                matches!(self, Self::Lock | Self::Rated)
            }
            ResourceSpec::Counter { .. } => matches!(self, Self::Counter | Self::CounterOrPool | Self::Rated),
            ResourceSpec::Queue { .. } | ResourceSpec::Pipe { .. } | ResourceSpec::Server(_) => {
                matches!(self, Self::Queue | Self::PoolOrQueue | Self::Rated)
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
    pub subject_kind: SubjectKind,
    pub help: &'static str,
}

const fn measure(word: &'static str, metric: Metric, of: SubjectKind, help: &'static str) -> Measure {
    Measure { word, metric, subject_kind: of, help }
}

pub(in crate::check) const MEASURES: [Measure; 40] = [
    measure("contended", Metric::Contended, SubjectKind::Lock, "share of its acquisitions that had to wait"),
    measure(
        "fairness",
        Metric::Fairness,
        SubjectKind::Lock,
        "how evenly its workers got it: 100% if all equally often, less the more it was for some (Jain's index)",
    ),
    measure("held", Metric::Held, SubjectKind::Lock, "share of the time in which someone had it"),
    measure("gave-up", Metric::GaveUp, SubjectKind::Lock, "share of the attempts that ended without it"),
    measure("value", Metric::Value, SubjectKind::Counter, "what it holds"),
    measure(
        "lost",
        Metric::Lost,
        SubjectKind::CounterOrPool,
        "of a counter: updates lost, what it should hold less what it holds; of a pool: tasks begun that will never end",
    ),
    measure(
        "copies",
        Metric::Copies,
        SubjectKind::Counter,
        "copies that processes have of a private one beside their parent's",
    ),
    measure("done", Metric::Done, SubjectKind::Pool, "tasks done"),
    measure("failed", Metric::Failed, SubjectKind::Pool, "tasks that failed"),
    measure("retried", Metric::Retried, SubjectKind::Pool, "tasks begun anew because their process died"),
    measure("rejected", Metric::Rejected, SubjectKind::Pool, "tasks turned away because the queue was full"),
    measure("cancelled", Metric::Cancelled, SubjectKind::Pool, "tasks called off before they began"),
    measure("stolen", Metric::Stolen, SubjectKind::Pool, "tasks that one worker took from another"),
    measure(
        "unseen",
        Metric::UnreadFailures,
        SubjectKind::Pool,
        "failures that nobody will look at: their results are read by nobody",
    ),
    measure("unread", Metric::Unread, SubjectKind::Pool, "results that are there and that nobody has read"),
    measure(
        "held-back",
        Metric::MaxUnread,
        SubjectKind::Pool,
        "most results that were there at once without having been read",
    ),
    measure(
        "first-result",
        Metric::FirstResult,
        SubjectKind::Pool,
        "how many times as long as the first result took to be there the first one took to be read",
    ),
    measure("utilization", Metric::Utilization, SubjectKind::Pool, "share of its workers' time that went into tasks"),
    measure(
        "parallel",
        Metric::Parallel,
        SubjectKind::PoolOrGroup,
        "of a pool: tasks at once; of a group: workers on a CPU at once; on average",
    ),
    measure(
        "slowdown",
        Metric::Slowdown,
        SubjectKind::Pool,
        "how many times as long as the task itself one waits for its result, each the median",
    ),
    measure(
        "tail",
        Metric::Tail,
        SubjectKind::Pool,
        "the same of the slowest in a hundred: of the tasks themselves, and of the waits for a result",
    ),
    measure("depth", Metric::Depth, SubjectKind::PoolOrQueue, "most items that waited at once; of a pipe, bytes"),
    measure("taken", Metric::Taken, SubjectKind::Queue, "items taken; of a pipe, messages received"),
    measure("acquired", Metric::Acquired, SubjectKind::Lock, "how many times it was taken"),
    measure(
        "rate",
        Metric::Rate,
        SubjectKind::Rated,
        "times a second that it was taken or added to, or that a task of it was done",
    ),
    measure("wait-p50", Metric::Wait(Quantile::Median), SubjectKind::Lock, "the median wait of those who had to wait"),
    measure(
        "wait-p99",
        Metric::Wait(Quantile::P99),
        SubjectKind::Lock,
        "the wait that one of a hundred of them exceeds",
    ),
    measure(
        "wait-max",
        Metric::Wait(Quantile::Max),
        SubjectKind::Lock,
        "the longest wait, also one that still goes on",
    ),
    measure(
        "latency-p50",
        Metric::Latency(Quantile::Median),
        SubjectKind::Pool,
        "from when a task is due to its result: the median",
    ),
    measure(
        "latency-p99",
        Metric::Latency(Quantile::P99),
        SubjectKind::Pool,
        "the same: what one task of a hundred exceeds",
    ),
    measure("latency-max", Metric::Latency(Quantile::Max), SubjectKind::Pool, "the same: the longest"),
    measure(
        "ended",
        Metric::Ended,
        SubjectKind::PoolOrGroup,
        "when the last of its workers came to its end, from the start",
    ),
    measure("elapsed", Metric::Elapsed, SubjectKind::Run, "how long the run went on until it ended by itself"),
    measure("woken", Metric::Woken, SubjectKind::Signal, "workers woken by each signal that woke any"),
    measure(
        "startup",
        Metric::Startup,
        SubjectKind::PoolOrGroup,
        "from asking for one to its first moment, of a pool to the begin of a task that is due: the median",
    ),
    measure("lives", Metric::Lives, SubjectKind::PoolOrGroup, "how many times one was started"),
    measure("lanes", Metric::Lanes, SubjectKind::PoolOrGroup, "how many there ever were at once"),
    measure("cut-off", Metric::CutOff, SubjectKind::PoolOrGroup, "how many were cut off when the run ended"),
    measure("processes", Metric::Processes, SubjectKind::PoolOrGroup, "how many processes they run in"),
    measure("threads", Metric::Threads, SubjectKind::PoolOrGroup, "how many threads they run in"),
];
