//! Steps on semaphores.

use crate::locks::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Expr, Step, Target};

impl StepRunner {
    /// Acquires all permits at once, runs the body, releases them.
    pub(crate) async fn with_permits(&mut self, target: &Target, permits: &Expr, body: &[Step]) -> StepResult {
        let id = self.resolve_target(target);
        let Some(semaphore) = self.run.semaphore(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        let permits = permits.eval(self) as u32;
        let acquired = semaphore.acquire(permits, &mut self.recorder).await;
        self.add_held(id, HeldLock::Permits(semaphore, acquired));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }

    /// Acquires a permit outside of a block.
    pub(super) async fn acquire_permit(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.resolve_target(target)) {
            self.yield_if_due().await;
            semaphore.take_permit(&mut self.recorder).await;
        }
    }

    /// Releases a permit, acquired or not.
    pub(super) fn release_permit(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.resolve_target(target)) {
            semaphore.post(&mut self.recorder);
        }
    }
}
