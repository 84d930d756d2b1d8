//! Steps that pass items, bytes and results from one worker to another.

use super::HappensBefore;
use super::order_step::StepOutcome;
use super::resource_flow::ResourceFlow;
use contend_trace::{ResourceId, WorkerId};

/// Workers hardly ever wait for room in a queue with a larger capacity.
const MAX_TRACKED_CAPACITY: u64 = 64;

impl HappensBefore {
    pub(super) fn record_put(&mut self, w: WorkerId, on: ResourceId, nth: u32) -> StepOutcome {
        let Some(ResourceFlow::Queue { items, room, capacity }) = self.flows.get_mut(on.index()) else {
            return Ok(None);
        };
        // Without room, numbers do not tell which worker took the item of which.
        if *capacity == 0 {
            self.mark_incomplete();
            return Ok(None);
        }
        let nth = items.unwrap_number(nth);
        if let Some(freed) = nth.checked_sub(*capacity).filter(|freed| *freed > 0 && *capacity <= MAX_TRACKED_CAPACITY)
        {
            let clock = room.take(freed).ok_or(on)?;
            self.tracks[w.index()].clock.join(&clock);
        }
        items.supply(nth, &self.tracks[w.index()].clock);
        Ok(Some(on))
    }

    pub(super) fn try_take(&mut self, w: WorkerId, on: ResourceId, nth: u32) -> StepOutcome {
        let Some(ResourceFlow::Queue { items, room, capacity }) = self.flows.get_mut(on.index()) else {
            return Ok(None);
        };
        if *capacity == 0 {
            return Ok(None);
        }
        let nth = items.unwrap_number(nth);
        let clock = items.take(nth).ok_or(on)?;
        self.tracks[w.index()].clock.join(&clock);
        if *capacity > MAX_TRACKED_CAPACITY {
            return Ok(None);
        }
        room.supply(nth, &self.tracks[w.index()].clock);
        Ok(Some(on))
    }

    pub(super) fn release_bytes(&mut self, w: WorkerId, on: ResourceId, bytes: u32) -> Option<ResourceId> {
        let Some(ResourceFlow::Pipe { sent, .. }) = self.flows.get_mut(on.index()) else { return None };
        sent.release(u64::from(bytes), &self.tracks[w.index()].clock);
        Some(on)
    }

    pub(super) fn try_receive(&mut self, w: WorkerId, on: ResourceId, bytes: u32) -> StepOutcome {
        let Some(ResourceFlow::Pipe { sent, received }) = self.flows.get_mut(on.index()) else { return Ok(None) };
        let all = received.saturating_add(u64::from(bytes));
        let clock = sent.clock_of_first(all).ok_or(on)?;
        *received = all;
        self.join_clock(w, &clock);
        Ok(None)
    }

    pub(super) fn try_take_numbered(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> StepOutcome {
        let Some(ResourceFlow::Results(items)) = self.flows.get_mut(on.index()) else { return Ok(None) };
        let clock = items.take(items.unwrap_number(nth as u32)).ok_or(on)?;
        self.join_clock(w, &clock);
        Ok(None)
    }
}
