//! Use of a lock between two moments, hold by hold.

use super::lock::Hold;
use super::{DurationStats, LockSums, Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

/// What happened before an acquisition is no longer kept.
struct NotKept;

impl Model {
    /// Returns the use of a lock between two moments: the acquisitions, the waits that ended with them, and the holds
    /// that ended. `None` if its holds, or the waits of its users, are no longer
    /// kept one by one since then.
    pub fn lock_use_between(&self, id: ResourceId, from: Stamp, to: Stamp, now: Stamp) -> Option<LockSums> {
        let Some(ResourceState::Lock(lock)) = self.resources.get(id.index()).filter(|_| self.is_complete()) else {
            return None;
        };
        let mut seen = LockSums {
            acquired: 0,
            contended: 0,
            wait_times: DurationStats::from_spans([]),
            hold_times: DurationStats::from_spans([]),
            acquired_by: Vec::new(),
        };
        for Hold { worker, from: taken, to: released, is_open, .. } in lock.holds_since(from, now)? {
            if (from..to).contains(&taken) {
                seen.count_acquired(worker);
                if let Some(waited) = self.wait_before(worker, id, taken).ok()? {
                    seen.contended += 1;
                    seen.wait_times.record(waited);
                }
            }
            if !is_open && (from..to).contains(&released) {
                seen.hold_times.record(released.span_since(taken));
            }
        }
        Some(seen)
    }

    /// Returns how long a worker waited for a lock that it took at `taken`; `None` if it did not.
    fn wait_before(&self, worker: WorkerId, id: ResourceId, taken: Stamp) -> Result<Option<Span>, NotKept> {
        let lane = self.lanes.get(worker.index()).ok_or(NotKept)?;
        let Some(before) = taken.0.checked_sub(1).map(Stamp) else { return Ok(None) };
        if !lane.is_exact_at(before) {
            return Err(NotKept);
        }
        let waits = |state: State| matches!(state, State::Lock | State::Ready);
        let Some(last) = lane.spans(before, taken).last() else { return Ok(None) };
        if last.resource != Some(id) || !waits(last.state) {
            return Ok(None);
        }
        if last.state == State::Lock || last.since.0 == 0 {
            return Ok(Some(taken.span_since(last.since)));
        }
        // A task was ready before it took the lock: the wait began before that.
        let earlier = lane.spans(Stamp(last.since.0 - 1), last.since).next();
        let began = earlier.filter(|span| span.state == State::Lock).map_or(last.since, |span| span.since);
        Ok(Some(taken.span_since(began)))
    }
}
