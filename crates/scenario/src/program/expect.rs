//! Expectations: what a run must show.

use serde::{Deserialize, Serialize};

use super::formula::{FigureFormula, FigureSource, FigureTerm};
use super::step::Compare;
use contend_trace::KnobId;

/// An expectation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// The expectation in words, for reports.
    pub text: String,
    /// The expectation applies only to runs with these values of knobs.
    pub when: Vec<(KnobId, f64)>,
    pub claim: Claim,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Claim {
    /// A deadlock is found, within this many nanoseconds if given.
    Deadlock {
        within: Option<f64>,
    },
    NoDeadlock,
    /// The run has the finding with this id, or does not have it.
    Finding {
        id: String,
        is_expected: bool,
    },
    Measure {
        metric: Metric,
        subject: MetricSubject,
        compare: Compare,
        /// The bound; a ratio if there is a baseline.
        value: f64,
        baseline: Option<Baseline>,
    },
    /// A condition over figures.
    Formula(FigureFormula),
    /// A claim that only workers on several cores at once can show: without them, a run that does not show it does not
    /// refute it either.
    OnCores {
        needs: NeededCores,
        claim: Box<Self>,
    },
}

/// The cores on which workers must run at once for a claim to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededCores {
    pub count: u32,
    /// Two threads of one physical core count as one: they share its caches.
    pub are_physical: bool,
}

/// Findings that do not depend on the speed of a run.
const TIMING_INDEPENDENT: [&str; 9] = [
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
    /// Returns the claim itself, without what it needs of the machine.
    pub fn bare(&self) -> &Self {
        match self {
            Self::OnCores { claim, .. } => claim.bare(),
            claim => claim,
        }
    }

    /// Returns the cores on which its workers must run at once to show it, if that matters.
    pub const fn needed_cores(&self) -> Option<NeededCores> {
        match self {
            Self::OnCores { needs, .. } => Some(*needs),
            _ => None,
        }
    }

    /// Whether it depends on speed, time or scheduling, and so on the cores that other programs use. Exact values and
    /// mere counts do not depend on the machine.
    pub fn needs_cores(&self) -> bool {
        match self {
            Self::Deadlock { .. } | Self::NoDeadlock => false,
            Self::Finding { id, .. } => !TIMING_INDEPENDENT.contains(&id.as_str()),
            Self::Measure { metric, compare, .. } => *compare != Compare::Equals && metric.needs_cores(),
            Self::Formula(formula) => formula.needs_cores(),
            Self::OnCores { .. } => true,
        }
    }
}

/// What a measure is compared with: `value` is a ratio to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Baseline {
    /// The same measure of another subject in the same run.
    SameRun(MetricSubject),
    /// The same measure in another run, with these knobs set as well.
    OtherRun(Vec<(KnobId, f64)>),
}

impl Expect {
    /// Returns the knobs of each run that it needs: its own, the one of its baseline, those that its formula names.
    pub fn runs(&self) -> Vec<Vec<(KnobId, f64)>> {
        match self.claim.bare() {
            Claim::Measure { baseline: Some(Baseline::OtherRun(set)), .. } => {
                vec![self.when.clone(), self.run_with(set)]
            }
            Claim::Formula(formula) => {
                let mut runs = Vec::new();
                for term in formula.terms.iter().filter(|term| !matches!(term.source, FigureSource::Knob(_))) {
                    let run = self.run_of(term);
                    if !runs.contains(&run) {
                        runs.push(run);
                    }
                }
                runs
            }
            Claim::Deadlock { .. }
            | Claim::NoDeadlock
            | Claim::Finding { .. }
            | Claim::Measure { .. }
            | Claim::OnCores { .. } => {
                vec![self.when.clone()]
            }
        }
    }

    /// Whether its own run alone does not decide it.
    pub fn compares_runs(&self) -> bool {
        self.runs() != [self.when.as_slice()]
    }

    /// Returns the knobs of the run in which a figure of its formula is measured.
    pub fn run_of(&self, term: &FigureTerm) -> Vec<(KnobId, f64)> {
        self.run_with(&term.settings)
    }

    fn run_with(&self, set: &[(KnobId, f64)]) -> Vec<(KnobId, f64)> {
        let kept = self.when.iter().filter(|(knob, _)| !set.iter().any(|(turned, _)| turned == knob));
        kept.chain(set).copied().collect()
    }
}

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
