//! The figures of conditions, events, barriers, wait groups and latches.

use super::LaneFigures;
use crate::model::Model;
use crate::trace::ResourceId;

#[derive(Debug, Clone, Copy, Default)]
pub(in crate::tui) struct SignalFigures {
    /// Workers that wait at this moment.
    pub(in crate::tui) waiters: u64,
    /// The count of a wait group or a latch.
    pub(in crate::tui) count: Option<u32>,
    pub(in crate::tui) sent: u64,
    /// Signals that woke no worker.
    pub(in crate::tui) unused: u64,
    /// Workers that the signals woke.
    pub(in crate::tui) woken: u64,
    /// Waits that ended by themselves.
    pub(in crate::tui) gave_up: u64,
}

impl SignalFigures {
    /// Captures what counts from the beginning of the run.
    pub(super) fn capture_totals(model: &Model, id: ResourceId) -> Self {
        let Some(of) = model.signals(id) else { return Self::default() };
        Self {
            waiters: 0,
            count: of.count(),
            sent: of.sent(),
            unused: of.wasted(),
            woken: of.woken_workers(),
            gave_up: of.timeouts(),
        }
    }

    /// Adds the workers that wait, by what the lanes show.
    pub(super) fn with_waiters(self, id: ResourceId, lanes: &[Option<LaneFigures>]) -> Self {
        let waits = |lane: &&LaneFigures| lane.activity.is_some_and(|doing| doing.resource == Some(id));
        Self { waiters: lanes.iter().flatten().filter(waits).count() as u64, ..self }
    }
}
