//! Steps on mutexes.

use std::time::{Duration, Instant};

use crate::locks::held_lock::HeldLock;
use crate::shared::async_mutex::{AsyncMutex, LockEnd};
use crate::step_runner::{StepResult, StepRunner};
use contend_platform::ThreadBound;
use contend_scenario::{Expr, Step, Target};
use contend_trace::ResourceId;

impl StepRunner {
    /// Locks the mutex, runs the body, unlocks it.
    pub(crate) async fn with_lock(&mut self, target: &Target, body: &[Step]) -> StepResult {
        let lock = self.resolve_target(target);
        self.lock_mutex(lock).await;
        self.check_cancelled()?;
        self.run_block(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Runs the body with the mutex locked, or the other steps if it was not free within the timeout.
    pub(crate) async fn try_lock(
        &mut self,
        target: &Target,
        timeout: &Expr,
        body: &[Step],
        otherwise: &[Step],
    ) -> StepResult {
        let lock = self.resolve_target(target);
        let locked = self.lock_mutex_for(lock, timeout).await;
        // An attempt with a timeout sleeps, so it is no failed poll.
        self.record_poll(locked || timeout.eval(self) > 0.0, lock);
        if !locked {
            return self.run_block(otherwise).await;
        }
        self.run_block(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Locks a mutex outside of a block.
    pub(crate) async fn lock_unscoped(&mut self, id: ResourceId) {
        self.lock_mutex(id).await;
        if !self.is_cancelled() {
            self.unscoped_locks.push(id);
        }
    }

    /// Unlocks a mutex that was locked outside of a block.
    pub(crate) fn release_unscoped(&mut self, id: ResourceId) {
        if self.release(id) {
            self.remove_unscoped(id);
        }
    }

    /// Locks a mutex. Returns whether it did: not if the worker was cancelled meanwhile.
    pub(crate) async fn lock_mutex(&mut self, id: ResourceId) -> bool {
        if let Some(lock) = self.run.lock(id) {
            let reentry = self.is_holding(id).then(|| lock.lock_reentrant()).flatten();
            let grant = reentry.unwrap_or_else(|| lock.lock_recorded(id, &mut self.recorder));
            self.run.lock_holders.note(id, Some(self.id()));
            self.add_held(id, HeldLock::Mutex(ThreadBound::new(grant)));
        } else if let Some(mutex) = self.run.async_mutex(id) {
            let is_reentry = mutex.is_reentrant && self.is_holding(id);
            if !is_reentry {
                self.yield_if_due().await;
                if !self.lock_async(id, mutex, None).await {
                    return false;
                }
            }
            self.add_held(id, if is_reentry { HeldLock::Reentered } else { HeldLock::AsyncMutex(mutex) });
        }
        true
    }

    /// Tries to lock a mutex within a timeout. Returns whether it did.
    async fn lock_mutex_for(&mut self, id: ResourceId, timeout: &Expr) -> bool {
        let limit = Duration::from_nanos(timeout.eval(self) as u64);
        if let Some(lock) = self.run.lock(id) {
            let reentry = self.is_holding(id).then(|| lock.lock_reentrant()).flatten();
            let grant = reentry.or_else(|| lock.lock_recorded_for(limit, id, &mut self.recorder));
            let locked = grant.is_some();
            if locked {
                self.run.lock_holders.note(id, Some(self.id()));
            }
            self.held.extend(grant.map(|grant| (id, HeldLock::Mutex(ThreadBound::new(grant)))));
            return locked;
        }
        let Some(mutex) = self.run.async_mutex(id) else { return true };
        let is_reentry = mutex.is_reentrant && self.is_holding(id);
        let locked = is_reentry || self.lock_async(id, mutex, Some(Instant::now() + limit)).await;
        if locked {
            self.add_held(id, if is_reentry { HeldLock::Reentered } else { HeldLock::AsyncMutex(mutex) });
        }
        locked
    }

    /// Locks a mutex of tasks. Returns whether it did: not after the deadline, nor when the worker is cancelled.
    async fn lock_async(&mut self, id: ResourceId, mutex: AsyncMutex<'static>, deadline: Option<Instant>) -> bool {
        let end = mutex.lock_until(deadline, &mut self.recorder).await;
        if let LockEnd::KilledInLine(key) = end {
            self.killed_in_line = Some((id, key));
        }
        end == LockEnd::Locked
    }

    /// Releases a lock. Returns whether it was held.
    pub(crate) fn release(&mut self, id: ResourceId) -> bool {
        let found = self.held.iter().rposition(|(held, _)| *held == id);
        if let Some(i) = found {
            let (_, held) = self.held.remove(i);
            self.release_held(id, held);
        }
        found.is_some()
    }
}
