//! What a run must show.

use serde::{Deserialize, Serialize};

use super::step::Compare;
use contend_trace::KnobId;

/// What a run must show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// As written, for messages.
    pub text: String,
    /// Only when all these knobs stand at these values.
    pub when: Vec<(KnobId, f64)>,
    pub claim: Claim,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Claim {
    /// A deadlock is found before this many nanoseconds (or ever).
    Deadlock {
        within: Option<f64>,
    },
    NoDeadlock,
    /// A finding with this id is made (or is not).
    Finding {
        id: String,
        seen: bool,
    },
    Measure {
        metric: Metric,
        of: Subject,
        compare: Compare,
        /// What it is compared with; a factor when there is something to multiply.
        value: f64,
        times: Option<Times>,
    },
}

/// Findings that are facts whatever the speed of a run.
const FACTS: [&str; 9] = [
    "deadlock",
    "livelock",
    "stall",
    "lost-wakeup",
    "lost-update",
    "crashed",
    "unseen-failures",
    "orphaned-lock",
    "order-hazard",
];

impl Claim {
    /// Whether it is about speed, time or who runs when, which other programs change when they take the cores of a run.
    /// Exact values and mere counts of what happened are facts on any machine.
    pub fn needs_cores(&self) -> bool {
        match self {
            Self::Deadlock { .. } | Self::NoDeadlock => false,
            Self::Finding { id, .. } => !FACTS.contains(&id.as_str()),
            Self::Measure { metric, compare, .. } => *compare != Compare::Equals && metric.needs_cores(),
        }
    }
}

/// What a measure is compared with, `value` times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Times {
    /// The same measure of something else in the same run.
    Of(Subject),
    /// The same measure in a run with these knobs turned as well.
    With(Vec<(KnobId, f64)>),
}

impl Expect {
    /// The knobs of the run that this one is compared with, if it is.
    pub fn other(&self) -> Option<Vec<(KnobId, f64)>> {
        let Claim::Measure { times: Some(Times::With(set)), .. } = &self.claim else { return None };
        let kept = self.when.iter().filter(|(knob, _)| !set.iter().any(|(turned, _)| turned == knob));
        Some(kept.chain(set).copied().collect())
    }
}

/// Whom a measure is about: positions in the scenario's tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// The first resource of this declaration.
    Resource(usize),
    Pool(usize),
    /// All workers of this group together.
    Workers(usize),
    /// All workers.
    All,
}

/// What can be measured. Shares are 0 to 1, times nanoseconds.
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
    /// Copies of a private counter that processes have beside their parent's.
    Copies,
    /// Tasks a pool did, failed, did a second time.
    Done,
    Failed,
    Retried,
    Rejected,
    /// Tasks of a pool that were called off, that one worker took from another, whose failure nobody will look at.
    Cancelled,
    Stolen,
    Unseen,
    /// Results of a pool's tasks that nobody has read.
    Unread,
    /// Most results that were there at once and that nobody had read.
    HeldBack,
    /// How many times as long as the first result took to be there the first one took to be read.
    FirstResult,
    /// Share of the time in which someone had the lock.
    Held,
    /// Share of the attempts at a lock that ended without it.
    GaveUp,
    /// Share of a pool's workers' time spent on tasks.
    Utilization,
    /// How many of a pool's tasks were done at once, or how many workers of a group ran at once, on average.
    Parallel,
    /// How many times as long as the median task itself the median wait for its result was.
    Slowdown,
    /// The same of the slowest task in a hundred, and of the slowest wait in a hundred.
    Tail,
    /// Longest a queue has been, or a pool's queue, in items.
    Depth,
    /// Items taken from a queue.
    Taken,
    /// Workers woken by each signal that woke any.
    Woken,
    /// From asking for a worker of a group to its first moment, the median; of a pool, from when a task is due to its begin.
    Startup,
    /// Lives that the workers of a group began.
    Lives,
    /// Workers of a group that were needed at once: lanes that ever were in use.
    Lanes,
    /// Workers of a group that were cut off.
    CutOff,
    /// Processes, and threads, that the workers of a group run in.
    Processes,
    Threads,
    /// Share of the workers' time in a state.
    Share(contend_trace::State),
    /// How many times a lock was taken.
    Acquired,
    /// What happened a second: a lock taken, a task done, an item taken, a counter added to.
    Rate,
    /// How long those who had to wait for a lock waited.
    Wait(Part),
    /// From when a task was due to when its result was there.
    Latency(Part),
    /// When the last of a group came to its end.
    Ended,
    /// How long the run went on until it ended by itself.
    Elapsed,
}

/// Which of many durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Half are no longer.
    Median,
    /// One of a hundred is longer.
    Tail,
    Longest,
}

impl Metric {
    /// Whether it changes with the cores that a run gets.
    const fn needs_cores(self) -> bool {
        !matches!(
            self,
            Self::Value
                | Self::Lost
                | Self::Copies
                | Self::Failed
                | Self::Retried
                | Self::Cancelled
                | Self::Stolen
                | Self::Unseen
                | Self::Unread
                | Self::HeldBack
                | Self::Lives
                | Self::Lanes
                | Self::CutOff
                | Self::Processes
                | Self::Threads
        )
    }

    /// Whether it is a part of something: 0 to 1, written `50%`.
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
