//! The mutex of tasks, which passes in order of arrival. Unlocking hands it to the first waiter, which holds it from
//! then on, however late its loop polls it.

use std::time::Instant;

use super::monitor::{Monitor, MonitorGuard};
use super::wait_queue::{WaitEnd, WaitKey, WaitQueue, WokenWaiter};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// 1 while it is locked.
const LOCKED: usize = 0;
/// The number of grants.
const GRANTS: usize = 1;
/// Wakes the waiter that gets the mutex.
const HANDED_OVER: WakeCounter = WakeCounter(2);

/// How an attempt to lock a mutex ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockEnd {
    Locked,
    GaveUp,
    /// The worker was killed and keeps its place in line.
    KilledInLine(WaitKey),
}

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

    /// Locks the mutex, waiting for its turn until the deadline at most.
    pub async fn lock_until(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> LockEnd {
        let mut guard = self.monitor.enter();
        if guard.get(LOCKED) == 1 {
            recorder.wait_for_lock(self.id, deadline.is_some());
            let key = self.wait_queue.join(HANDED_OVER).await; // does not wait
            drop(guard);
            let end = self.wait_queue.wait(key, deadline).await;
            guard = self.monitor.enter();
            match end {
                WaitEnd::Woken => {}
                WaitEnd::Killed => return LockEnd::KilledInLine(key),
                WaitEnd::GaveUp => {
                    let at = recorder.now();
                    drop(guard);
                    recorder.record_gave_up(at, self.id);
                    return LockEnd::GaveUp;
                }
            }
        } else {
            guard.set(LOCKED, 1);
            if deadline.is_some() {
                recorder.write(recorder.now(), EventKind::TimedAttempt { lock: self.id });
            }
        }
        let (at, grant) = take_grant(&mut guard, recorder);
        drop(guard);
        recorder.record_acquired_at(at, self.id, grant);
        LockEnd::Locked
    }

    /// Leaves a worker that was killed in line at its place: the mutex will be handed to it, and never come back.
    pub fn leave_in_line(self, key: WaitKey, recorder: Box<Recorder<'static>>) {
        let mut guard = self.monitor.enter();
        if let Some(recorder) = self.wait_queue.leave_in_line(key, recorder) {
            self.record_dead_holder(&mut guard, *recorder);
        }
    }

    /// Records in the name of a dead worker that it holds the mutex, which was handed to it.
    fn record_dead_holder(self, guard: &mut MonitorGuard<'_>, mut recorder: Recorder<'_>) {
        let (at, grant) = take_grant(guard, &recorder);
        recorder.record_acquired_after_end(at, self.id, grant);
    }

    /// Unlocks the mutex, or hands it to the first waiter.
    pub fn unlock(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        match self.wait_queue.wake_first(HANDED_OVER) {
            WokenWaiter::Alive => {}
            WokenWaiter::None => guard.set(LOCKED, 0),
            WokenWaiter::Dead(recorder) => self.record_dead_holder(&mut guard, *recorder),
        }
        let at = recorder.now();
        drop(guard);
        recorder.record_released(at, self.id);
    }
}

/// Counts a grant. Returns when, and its number.
fn take_grant(guard: &mut MonitorGuard<'_>, recorder: &Recorder<'_>) -> (u64, Grant) {
    let grant = guard.get(GRANTS) + 1;
    guard.set(GRANTS, grant);
    (recorder.now(), Grant(grant))
}
