//! Totals of a pool: its tasks, workers and times over the whole run.

use super::{HandoverTime, Pool};
use crate::duration_stats::DurationStats;
use contend_trace::Stamp;

impl Pool {
    /// Returns the number of submitted tasks. A process that is killed while it puts a task may not record the put;
    /// then the number of the next task, or of this one when it is taken, shows that there was one more.
    pub fn submitted(&self) -> u64 {
        self.submitted.max((self.bypassed + self.highest_number).saturating_sub(self.retried))
    }

    /// Returns the number of tasks that succeeded.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Returns the number of tasks that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns the number of tasks that were rejected because the queue was full.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Returns the number of tasks that were put back because their worker died.
    pub fn retried(&self) -> u64 {
        self.retried
    }

    /// Returns the number of tasks that were cancelled before they began.
    pub fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// Returns the number of tasks that were begun or handed over and will never end.
    pub fn lost(&self) -> u64 {
        let cut_off = self.seats.iter().filter(|seat| seat.is_cut_off && seat.task_began.is_some()).count();
        self.lost + cut_off as u64
    }

    /// Returns the number of failures that no worker will read; a lower bound if tasks were cancelled or lost as well.
    pub fn unread_failures(&self) -> u64 {
        self.unread_failures.saturating_sub(self.cancelled + self.lost())
    }

    /// Returns the number of tasks that one worker stole from another.
    pub fn stolen(&self) -> u64 {
        self.stolen
    }

    /// Returns the number of tasks that workers ran while they waited for a result.
    pub fn helped(&self) -> u64 {
        self.helped
    }

    /// Returns the number of tasks that are in the queue or in progress, as far as is known.
    pub fn open_tasks(&self) -> u64 {
        let ended = self.done + self.failed + self.rejected + self.cancelled + self.lost();
        self.submitted().saturating_sub(ended)
    }

    /// Returns when the first task was submitted.
    pub fn first_task_at(&self) -> Option<Stamp> {
        self.first_task_at
    }

    /// Returns the number of tasks that will be submitted, if it is known.
    pub fn total_tasks(&self) -> Option<u64> {
        self.total
    }

    /// Returns the present number of workers.
    pub fn worker_count(&self) -> u32 {
        self.resized.1
    }

    /// Returns the times from the start to the end of each task.
    pub fn service_times(&self) -> &DurationStats {
        &self.service_times
    }

    /// Returns the times from the intended start to the end of each task.
    pub fn response_times(&self) -> &DurationStats {
        &self.response_times
    }

    /// Returns the times from the intended start to the start of each task.
    pub fn wait_times(&self) -> &DurationStats {
        &self.wait_times
    }

    /// Returns the handover time of the whole run up to `now`.
    pub fn handover_time(&self, now: Stamp) -> HandoverTime {
        let mut sum = self.handover;
        for seat in &self.seats {
            if let Some((since, is_handover)) = seat.time_use {
                sum.add_ns(is_handover, seat.died_at.unwrap_or(now).span_since(since).0);
            }
        }
        sum
    }
}
