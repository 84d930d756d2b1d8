//! A counting semaphore: so many may pass at once. Whoever comes while there is a permit takes it, also past those who
//! wait: as the semaphores of systems do. Among tasks whoever comes lets those who wait try first: one that gives a permit
//! back and wants another before it gives the thread back would otherwise be the only one ever to pass. Nobody goes on
//! waiting while there are permits enough.

use super::monitor::Monitor;
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// Permits that nobody has.
const FREE: usize = 0;
/// Permits ever taken.
const GRANTS: usize = 1;
/// Workers that wait. One that is killed while it waits is counted for ever, which costs only needless wake-ups.
const WAITING: usize = 2;
/// Rung when permits come back and somebody waits.
const FREED: WakeCounter = WakeCounter(3);

#[derive(Debug, Clone, Copy)]
pub struct Semaphore<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    permits: u32,
}

impl<'a> Semaphore<'a> {
    /// The semaphore in this monitor's words; it has `permits` at first.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, permits: u32) -> Self {
        Self { id, monitor, permits }
    }

    /// Makes it usable: once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
        self.monitor.enter().set(FREE, u64::from(self.permits));
    }

    /// Takes so many permits at once, and holds them. Never more than there are: that would be waited for in vain.
    /// Returns how many it took.
    pub async fn acquire(self, permits: u32, recorder: &mut Recorder<'_>) -> u32 {
        let permits = permits.clamp(1, self.permits.max(1));
        let (at, first) = self.take_permits(permits, recorder).await;
        for grant in (first..).take(permits as usize) {
            recorder.record_acquired_at(at, self.id, Grant(grant));
        }
        permits
    }

    /// Gives permits back that the worker holds.
    pub fn release(self, permits: u32, recorder: &mut Recorder<'_>) {
        let at = self.add_permits(permits, recorder);
        for _ in 0..permits {
            recorder.record_released(at, self.id);
        }
    }

    /// Passes, and holds nothing: the permit is gone until someone posts one.
    pub async fn take_permit(self, recorder: &mut Recorder<'_>) {
        let (at, grant) = self.take_permits(1, recorder).await;
        recorder.write(at, EventKind::SemaphorePassed { lock: self.id, grant: Grant(grant) });
    }

    /// Gives a permit, had or not.
    pub fn post(self, recorder: &mut Recorder<'_>) {
        let at = self.add_permits(1, recorder);
        recorder.write(at, EventKind::SemaphorePosted { lock: self.id });
    }

    /// When it had them, and the number of the first.
    async fn take_permits(self, permits: u32, recorder: &mut Recorder<'_>) -> (u64, u64) {
        let wanted = u64::from(permits);
        let mut guard = self.monitor.enter();
        let others = self.monitor.is_shared_by_tasks() && guard.get(WAITING) > 0;
        if guard.get(FREE) < wanted || others {
            let ask = [EventKind::PermitRequest { lock: self.id, permits }];
            recorder.wait_for_lock_after(if permits > 1 { &ask } else { &[] }, self.id, false);
            guard.set(WAITING, guard.get(WAITING) + 1);
            if guard.get(FREE) >= wanted {
                guard = guard.yield_and_reenter().await;
            }
            while guard.get(FREE) < wanted {
                guard = guard.wait(FREED).await;
            }
            guard.set(WAITING, guard.get(WAITING).saturating_sub(1));
            recorder.end_wait();
        }
        guard.set(FREE, guard.get(FREE) - wanted);
        if self.monitor.is_shared_by_tasks() && guard.get(FREE) > 0 && guard.get(WAITING) > 0 {
            guard.wake_all(FREED); // those who came while the ones before them were on their way
        }
        let first = guard.get(GRANTS) + 1;
        guard.set(GRANTS, guard.get(GRANTS) + wanted);
        (recorder.now(), first)
    }

    /// Whether it has no permit, as can be seen from outside.
    pub fn is_empty(self) -> bool {
        self.monitor.peek(FREE) == 0
    }

    fn add_permits(self, permits: u32, recorder: &Recorder<'_>) -> u64 {
        let mut guard = self.monitor.enter();
        guard.set(FREE, guard.get(FREE).saturating_add(u64::from(permits)));
        if guard.get(WAITING) > 0 {
            guard.wake_all(FREED); // one alone might want more than came back
        }
        recorder.now()
    }
}
