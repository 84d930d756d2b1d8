//! The lives of a worker that other workers spawn or join.

use super::duration_stats::DurationStats;
use contend_trace::{Span, WorkerId};

/// Spawns of one worker: how many were requested, and how long they took to start.
#[derive(Debug, Clone)]
pub struct Life {
    worker: WorkerId,
    /// The highest number of a life that a worker is known to have requested.
    spawn_requests: u64,
    /// The worker that requested the newest life that is known to have begun.
    spawner: Option<WorkerId>,
    /// Times from the request for a life to its begin.
    start_delays: DurationStats,
    /// `start_delays` at the last change of settings.
    baseline: Option<Box<DurationStats>>,
}

impl Life {
    pub(super) fn new(worker: WorkerId, digits: u8) -> Self {
        Self { worker, spawn_requests: 0, spawner: None, start_delays: DurationStats::new(digits), baseline: None }
    }

    pub(super) fn record_request(&mut self, nth: u64) {
        self.spawn_requests = self.spawn_requests.max(nth);
    }

    pub(super) fn record_start(&mut self, by: WorkerId, after: Span) {
        self.spawner = Some(by);
        self.start_delays.record(after);
    }

    /// Begins the figures of the present settings.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = Some(Box::new(self.start_delays.clone()));
    }

    /// Like [`Life::start_delays`], for lives that began since the last change of settings.
    pub fn recent_start_delays(&self) -> DurationStats {
        self.baseline
            .as_ref()
            .map_or_else(|| self.start_delays.clone(), |before| self.start_delays.minus_earlier(before))
    }

    /// Returns the worker whose lives these are.
    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    /// Returns how many lives were requested.
    pub fn spawn_requests(&self) -> u64 {
        self.spawn_requests
    }

    /// Returns the worker that requested the newest life.
    pub fn spawner(&self) -> Option<WorkerId> {
        self.spawner
    }

    /// Returns the times from the request to the begin of each spawned life.
    pub fn start_delays(&self) -> &DurationStats {
        &self.start_delays
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.start_delays.heap_bytes() + self.baseline.as_ref().map_or(0, |before| before.heap_bytes())
    }
}
