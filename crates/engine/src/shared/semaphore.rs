//! A counting semaphore. A worker that arrives while a permit is free takes it, even ahead of waiters, as with the
//! system's semaphores. Among tasks a worker that arrives lets the waiters try first: otherwise a task that releases a
//! permit and acquires another before it gives its thread back would be the only one ever to pass. No worker keeps
//! waiting while enough permits are free.

use std::time::Instant;

use super::monitor::{Monitor, has_passed};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// Free permits.
const FREE: usize = 0;
/// The total of permits taken.
const GRANTS: usize = 1;
/// Waiters. A worker that is killed while it waits is counted forever, which costs only needless wake-ups.
const WAITING: usize = 2;
/// Wakes waiters when permits are released.
const FREED: WakeCounter = WakeCounter(3);

#[derive(Debug, Clone, Copy)]
pub struct Semaphore<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    permits: u32,
}

/// Permits that were taken in one step.
struct TakenPermits {
    /// When, in ticks of the run's clock.
    at: u64,
    first_grant: u64,
    has_waited: bool,
}

impl<'a> Semaphore<'a> {
    /// Returns the semaphore in this monitor's words; it begins with `permits`.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, permits: u32) -> Self {
        Self { id, monitor, permits }
    }

    /// Initialises the semaphore. Called once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
        self.monitor.enter().set(FREE, u64::from(self.permits));
    }

    /// Acquires permits, all at once, before the deadline. Never more than the semaphore has: that wait would not end.
    /// Returns how many; `None` if it gave up.
    pub async fn acquire(self, permits: u32, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Option<u32> {
        let permits = permits.clamp(1, self.permits.max(1));
        let taken = self.take_permits(permits, deadline, recorder).await?;
        if deadline.is_some() && !taken.has_waited {
            recorder.write(taken.at, EventKind::TimedAttempt { lock: self.id });
        }
        for grant in (taken.first_grant..).take(permits as usize) {
            recorder.record_acquired_at(taken.at, self.id, Grant(grant));
        }
        Some(permits)
    }

    /// Releases permits that the worker holds.
    pub fn release(self, permits: u32, recorder: &mut Recorder<'_>) {
        let at = self.add_permits(permits, recorder);
        for _ in 0..permits {
            recorder.record_released(at, self.id);
        }
    }

    /// Takes a permit before the deadline, without holding it: it is gone until a worker posts one. Returns whether it
    /// did.
    pub async fn take_permit(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> bool {
        let Some(taken) = self.take_permits(1, deadline, recorder).await else { return false };
        recorder.write(taken.at, EventKind::SemaphorePassed { lock: self.id, grant: Grant(taken.first_grant) });
        true
    }

    /// Adds a permit.
    pub fn post(self, recorder: &mut Recorder<'_>) {
        let at = self.add_permits(1, recorder);
        recorder.write(at, EventKind::SemaphorePosted { lock: self.id });
    }

    /// Takes permits before the deadline. A worker that gives up takes none, so that no other has to be woken for it.
    async fn take_permits(
        self,
        permits: u32,
        deadline: Option<Instant>,
        recorder: &mut Recorder<'_>,
    ) -> Option<TakenPermits> {
        let wanted = u64::from(permits);
        let mut guard = self.monitor.enter();
        let has_waiters = self.monitor.is_shared_by_tasks() && guard.get(WAITING) > 0;
        let has_waited = guard.get(FREE) < wanted || has_waiters;
        if has_waited {
            let request = [EventKind::PermitRequest { lock: self.id, permits }];
            recorder.wait_for_lock_after(if permits > 1 { &request } else { &[] }, self.id, deadline.is_some());
            guard.set(WAITING, guard.get(WAITING) + 1);
            if guard.get(FREE) >= wanted {
                guard = guard.yield_and_reenter().await;
            }
            while guard.get(FREE) < wanted {
                if has_passed(deadline) {
                    guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
                    let at = recorder.now();
                    drop(guard);
                    recorder.record_gave_up(at, self.id);
                    return None;
                }
                guard = guard.wait_until(FREED, deadline).await;
            }
            guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
            recorder.end_wait();
        }
        guard.set(FREE, guard.get(FREE) - wanted);
        if self.monitor.is_shared_by_tasks() && guard.get(FREE) > 0 && guard.get(WAITING) > 0 {
            guard.wake_all(FREED); // workers that arrived while earlier waiters were being woken
        }
        let first_grant = guard.get(GRANTS) + 1;
        guard.set(GRANTS, guard.get(GRANTS) + wanted);
        Some(TakenPermits { at: recorder.now(), first_grant, has_waited })
    }

    /// Reads from outside whether no permit is free.
    pub fn is_empty(self) -> bool {
        self.monitor.peek(FREE) == 0
    }

    fn add_permits(self, permits: u32, recorder: &Recorder<'_>) -> u64 {
        let mut guard = self.monitor.enter();
        guard.set(FREE, guard.get(FREE).saturating_add(u64::from(permits)));
        if guard.get(WAITING) > 0 {
            guard.wake_all(FREED); // a single waiter might want more permits than were released
        }
        recorder.now()
    }
}
