//! Figures of a pool since the last change of settings.

use super::{HandoverTime, Pool};
use crate::duration_stats::DurationStats;
use contend_trace::{Span, Stamp};

/// The number of tasks by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskCounts {
    pub submitted: u64,
    pub done: u64,
    pub failed: u64,
    pub rejected: u64,
    pub retried: u64,
    pub cancelled: u64,
    pub lost: u64,
    pub unread_failures: u64,
    pub stolen: u64,
    pub helped: u64,
}

impl TaskCounts {
    pub(crate) fn minus_earlier(self, then: Self) -> Self {
        Self {
            submitted: self.submitted.saturating_sub(then.submitted),
            done: self.done.saturating_sub(then.done),
            failed: self.failed.saturating_sub(then.failed),
            rejected: self.rejected.saturating_sub(then.rejected),
            retried: self.retried.saturating_sub(then.retried),
            cancelled: self.cancelled.saturating_sub(then.cancelled),
            lost: self.lost.saturating_sub(then.lost),
            unread_failures: self.unread_failures.saturating_sub(then.unread_failures),
            stolen: self.stolen.saturating_sub(then.stolen),
            helped: self.helped.saturating_sub(then.helped),
        }
    }
}

/// Figures of the present settings: those of the whole run if nothing was changed.
#[derive(Debug, Clone, Copy)]
pub struct RecentTasks<'a> {
    pub counts: TaskCounts,
    /// From start to end, of tasks that were due under the present settings; likewise below.
    pub service_times: &'a DurationStats,
    /// From the intended start to the end.
    pub response_times: &'a DurationStats,
    /// From the intended start to the start.
    pub wait_times: &'a DurationStats,
}

/// The figures since the last change of settings, and the counts before it.
#[derive(Debug, Clone)]
pub(super) struct PoolBaseline {
    /// Tasks that were due before this moment do not count for the durations.
    counts_from: Stamp,
    counts: TaskCounts,
    handover: HandoverTime,
    service_times: DurationStats,
    response_times: DurationStats,
    wait_times: DurationStats,
    /// The tasks that waited at the change, until they are worked off.
    inherited_tasks: Option<u32>,
}

impl PoolBaseline {
    pub(super) fn record_begin(&mut self, at: Stamp, waited: Span) {
        if at.earlier_by(waited) >= self.counts_from {
            self.wait_times.record(waited);
        }
    }

    pub(super) fn record_end(&mut self, at: Stamp, (service, waited): (Span, Span)) {
        if at.earlier_by(service + waited) >= self.counts_from {
            self.service_times.record(service);
            self.response_times.record(service + waited);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.service_times.heap_bytes()
            + self.response_times.heap_bytes()
            + self.wait_times.heap_bytes()
    }
}

impl Pool {
    /// Returns the counts of the whole run.
    pub fn task_counts(&self) -> TaskCounts {
        TaskCounts {
            submitted: self.submitted,
            done: self.done,
            failed: self.failed,
            rejected: self.rejected,
            retried: self.retried,
            cancelled: self.cancelled,
            lost: self.lost(),
            unread_failures: self.unread_failures(),
            stolen: self.stolen,
            helped: self.helped,
        }
    }

    /// Returns the figures of the present settings. Tasks that were due before do not count for the durations.
    pub fn recent_tasks(&self) -> RecentTasks<'_> {
        match &self.baseline {
            None => RecentTasks {
                counts: self.task_counts(),
                service_times: &self.service_times,
                response_times: &self.response_times,
                wait_times: &self.wait_times,
            },
            Some(since) => RecentTasks {
                counts: self.task_counts().minus_earlier(since.counts),
                service_times: &since.service_times,
                response_times: &since.response_times,
                wait_times: &since.wait_times,
            },
        }
    }

    /// Begins the figures of the present settings at `from`, with `depth` tasks in the queue.
    pub(crate) fn set_baseline(&mut self, from: Stamp, depth: u32) {
        let times = || DurationStats::new(self.service_times.digits());
        self.baseline = Some(Box::new(PoolBaseline {
            counts_from: from,
            counts: self.task_counts(),
            handover: self.handover_time(from),
            service_times: times(),
            response_times: times(),
            wait_times: times(),
            inherited_tasks: (depth > self.worker_count()).then_some(depth),
        }));
    }

    /// Begins the figures of a period at `from`: of all tasks that end later, whenever they were due.
    pub(crate) fn begin_period(&mut self, from: Stamp) {
        self.set_baseline(from, 0);
        if let Some(since) = &mut self.baseline {
            since.counts_from = Stamp(0);
        }
    }

    /// Like [`Pool::handover_time`], since the last change of settings.
    pub fn recent_handover_time(&self, now: Stamp) -> HandoverTime {
        let (all, then) =
            (self.handover_time(now), self.baseline.as_ref().map_or(HandoverTime::default(), |since| since.handover));
        all.minus_earlier(then)
    }

    /// Returns how many tasks waited at the last change, until these and the tasks behind them are worked off.
    pub(crate) fn inherited_tasks(&self) -> Option<u32> {
        self.baseline.as_ref()?.inherited_tasks
    }

    /// Records that the tasks of former settings are done: from `at` on, durations are those of the present settings
    /// alone.
    pub(crate) fn end_backlog(&mut self, at: Stamp) {
        if let Some(since) = &mut self.baseline {
            let times = || DurationStats::new(since.service_times.digits());
            (since.service_times, since.response_times, since.wait_times) = (times(), times(), times());
            (since.counts_from, since.inherited_tasks) = (at, None);
        }
    }
}
