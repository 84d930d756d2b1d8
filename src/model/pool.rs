//! One pool.

use crate::trace::{Span, Stamp};

use super::times::Times;

/// Time a pool's workers spent on passing tasks between processes, beside the time they worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handover {
    pub handover_ns: u64,
    pub work_ns: u64,
}

#[derive(Debug, Clone)]
pub struct Pool {
    size: u32,
    total: Option<u64>,
    submitted: u64,
    done: u64,
    failed: u64,
    rejected: u64,
    retried: u64,
    service: Times,
    response: Times,
    waited: Times,
}

impl Pool {
    pub(super) fn new(size: u32, total: Option<u64>) -> Self {
        Self {
            size,
            total,
            submitted: 0,
            done: 0,
            failed: 0,
            rejected: 0,
            retried: 0,
            service: Times::new(2),
            response: Times::new(2),
            waited: Times::new(2),
        }
    }

    pub fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Tasks that ended well.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Tasks that ended with a failure.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Tasks turned away because the queue was full.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Tasks put back because their worker died.
    pub fn retried(&self) -> u64 {
        self.retried
    }

    /// How many tasks there will be, when that is known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many workers it has now.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Tasks ended a second over the last `over`.
    pub fn throughput(&self, _over: Span, _now: Stamp) -> f64 {
        0.0
    }

    /// From begin to end of a task.
    pub fn service(&self) -> &Times {
        &self.service
    }

    /// From the intended start to the end of a task.
    pub fn response(&self) -> &Times {
        &self.response
    }

    /// From the intended start to the begin of a task.
    pub fn waited(&self) -> &Times {
        &self.waited
    }

    /// Share of its workers' time that was spent on tasks, 0 to 1.
    pub fn utilization(&self, _from: Stamp, _to: Stamp, _now: Stamp) -> f64 {
        0.0
    }

    /// Whole run.
    pub fn handover(&self, _now: Stamp) -> Handover {
        Handover::default()
    }
}
