//! The lives of one worker that others spawn or join.

use super::times::Times;
use contend_trace::{Span, WorkerId};

#[derive(Debug, Clone)]
pub struct Life {
    of: WorkerId,
    /// The highest number of a life that somebody is known to have asked for.
    asked: u64,
    /// Who asked for the newest life that is known to have begun.
    by: Option<WorkerId>,
    /// From asking for a life to its first moment.
    starts: Times,
    /// The same when the settings were changed.
    before: Option<Box<Times>>,
}

impl Life {
    pub(super) fn new(of: WorkerId, digits: u8) -> Self {
        Self { of, asked: 0, by: None, starts: Times::new(digits), before: None }
    }

    pub(super) fn ask(&mut self, nth: u64) {
        self.asked = self.asked.max(nth);
    }

    pub(super) fn begin(&mut self, by: WorkerId, after: Span) {
        self.by = Some(by);
        self.starts.record(after);
    }

    /// Figures of the present settings begin now.
    pub(super) fn note_figures(&mut self) {
        self.before = Some(Box::new(self.starts.clone()));
    }

    /// As [`Life::starts`], of those lives alone that began since the settings were changed.
    pub fn recent_starts(&self) -> Times {
        self.before.as_ref().map_or_else(|| self.starts.clone(), |before| self.starts.since(before))
    }

    /// Whose they are.
    pub fn of(&self) -> WorkerId {
        self.of
    }

    /// How many were asked for.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Who spawned it last.
    pub fn by(&self) -> Option<WorkerId> {
        self.by
    }

    /// From being asked for to the first moment, of each life that was spawned.
    pub fn starts(&self) -> &Times {
        &self.starts
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.starts.bytes() + self.before.as_ref().map_or(0, |before| before.bytes())
    }
}
