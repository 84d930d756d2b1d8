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
    /// A condition, an event, a barrier, a wait group or a latch.
    Signal,
    /// A lock, or a queue with priorities.
    LockOrQueue,
    /// Anything that a worker can wait for with a time limit.
    Limited,
    /// Anything that is counted per second.
    Rated,
    /// A pool or a group of workers.
    PoolOrGroup,
    /// The whole run: no name is given.
    Run,
}

impl SubjectKind {
    /// Its name in messages.
    pub(in crate::check) const fn noun(self) -> &'static str {
        match self {
            Self::Lock => "a lock",
            Self::LockOrQueue => "a lock or a queue",
            Self::Counter => "a counter",
            Self::CounterOrPool => "a counter or a pool",
            Self::Pool => "a pool",
            Self::Queue => "a queue",
            Self::PoolOrQueue => "a pool or a queue",
            Self::Signal => "a condition, an event, a barrier, a wait group or a latch",
            Self::Limited => "a lock, a queue, a condition, an event, a barrier, a wait group or a latch",
            Self::Rated => "a lock, a pool, a queue or a counter",
            Self::PoolOrGroup => "a pool or a group of workers",
            Self::Run => "the run",
        }
    }

    pub(super) const fn matches(self, spec: &ResourceSpec) -> bool {
        match spec {
            ResourceSpec::Mutex { .. } | ResourceSpec::Semaphore { .. } | ResourceSpec::Rwlock { .. } => {
                matches!(self, Self::Lock | Self::LockOrQueue | Self::Rated | Self::Limited)
            }
            ResourceSpec::Counter { .. } => matches!(self, Self::Counter | Self::CounterOrPool | Self::Rated),
            ResourceSpec::Queue { .. } => {
                matches!(self, Self::Queue | Self::PoolOrQueue | Self::LockOrQueue | Self::Rated | Self::Limited)
            }
            ResourceSpec::Pipe { .. } | ResourceSpec::Server(_) => {
                matches!(self, Self::Queue | Self::PoolOrQueue | Self::Rated)
            }
            ResourceSpec::Condition { .. }
            | ResourceSpec::Event
            | ResourceSpec::Barrier { .. }
            | ResourceSpec::WaitGroup
            | ResourceSpec::Latch { .. } => matches!(self, Self::Signal | Self::Limited),
        }
    }
}

/// A measure.
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

