//! Looks that lead to nothing: how often a worker asks in a row, and does nothing in between.

use crate::step_runner::StepRunner;
use contend_scenario::{LoopStep, QueueStep, Step};
use contend_trace::{EventKind, POLLS_PER_EVENT, ResourceId, Span};

/// Looks in a row that led to nothing.
#[derive(Debug, Default)]
pub struct FailedPolls {
    count: u64,
    /// When the first of them was, in ticks.
    first_at: u64,
}

impl StepRunner {
    /// The worker looked at something shared and did not get on by it. Told once for many: one look takes less time than
    /// telling of it.
    pub(crate) fn count_failed_poll(&mut self, on: ResourceId) {
        if self.failed_polls.count == 0 {
            self.failed_polls.first_at = self.recorder.now();
        }
        self.failed_polls.count += 1;
        if self.failed_polls.count == POLLS_PER_EVENT {
            let at = self.recorder.now();
            let lasted = Span(self.run.nanos_between(self.failed_polls.first_at, at));
            self.recorder.write(at, EventKind::Polled { on, lasted });
            self.failed_polls.count = 0;
        }
    }

    /// The worker does something, or waits without a CPU.
    pub(crate) const fn end_polling(&mut self) {
        self.failed_polls.count = 0;
    }

    /// The worker tried something, and either got it or only looked.
    pub(crate) fn record_poll(&mut self, got: bool, on: ResourceId) {
        if got {
            self.end_polling();
        } else {
            self.count_failed_poll(on);
        }
    }

    /// A step that does nothing itself, or may do nothing, leaves the count as it is.
    pub(crate) const fn end_polling_before(&mut self, step: &Step) {
        let leads_on = matches!(
            step,
            Step::If { .. }
                | Step::While { .. }
                | Step::Repeat { .. }
                | Step::Forever(_)
                | Step::When { .. }
                | Step::Choose(_)
                | Step::TryLock { .. }
                | Step::Queue(QueueStep::TryPut { .. } | QueueStep::TryTake { .. })
                | Step::Loop(LoopStep::Yield)
        );
        if !leads_on {
            self.end_polling();
        }
    }
}
