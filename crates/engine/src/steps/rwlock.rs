//! Steps on rwlocks.

use crate::locks::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Limit, Step, Target};

/// How a worker holds an rwlock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RwAccess {
    Read,
    Write,
}

impl StepRunner {
    /// Runs the body with the rwlock locked, or the steps of the limit if it gives up.
    pub(crate) async fn with_rwlock(
        &mut self,
        target: &Target,
        access: RwAccess,
        body: &[Step],
        limit: &Limit,
    ) -> StepResult {
        let id = self.resolve_target(target);
        let Some(rwlock) = self.run.rwlock(id) else { return self.run_block(body).await };
        self.yield_if_due().await;
        let deadline = self.deadline(limit);
        let has_lock = match access {
            RwAccess::Read => rwlock.read(self.id(), deadline, &mut self.recorder).await,
            RwAccess::Write => rwlock.write(self.id(), deadline, &mut self.recorder).await,
        };
        self.record_limited_poll(has_lock, limit, id);
        if !has_lock {
            return self.give_up(limit).await;
        }
        self.add_held(id, HeldLock::Rwlock(rwlock));
        self.run_block(body).await?;
        self.release(id);
        Ok(())
    }
}
