//! Workers whose processes died while they waited for a signal.

use super::recorder::Recorder;
use super::run::Run;
use super::shared::waiters::Waiters;
use contend_trace::{EventKind, State, WorkerId};

/// Removes a dead worker from the waiters of a signal and records that in its place: else the next signal would go to it.
pub fn bury_waiter(run: &'static Run, worker: WorkerId, pen: &mut Recorder<'_>) {
    let told = run.board.ring(worker).standing().map_or_else(Vec::new, |standing| standing.events());
    for event in told {
        if let EventKind::Block { state: State::Signal, on: Some(id) } = event
            && run.plan.cast.signals().any(|signal| signal == id)
        {
            Waiters { id, monitor: run.monitor(id) }.bury_one(pen);
        }
    }
}
