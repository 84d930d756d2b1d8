//! Measures of a run, and what they measure.

use serde::{Deserialize, Serialize};

/// The subject of a measure: a position in one of the scenario's tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetricSubject {
    /// The first resource of this declaration.
    Resource(usize),
    Pool(usize),
    /// All workers of this group together.
    Workers(usize),
    /// All workers.
    All,
}

/// A measure. Shares are 0 to 1, times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Share of a lock's acquisitions that had to wait.
    Contended,
    /// Jain's index of a lock's acquisitions over its workers.
    Fairness,
    /// A counter's value.
    Value,
    /// Updates a counter lost, or tasks that a pool lost.
    Lost,
    /// Copies of a private counter that processes have, besides their parent's.
    Copies,
    /// Failed compare-and-sets of a counter for each that succeeded.
    Retries,
    /// Tasks of a pool that succeeded, failed, were restarted, were rejected.
    Done,
    Failed,
    Retried,
    Rejected,
    /// Tasks of a pool that were cancelled, that one worker took from another, whose failure will never be read.
    Cancelled,
    Stolen,
    Helped,
    UnreadFailures,
    /// Results of a pool's tasks that have not been read.
    Unread,
    /// Most unread results at once.
    MaxUnread,
    /// Time until the first result is read, divided by the time until it is ready.
    FirstResult,
    /// Share of the time during which a worker held the lock.
    Held,
    /// Share of the attempts at a lock, a queue or a signal that gave up.
    GaveUp,
    /// Share of a pool's workers' time spent on tasks.
    Utilization,
    /// Tasks of a pool in progress at once, or workers of a group on a CPU at once; the average.
    Parallel,
    /// Median wait for a result, divided by the median run time of a task.
    Slowdown,
    /// 99th percentile of the waits for a result, divided by the 99th percentile of the run times.
    Tail,
    /// Most items in a queue, or in a pool's queue, at once.
    Depth,
    /// Items taken from a queue.
    Taken,
    /// Workers woken by each signal that woke any.
    Woken,
    /// Median time from a spawn until the worker runs; for a pool, from when a task is due until it begins.
    Startup,
    /// Workers of a group that were started.
    Lives,
    /// Most workers of a group at once, that is, lanes that were ever in use.
    Lanes,
    /// Workers of a group that were cut off at the end of the run.
    CutOff,
    /// Processes and threads that the workers of a group run in.
    Processes,
    Threads,
    /// Share of the workers' time in a state.
    Share(contend_trace::State),
    /// Acquisitions of a lock.
    Acquired,
    /// Acquisitions, tasks done, items taken or additions per second.
    Rate,
    /// Wait of the acquisitions of a lock that had to wait.
    Wait(Quantile),
    /// Time from when a task is due to its result.
    Latency(Quantile),
    /// Time from the start until the last worker of a group ended.
    Ended,
    /// Time until the run ended by itself.
    Elapsed,
}

/// A quantile of many durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantile {
    /// Half of the durations are no longer.
    Median,
    /// One in a hundred is longer.
    P99,
    Max,
}

impl Metric {
    /// Whether it depends on the cores that a run gets.
    pub(super) const fn needs_cores(self) -> bool {
        !matches!(
            self,
            Self::Value
                | Self::Lost
                | Self::Copies
                | Self::Failed
                | Self::Retried
                | Self::Cancelled
                | Self::Stolen
                | Self::Helped
                | Self::UnreadFailures
                | Self::Unread
                | Self::MaxUnread
                | Self::Lives
                | Self::Lanes
                | Self::CutOff
                | Self::Processes
                | Self::Threads
        )
    }

    /// Whether it is a share: 0 to 1, written `50%`.
    pub const fn is_share(self) -> bool {
        matches!(
            self,
            Self::Contended | Self::Fairness | Self::Held | Self::GaveUp | Self::Utilization | Self::Share(_)
        )
    }

    /// Whether it is a duration, in nanoseconds.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Wait(_) | Self::Latency(_) | Self::Startup | Self::Ended | Self::Elapsed)
    }
}
