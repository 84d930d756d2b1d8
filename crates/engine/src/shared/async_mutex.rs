//! The mutex of tasks, which passes in order of arrival. Unlocking hands it to the first waiter, which holds it from
//! then on, however late its loop polls it.

use std::time::Instant;

use super::monitor::Monitor;
use super::wait_queue::WaitQueue;
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// 1 while it is locked.
const LOCKED: usize = 0;
/// The number of grants.
const GRANTS: usize = 1;
/// Wakes the waiter that gets the mutex.
const HANDED_OVER: WakeCounter = WakeCounter(2);

#[derive(Debug, Clone, Copy)]
pub struct AsyncMutex<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    wait_queue: &'a WaitQueue,
    /// Whether the holder can lock it again.
    pub is_reentrant: bool,
}

impl<'a> AsyncMutex<'a> {
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, wait_queue: &'a WaitQueue, reentrant: bool) -> Self {
        Self { id, monitor: monitor.with_wait_queue(Some(wait_queue)), wait_queue, is_reentrant: reentrant }
    }

    /// Locks the mutex, waiting for its turn.
    pub async fn lock(self, recorder: &mut Recorder<'_>) {
        self.lock_until(None, recorder).await;
    }

    /// Locks the mutex before the deadline. Returns whether it did.
    pub async fn lock_until(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let mut guard = self.monitor.enter();
        if guard.get(LOCKED) == 1 {
            recorder.wait_for_lock(self.id, deadline.is_some());
            let (reentered, handed) = guard.wait_in_queue(self.wait_queue, HANDED_OVER, deadline).await;
            guard = reentered;
            if !handed {
                let at = recorder.now();
                drop(guard);
                recorder.write(at, EventKind::WaitTimedOut { lock: self.id });
                return false;
            }
        } else {
            guard.set(LOCKED, 1);
            if deadline.is_some() {
                recorder.write(recorder.now(), EventKind::TimedAttempt { lock: self.id });
            }
        }
        let grant = guard.get(GRANTS) + 1;
        guard.set(GRANTS, grant);
        let at = recorder.now();
        drop(guard);
        recorder.record_acquired_at(at, self.id, Grant(grant));
        true
    }

    /// Unlocks the mutex, or hands it to the first waiter.
    pub fn unlock(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        if !guard.wake_one(HANDED_OVER) {
            guard.set(LOCKED, 0);
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_released(at, self.id);
    }
}
