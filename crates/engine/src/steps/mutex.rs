//! Steps on mutexes.

use std::time::{Duration, Instant};

use crate::held_lock::HeldLock;
use crate::step_runner::{StepResult, StepRunner};
use contend_platform::ThreadBound;
use contend_scenario::{Expr, Step, Target};
use contend_trace::ResourceId;

impl StepRunner {
    /// Takes the lock, runs the body, gives it back.
    pub(crate) async fn with_lock(&mut self, target: &Target, body: &[Step]) -> StepResult {
        let lock = self.resolve_target(target);
        self.lock_mutex(lock).await;
        self.run_block(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Takes the lock in time and runs the body, or else the other steps.
    pub(crate) async fn try_lock(
        &mut self,
        target: &Target,
        timeout: &Expr,
        body: &[Step],
        otherwise: &[Step],
    ) -> StepResult {
        let lock = self.resolve_target(target);
        let had = self.lock_mutex_for(lock, timeout).await;
        // A wait for some time is none that keeps a core busy.
        self.record_poll(had || timeout.eval(self) > 0.0, lock);
        if !had {
            return self.run_block(otherwise).await;
        }
        self.run_block(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Takes it for longer than a block lasts.
    pub(crate) async fn lock_unscoped(&mut self, id: ResourceId) {
        self.lock_mutex(id).await;
        self.unscoped_locks.push(id);
    }

    /// Gives back what was taken so.
    pub(crate) fn release_unscoped(&mut self, id: ResourceId) {
        if self.release(id) {
            self.remove_unscoped(id);
        }
    }

    pub(crate) async fn lock_mutex(&mut self, id: ResourceId) {
        if let Some(lock) = self.run.lock(id) {
            let again = self.is_holding(id).then(|| lock.lock_again()).flatten();
            let held = again.unwrap_or_else(|| lock.lock_recorded(id, &mut self.recorder));
            self.add_held(id, HeldLock::Mutex(ThreadBound::new(held)));
        } else if let Some(turns) = self.run.async_mutex(id) {
            let again = turns.is_reentrant && self.is_holding(id);
            if !again {
                self.yield_if_due().await;
                turns.lock(&mut self.recorder).await;
            }
            self.add_held(id, if again { HeldLock::Reentered } else { HeldLock::AsyncMutex(turns) });
        }
    }

    /// Takes a lock in time, or not.
    async fn lock_mutex_for(&mut self, id: ResourceId, timeout: &Expr) -> bool {
        let limit = Duration::from_nanos(timeout.eval(self) as u64);
        if let Some(lock) = self.run.lock(id) {
            let again = self.is_holding(id).then(|| lock.lock_again()).flatten();
            let held = again.or_else(|| lock.lock_recorded_for(limit, id, &mut self.recorder));
            let had = held.is_some();
            self.held.extend(held.map(|held| (id, HeldLock::Mutex(ThreadBound::new(held)))));
            return had;
        }
        let Some(turns) = self.run.async_mutex(id) else { return true };
        let again = turns.is_reentrant && self.is_holding(id);
        let had = again || turns.lock_until(Some(Instant::now() + limit), &mut self.recorder).await;
        if had {
            self.add_held(id, if again { HeldLock::Reentered } else { HeldLock::AsyncMutex(turns) });
        }
        had
    }

    /// Gives a lock back; whether it was held.
    pub(crate) fn release(&mut self, id: ResourceId) -> bool {
        let found = self.held.iter().rposition(|(held, _)| *held == id);
        if let Some(i) = found {
            let (_, held) = self.held.remove(i);
            held.release(id, &mut self.recorder);
        }
        found.is_some()
    }
}
