//! Use of a lock between two moments, hold by hold.

use super::lock::Hold;
use super::{DurationStats, Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

/// The use of a lock between two moments.
#[derive(Debug, Clone)]
pub struct LockUseBetween {
    /// Acquisitions in the interval, and those that had to wait.
    pub acquired: u64,
    pub contended: u64,
    /// The waits that ended with one of these acquisitions.
    pub waits: DurationStats,
    /// The holds that ended in the interval.
    pub holds: DurationStats,
}

/// What happened before an acquisition is no longer kept.
struct NotKept;

impl Model {
    /// Returns the use of a lock between two moments. `None` if its holds, or the waits of its users, are no longer
    /// kept one by one since then.
    pub fn lock_use_between(&self, id: ResourceId, from: Stamp, to: Stamp, now: Stamp) -> Option<LockUseBetween> {
        let Some(ResourceState::Lock(lock)) = self.resources.get(id.index()).filter(|_| self.is_complete()) else {
            return None;
        };
        let mut seen = LockUseBetween {
            acquired: 0,
            contended: 0,
            waits: DurationStats::from_spans([]),
            holds: DurationStats::from_spans([]),
        };
        for Hold { worker, from: taken, to: released, is_open, .. } in lock.holds_since(from, now)? {
            if (from..to).contains(&taken) {
                seen.acquired += 1;
                if let Some(waited) = self.wait_before(worker, id, taken).ok()? {
                    seen.contended += 1;
                    seen.waits.record(waited);
                }
            }
            if !is_open && (from..to).contains(&released) {
                seen.holds.record(released.span_since(taken));
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
