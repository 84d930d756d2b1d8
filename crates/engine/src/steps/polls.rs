//! Looks that lead to nothing: how often a worker asks in a row, and does nothing in between.

use crate::actor::Actor;
use contend_scenario::{LoopStep, QueueStep, Step};
use contend_trace::{EventKind, POLLS, ResourceId, Span};

/// Looks in a row that led to nothing.
#[derive(Debug, Default)]
pub struct Polls {
    count: u64,
    /// When the first of them was, in ticks.
    since: u64,
}

impl Actor {
    /// The worker looked at something shared and did not get on by it. Told once for many: one look takes less time than
    /// telling of it.
    pub(crate) fn looked(&mut self, on: ResourceId) {
        if self.polls.count == 0 {
            self.polls.since = self.pen.now();
        }
        self.polls.count += 1;
        if self.polls.count == POLLS {
            let at = self.pen.now();
            let lasted = Span(self.run.nanos(self.polls.since, at));
            self.pen.write(at, EventKind::Polled { on, lasted });
            self.polls.count = 0;
        }
    }

    /// The worker does something, or waits without a CPU.
    pub(crate) const fn gets_on(&mut self) {
        self.polls.count = 0;
    }

    /// The worker tried something, and either got it or only looked.
    pub(crate) fn got_on(&mut self, got: bool, on: ResourceId) {
        if got {
            self.gets_on();
        } else {
            self.looked(on);
        }
    }

    /// A step that does nothing itself, or may do nothing, leaves the count as it is.
    pub(crate) const fn count_polls_over(&mut self, step: &Step) {
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
            self.gets_on();
        }
    }
}
