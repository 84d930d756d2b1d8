//! Performs the steps of a worker; those at locks and lives here, all others in files of their own.

use super::HappensBefore;
use super::order_step::{OrderStep, StepOutcome};
use super::resource_flow::ResourceFlow;
use super::vector_clock::VectorClock;
use contend_trace::{EventKind, ResourceId, WorkerId};

impl HappensBefore {
    /// Performs a step and returns the resource that it supplied; `Err` with the resource that it needs if another
    /// worker's step has to come first.
    pub(super) fn try_step(&mut self, w: WorkerId, step: &OrderStep) -> StepOutcome {
        match step {
            OrderStep::Nested { lock, held, at } => {
                let clock = &mut self.tracks[w.index()].clock;
                let nth = clock.tick(w);
                let clock = clock.clone();
                self.orders.record_nested_acquire(w, *lock, held, (*at, nth), |other, nth| clock.includes(other, nth));
                Ok(None)
            }
            OrderStep::Begin => {
                let track = &mut self.tracks[w.index()];
                (track.is_alive, track.timed_barrier) = (true, None);
                Ok(None)
            }
            OrderStep::LateArrival(on) => Ok(self.arrive_late(w, *on)),
            OrderStep::End => Ok(self.release_end(w)),
            OrderStep::Event(kind) => self.try_event(w, *kind),
        }
    }

    fn try_event(&mut self, w: WorkerId, kind: EventKind) -> StepOutcome {
        match kind {
            EventKind::PutNth { queue, nth, .. } => self.record_put(w, queue, nth),
            EventKind::TookNth { queue, nth, .. } => self.try_take(w, queue, nth),
            // Without numbers it is unknown which item came from which worker.
            EventKind::Put { queue, .. } => {
                if let Some(ResourceFlow::Queue { .. }) = self.flows.get(queue.index()) {
                    self.mark_incomplete();
                }
                Ok(None)
            }
            // The item is taken twice but was put once; or it was not the oldest one.
            EventKind::TaskRetried { .. }
            | EventKind::ItemPriority { .. }
            | EventKind::TaskNumbered { helped: true, .. } => {
                self.mark_incomplete();
                Ok(None)
            }
            EventKind::Signalled { on, woken } => self.record_signal(w, on, woken),
            EventKind::Woken { on, nth } => self.try_wakeup(w, on, nth),
            EventKind::FlagSeenSet { on, nth } => self.try_flag(w, on, nth),
            EventKind::GroupCounted { on, nth, .. } => self.count_group(w, on, nth),
            EventKind::Blocked { on: Some(on), .. } => Ok(self.arrive_at_barrier(w, on)),
            EventKind::TimedAttempt { lock } => {
                self.tracks[w.index()].timed_barrier = Some(lock);
                Ok(None)
            }
            EventKind::WaitTimedOut { .. } | EventKind::WaitCancelled { .. } => {
                self.tracks[w.index()].timed_barrier = None;
                Ok(None)
            }
            EventKind::SemaphorePosted { lock, .. } => Ok(self.release_permit(w, lock)),
            EventKind::SemaphorePassed { lock, grant } | EventKind::Acquired { lock, grant } => {
                self.try_grant(w, lock, grant.number())
            }
            EventKind::Released { lock, grant } => Ok(self.release_turn(w, lock, grant.number())),
            EventKind::Sent { pipe, bytes, .. } => Ok(self.release_bytes(w, pipe, bytes)),
            EventKind::Received { pipe, bytes, .. } => self.try_receive(w, pipe, bytes),
            EventKind::ResultReady { on, nth, .. } => Ok(self.release_numbered(w, on, u64::from(nth))),
            EventKind::ResultRead { on, nth, .. } => self.try_take_numbered(w, on, u64::from(nth)),
            EventKind::Spawns { life, nth } => Ok(self.release_numbered(w, life, nth)),
            EventKind::SpawnedBy { .. } => self.try_begin(w),
            EventKind::Joins { life, nth } => self.try_join(w, life, nth),
            _ => Ok(None),
        }
    }

