//! Polls in a row that fail: a worker checks something shared again and again and does nothing in between.

use super::StepRunner;
use contend_trace::{EventKind, POLLS_PER_EVENT, ResourceId, Span};

/// The number of failed polls in a row.
#[derive(Debug, Default)]
pub struct FailedPolls {
    count: u64,
    /// When the first of them was, in ticks.
    first_at: u64,
}

impl StepRunner {
    /// Notes that a poll follows.
    pub fn begin_polling(&mut self) {
        if self.failed_polls.count == 0 {
            self.failed_polls.first_at = self.recorder.now();
        }
    }

    /// Counts a failed poll. One event covers many polls, because a poll takes less time than recording it.
    pub fn count_failed_poll(&mut self, on: ResourceId) {
        self.begin_polling();
        self.failed_polls.count += 1;
        if self.failed_polls.count == POLLS_PER_EVENT {
            let at = self.recorder.now();
            let lasted = Span(self.run.nanos_between(self.failed_polls.first_at, at));
            self.recorder.write(at, EventKind::Polled { on, lasted });
            self.failed_polls.count = 0;
        }
    }

    /// Resets the count: the worker does something, or waits without a CPU.
    pub const fn end_polling(&mut self) {
        self.failed_polls.count = 0;
    }

    /// Counts an attempt, or resets the count if the attempt succeeded.
    pub fn record_poll(&mut self, succeeded: bool, on: ResourceId) {
        if succeeded {
            self.end_polling();
        } else {
            self.count_failed_poll(on);
        }
    }
}
