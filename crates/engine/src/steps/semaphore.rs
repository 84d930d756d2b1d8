//! Steps on semaphores.

use crate::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Expr, Step, Target};

impl StepRunner {
    /// Takes permits all at once, runs the body, gives them back.
    pub(crate) async fn with_permits(&mut self, target: &Target, permits: &Expr, body: &[Step]) -> StepResult {
        let id = self.resolve_target(target);
        let Some(semaphore) = self.run.semaphore(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        let permits = permits.eval(self) as u32;
        let had = semaphore.acquire(permits, &mut self.recorder).await;
        self.add_held(id, HeldLock::Permits(semaphore, had));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }

    /// Takes a permit for good.
    pub(crate) async fn down(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.resolve_target(target)) {
            self.yield_if_due().await;
            semaphore.take_permit(&mut self.recorder).await;
        }
    }

    /// Gives a permit.
    pub(crate) fn up(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.resolve_target(target)) {
            semaphore.post(&mut self.recorder);
        }
    }
}
