//! Steps on semaphores.

use crate::locks::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Expr, Limit, Step, Target};

impl StepRunner {
    /// Acquires all permits at once, runs the body, releases them. Runs the steps of the limit if it gives up.
    pub(crate) async fn with_permits(
        &mut self,
        target: &Target,
        permits: &Expr,
        body: &[Step],
        limit: &Limit,
    ) -> StepResult {
        let id = self.resolve_target(target);
        let Some(semaphore) = self.run.semaphore(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        let permits = permits.eval(self) as u32;
        let deadline = self.deadline(limit);
        let acquired = semaphore.acquire(permits, deadline, &mut self.recorder).await;
        self.record_limited_poll(acquired.is_some(), limit, id);
        let Some(acquired) = acquired else { return self.give_up(limit).await };
        self.add_held(id, HeldLock::Permits(semaphore, acquired));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }

    /// Acquires a permit outside of a block.
    pub(super) async fn acquire_permit(&mut self, target: &Target, limit: &Limit) -> StepResult {
        let id = self.resolve_target(target);
        let Some(semaphore) = self.run.semaphore(id) else { return Ok(()) };
        self.yield_if_due().await;
        let deadline = self.deadline(limit);
        let has_taken = semaphore.take_permit(deadline, &mut self.recorder).await;
        self.record_limited_poll(has_taken, limit, id);
        if has_taken { Ok(()) } else { self.give_up(limit).await }
    }

    /// Releases a permit, acquired or not.
    pub(super) fn release_permit(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.resolve_target(target)) {
            semaphore.post(&mut self.recorder);
        }
    }
}
