//! Steps at conditions, event flags, barriers and wait groups.

use super::HappensBefore;
use super::order_step::StepOutcome;
use super::resource_flow::ResourceFlow;
use contend_trace::{ResourceId, WorkerId};

impl HappensBefore {
    pub(super) fn record_signal(&mut self, w: WorkerId, on: ResourceId, woken: u32) -> StepOutcome {
        let clock = &mut self.tracks[w.index()].clock;
        match self.flows.get_mut(on.index()) {
            Some(ResourceFlow::Barrier(rounds)) => *clock = rounds.complete(woken, clock).ok_or(on)?,
            Some(ResourceFlow::Signals { woken: wakeups, sent }) => {
                sent.release(1, clock);
                wakeups.release(u64::from(woken), clock);
            }
            Some(ResourceFlow::Group { woken: wakeups, sent, changes }) => {
                sent.release(1, changes.clock());
                wakeups.release(u64::from(woken), changes.clock());
            }
            _ => return Ok(None),
        }
        Ok(Some(on))
    }

    /// Changes the count of a wait group, after all earlier changes: a worker that waited for 0 comes after all of
    /// them.
    pub(super) fn count_group(&mut self, w: WorkerId, on: ResourceId, nth: u32) -> StepOutcome {
        let Some(ResourceFlow::Group { changes, .. }) = self.flows.get_mut(on.index()) else { return Ok(None) };
        changes.try_change(nth, &self.tracks[w.index()].clock).ok_or(on)?;
        Ok(Some(on))
    }

    pub(super) fn try_wakeup(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> StepOutcome {
        let clock = match self.flows.get(on.index()) {
            Some(ResourceFlow::Barrier(rounds)) => rounds.completed.clock_of_first(nth).ok_or(on)?,
            Some(ResourceFlow::Signals { woken, .. } | ResourceFlow::Group { woken, .. }) => {
                woken.clock_of_first(nth).ok_or(on)?
            }
            _ => return Ok(None),
        };
        self.join_clock(w, &clock);
        Ok(None)
    }

    /// Goes past an event flag that was set by the first `nth` signals, or a wait group that they brought to 0.
    pub(super) fn try_flag(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> StepOutcome {
        let clock = match self.flows.get(on.index()) {
            Some(ResourceFlow::Signals { sent, .. } | ResourceFlow::Group { sent, .. }) => {
                sent.clock_of_first(nth).ok_or(on)?
            }
            _ => return Ok(None),
        };
        self.join_clock(w, &clock);
        Ok(None)
    }

    /// Arrives at a barrier, unless the worker may still give up: whether it took part in the round is known once it
    /// is woken.
    pub(super) fn arrive_at_barrier(&mut self, w: WorkerId, on: ResourceId) -> Option<ResourceId> {
        if self.tracks[w.index()].timed_barrier == Some(on) {
            return None;
        }
        let Some(ResourceFlow::Barrier(rounds)) = self.flows.get_mut(on.index()) else { return None };
        rounds.arrive(&self.tracks[w.index()].clock);
        Some(on)
    }

    pub(super) fn arrive_late(&mut self, w: WorkerId, on: ResourceId) -> Option<ResourceId> {
        self.tracks[w.index()].timed_barrier.take().filter(|timed| *timed == on)?;
        self.arrive_at_barrier(w, on)
    }
}
