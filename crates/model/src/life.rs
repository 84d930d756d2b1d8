//! The lives of one worker that others spawn or join.

use super::duration_stats::DurationStats;
use contend_trace::{Span, WorkerId};

#[derive(Debug, Clone)]
pub struct Life {
    worker: WorkerId,
    /// The highest number of a life that somebody is known to have asked for.
    spawn_requests: u64,
    /// Who asked for the newest life that is known to have begun.
    spawner: Option<WorkerId>,
    /// From asking for a life to its first moment.
    start_delays: DurationStats,
    /// The same when the settings were changed.
    baseline: Option<Box<DurationStats>>,
}

impl Life {
    pub(super) fn new(of: WorkerId, digits: u8) -> Self {
        Self { worker: of, spawn_requests: 0, spawner: None, start_delays: DurationStats::new(digits), baseline: None }
    }

    pub(super) fn record_request(&mut self, nth: u64) {
        self.spawn_requests = self.spawn_requests.max(nth);
    }

    pub(super) fn record_start(&mut self, by: WorkerId, after: Span) {
        self.spawner = Some(by);
        self.start_delays.record(after);
    }

    /// Figures of the present settings begin now.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = Some(Box::new(self.start_delays.clone()));
    }

    /// As [`Life::start_delays`], of those lives alone that began since the settings were changed.
    pub fn recent_start_delays(&self) -> DurationStats {
        self.baseline
            .as_ref()
            .map_or_else(|| self.start_delays.clone(), |before| self.start_delays.minus_earlier(before))
    }

    /// Whose they are.
    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    /// How many were asked for.
    pub fn spawn_requests(&self) -> u64 {
        self.spawn_requests
    }

    /// Who spawned it last.
    pub fn spawner(&self) -> Option<WorkerId> {
        self.spawner
    }

    /// From being asked for to the first moment, of each life that was spawned.
    pub fn start_delays(&self) -> &DurationStats {
        &self.start_delays
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.start_delays.heap_bytes() + self.baseline.as_ref().map_or(0, |before| before.heap_bytes())
    }
}