    /// Makes the worker's next steps come after everything in `clock`.
    pub(super) fn join_clock(&mut self, w: WorkerId, clock: &VectorClock) {
        self.tracks[w.index()].clock.join(clock);
    }

    fn release_permit(&mut self, w: WorkerId, on: ResourceId) -> Option<ResourceId> {
        if let Some(ResourceFlow::Posts { posted, .. }) = self.flows.get_mut(on.index()) {
            posted.release(1, &self.tracks[w.index()].clock);
            return Some(on);
        }
        None
    }

    /// Takes a permit of a semaphore that is used as a signal, or a monitor's mutex.
    fn try_grant(&mut self, w: WorkerId, on: ResourceId, grant: u64) -> StepOutcome {
        let clock = match self.flows.get_mut(on.index()) {
            Some(ResourceFlow::Posts { initial_permits, posted }) => {
                posted.clock_of_first(grant.saturating_sub(*initial_permits)).ok_or(on)?
            }
            Some(ResourceFlow::MutexTurns { next, held }) => {
                let clock = if grant > 1 { next.take(grant).ok_or(on)? } else { VectorClock::default() };
                held.push((w, grant));
                clock
            }
            _ => return Ok(None),
        };
        self.join_clock(w, &clock);
        Ok(None)
    }

    fn release_turn(&mut self, w: WorkerId, on: ResourceId, grant: u64) -> Option<ResourceId> {
        let clock = &self.tracks[w.index()].clock;
        match self.flows.get_mut(on.index()) {
            Some(ResourceFlow::Posts { posted, .. }) => posted.release(1, clock),
            Some(ResourceFlow::MutexTurns { next, held }) => {
                held.retain(|hold| *hold != (w, grant));
                next.supply(grant + 1, clock);
            }
            _ => return None,
        }
        Some(on)
    }

    /// Supplies the `nth` result, or start of a life.
    fn release_numbered(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> Option<ResourceId> {
        let clock = &self.tracks[w.index()].clock;
        match self.flows.get_mut(on.index()) {
            Some(ResourceFlow::Results(items)) => items.supply(items.unwrap_number(nth as u32), clock),
            Some(ResourceFlow::Life { starts, .. }) => starts.supply(nth, clock),
            _ => return None,
        }
        Some(on)
    }

    /// Begins a life that another worker requested.
    fn try_begin(&mut self, w: WorkerId) -> StepOutcome {
        let Some(on) = self.life_by_worker.get(w.index()).copied().flatten() else { return Ok(None) };
        let Some(ResourceFlow::Life { starts, lives, .. }) = self.flows.get_mut(on.index()) else { return Ok(None) };
        let clock = starts.take(*lives + 1).ok_or(on)?;
        self.join_clock(w, &clock);
        Ok(None)
    }

    /// Joins the life `nth` of another worker, after its end.
    fn try_join(&mut self, w: WorkerId, life: ResourceId, nth: u64) -> StepOutcome {
        let clock = match self.flows.get(life.index()) {
            Some(ResourceFlow::Life { ends, .. }) => ends.peek(nth).ok_or(life)?,
            _ => return Ok(None),
        };
        self.join_clock(w, &clock);
        Ok(None)
    }

    /// Ends a life. The end may be reported twice: by the worker itself, and by another that finds it dead.
    fn release_end(&mut self, w: WorkerId) -> Option<ResourceId> {
        let track = &mut self.tracks[w.index()];
        if !std::mem::take(&mut track.is_alive) {
            return None;
        }
        let clock = track.clock.clone();
        // A mutex that a dead worker held goes to the next worker all the same.
        for flow in &mut self.flows {
            if let ResourceFlow::MutexTurns { next, held } = flow {
                held.iter().filter(|(owner, _)| *owner == w).for_each(|(_, grant)| next.supply(grant + 1, &clock));
                held.retain(|(owner, _)| *owner != w);
            }
        }
        let on = self.life_by_worker.get(w.index()).copied().flatten()?;
        let Some(ResourceFlow::Life { ends, lives, .. }) = self.flows.get_mut(on.index()) else { return None };
        *lives += 1;
        ends.supply(*lives, &clock);
        Some(on)
    }
}
