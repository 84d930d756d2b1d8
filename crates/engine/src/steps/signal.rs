//! Steps on conditions, event flags, barriers and wait groups.

use crate::shared::barrier::Barrier;
use crate::shared::event_flag::EventFlag;
use crate::shared::signal_waiters::SignalWaiters;
use crate::shared::wait_group::{BelowZero, ReusedTooEarly, WaitGroup};
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Limit, SignalStep, Target};
use contend_trace::{ResourceId, ResourceKind};

impl StepRunner {
    pub async fn signal_step(&mut self, step: &SignalStep) -> StepResult {
        match step {
            SignalStep::Wait { target, limit } => {
                let was_woken = self.wait_for_signal(target, limit).await?;
                if !was_woken {
                    self.check_cancelled()?; // the mutex of a condition was locked again in between
                }
                return if was_woken { Ok(()) } else { self.give_up(limit).await };
            }
            SignalStep::BarrierWait { target, limit } => {
                let have_all_arrived = self.wait_at_barrier(target, limit).await;
                return if have_all_arrived { Ok(()) } else { self.give_up(limit).await };
            }
            SignalStep::Notify(target) => self.waiters(target).wake_one(&mut self.recorder),
            SignalStep::NotifyAll(target) => self.waiters(target).wake_all(&mut self.recorder),
            SignalStep::Set(target) => EventFlag(self.waiters(target)).set(&mut self.recorder),
            SignalStep::Clear(target) => EventFlag(self.waiters(target)).clear(),
            SignalStep::GroupAdd { target, count } => {
                let count = count.eval(self).max(0.0) as u64;
                WaitGroup(self.waiters(target)).add(count, &mut self.recorder);
            }
            SignalStep::GroupDone(target) => {
                let waiters = self.waiters(target);
                let done = WaitGroup(waiters).done(&mut self.recorder);
                done.map_err(|BelowZero| self.group_error(waiters.id, "`done` at", "whose count is 0 already"))?;
            }
        }
        Ok(())
    }

    /// Waits for a condition, an event flag or a wait group. Returns whether it did not give up.
    async fn wait_for_signal(&mut self, target: &Target, limit: &Limit) -> Result<bool, StopReason> {
        let deadline = self.deadline(limit);
        let waiters = self.waiters(target);
        Ok(match self.kind(waiters.id) {
            Some(ResourceKind::Condition { mutex }) => {
                // Taken before the mutex is released: a signal between the release and the sleep counts.
                let (ticket, mutex) = (waiters.take_ticket(), *mutex);
                let mut holds = 0; // several of a reentrant mutex
                while self.release(mutex) {
                    holds += 1;
                }
                let was_woken = waiters.wait(ticket, deadline, &mut self.recorder).await;
                while holds > 0 && self.lock_mutex(mutex).await {
                    holds -= 1;
                }
                was_woken
            }
            Some(ResourceKind::WaitGroup | ResourceKind::Latch { .. }) => {
                let waited = WaitGroup(waiters).wait(deadline, &mut self.recorder).await;
                waited.map_err(|ReusedTooEarly| {
                    self.group_error(waiters.id, "waited at", "which was added to before this wait returned")
                })?
            }
            _ => EventFlag(waiters).wait(deadline, &mut self.recorder).await,
        })
    }

    fn group_error(&self, group: ResourceId, what: &str, why: &str) -> StopReason {
        StopReason::Failed(format!("{what} {}, {why}", self.run.plan.registry.resource_name(group)))
    }

    /// Waits at a barrier. Returns whether it did not give up.
    async fn wait_at_barrier(&mut self, target: &Target, limit: &Limit) -> bool {
        let deadline = self.deadline(limit);
        let waiters = self.waiters(target);
        let Some(ResourceKind::Barrier { parties }) = self.kind(waiters.id) else { return true };
        Barrier { waiters, parties: *parties }.arrive_and_wait(deadline, &mut self.recorder).await
    }

    fn kind(&self, id: ResourceId) -> Option<&'static ResourceKind> {
        self.run.plan.registry.resource(id).map(|resource| &resource.kind)
    }

    pub(super) fn waiters(&self, target: &Target) -> SignalWaiters<'static> {
        self.run.signal_waiters(self.resolve_target(target))
    }
}
