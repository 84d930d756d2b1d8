//! Steps on rwlocks.

use crate::locks::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Step, Target};

impl StepRunner {
    /// Runs the body with the rwlock locked for reading.
    pub(crate) async fn with_read_lock(&mut self, target: &Target, body: &[Step]) -> StepResult {
        let id = self.resolve_target(target);
        let Some(rwlock) = self.run.rwlock(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        rwlock.read(&mut self.recorder).await;
        self.add_held(id, HeldLock::Rwlock(rwlock));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }

    /// Runs the body with the rwlock locked for writing.
    pub(crate) async fn with_write_lock(&mut self, target: &Target, body: &[Step]) -> StepResult {
        let id = self.resolve_target(target);
        let Some(rwlock) = self.run.rwlock(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        rwlock.write(&mut self.recorder).await;
        self.add_held(id, HeldLock::Rwlock(rwlock));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }
}