pub(in crate::check) const MEASURES: [Measure; 42] = [
    measure("contended", Metric::Contended, SubjectKind::Lock, "share of acquisitions that had to wait"),
    measure(
        "fairness",
        Metric::Fairness,
        SubjectKind::Lock,
        "how evenly its workers acquired it (Jain's index): 100% if all did equally often",
    ),
    measure("held", Metric::Held, SubjectKind::Lock, "share of the time during which a worker held it"),
    measure("gave-up", Metric::GaveUp, SubjectKind::Limited, "share of attempts that gave up"),
    measure("value", Metric::Value, SubjectKind::Counter, "its value"),
    measure(
        "lost",
        Metric::Lost,
        SubjectKind::CounterOrPool,
        "for a counter: lost updates, that is its correct value minus its value; for a pool: tasks that began and will \
         never end",
    ),
    measure(
        "copies",
        Metric::Copies,
        SubjectKind::Counter,
        "copies of a private counter that processes have, besides their parent's",
    ),
    measure(
        "retries",
        Metric::Retries,
        SubjectKind::Counter,
        "failed compare-and-sets of a counter for each that succeeded",
    ),
    measure("done", Metric::Done, SubjectKind::Pool, "tasks that succeeded"),
    measure("failed", Metric::Failed, SubjectKind::Pool, "tasks that failed"),
    measure("retried", Metric::Retried, SubjectKind::Pool, "tasks restarted because their process died"),
    measure("rejected", Metric::Rejected, SubjectKind::Pool, "tasks rejected because the queue was full"),
    measure("cancelled", Metric::Cancelled, SubjectKind::Pool, "tasks cancelled before they began"),
    measure("stolen", Metric::Stolen, SubjectKind::Pool, "tasks that one worker took from another"),
    measure("helped", Metric::Helped, SubjectKind::Pool, "tasks that workers ran while they waited for a result"),
    measure("unseen", Metric::UnreadFailures, SubjectKind::Pool, "failures whose results will never be read"),
    measure("unread", Metric::Unread, SubjectKind::Pool, "results that are ready and have not been read"),
    measure("held-back", Metric::MaxUnread, SubjectKind::Pool, "most unread results at once"),
    measure(
        "first-result",
        Metric::FirstResult,
        SubjectKind::Pool,
        "time until the first result is read, divided by the time until it is ready",
    ),
    measure("utilization", Metric::Utilization, SubjectKind::Pool, "share of its workers' time spent on tasks"),
    measure(
        "parallel",
        Metric::Parallel,
        SubjectKind::PoolOrGroup,
        "for a pool: tasks at once; for a group: workers on a CPU at once; the average",
    ),
    measure(
        "slowdown",
        Metric::Slowdown,
        SubjectKind::Pool,
        "median wait for a result, divided by the median run time of a task",
    ),
    measure(
        "tail",
        Metric::Tail,
        SubjectKind::Pool,
        "99th percentile of the waits for a result, divided by the 99th percentile of the run times",
    ),
    measure("depth", Metric::Depth, SubjectKind::PoolOrQueue, "most items in it at once; for a pipe, bytes"),
    measure("taken", Metric::Taken, SubjectKind::Queue, "items taken; for a pipe, messages received"),
    measure("acquired", Metric::Acquired, SubjectKind::Lock, "number of acquisitions"),
    measure("rate", Metric::Rate, SubjectKind::Rated, "acquisitions, additions, items taken or tasks done per second"),
    measure(
        "wait-p50",
        Metric::Wait(Quantile::Median),
        SubjectKind::LockOrQueue,
        "for a lock: median wait of acquisitions that had to wait; for a queue with priorities: median stay of the \
         items that were taken",
    ),
    measure("wait-p99", Metric::Wait(Quantile::P99), SubjectKind::LockOrQueue, "99th percentile of these times"),
    measure(
        "wait-max",
        Metric::Wait(Quantile::Max),
        SubjectKind::LockOrQueue,
        "longest of these times, including waits that have not ended, and items still in the queue",
    ),
    measure(
        "latency-p50",
        Metric::Latency(Quantile::Median),
        SubjectKind::Pool,
        "median time from when a task is due to its result",
    ),
    measure("latency-p99", Metric::Latency(Quantile::P99), SubjectKind::Pool, "99th percentile of this time"),
    measure("latency-max", Metric::Latency(Quantile::Max), SubjectKind::Pool, "longest such time"),
    measure("ended", Metric::Ended, SubjectKind::PoolOrGroup, "time from the start until its last worker ended"),
    measure("elapsed", Metric::Elapsed, SubjectKind::Run, "time until the run ended by itself"),
    measure("woken", Metric::Woken, SubjectKind::Signal, "workers woken by each signal that woke any"),
    measure(
        "startup",
        Metric::Startup,
        SubjectKind::PoolOrGroup,
        "median time from a spawn until the worker runs; for a pool, from when a task is due until it begins",
    ),
    measure("lives", Metric::Lives, SubjectKind::PoolOrGroup, "number of workers started"),
    measure("lanes", Metric::Lanes, SubjectKind::PoolOrGroup, "most workers at once"),
    measure("cut-off", Metric::CutOff, SubjectKind::PoolOrGroup, "workers cut off at the end of the run"),
    measure("processes", Metric::Processes, SubjectKind::PoolOrGroup, "number of processes they run in"),
    measure("threads", Metric::Threads, SubjectKind::PoolOrGroup, "number of threads they run in"),
];
