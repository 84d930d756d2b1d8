//! A counting semaphore: so many may pass at once. Whoever comes while there is a permit takes it, also past those who
//! wait: as the semaphores of systems do. Among tasks whoever comes lets those who wait try first: one that gives a permit
//! back and wants another before it gives the thread back would otherwise be the only one ever to pass. Nobody goes on
//! waiting while there are permits enough.

use super::monitor::{Bell, Monitor};
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// Permits that nobody has.
const FREE: usize = 0;
/// Permits ever taken.
const GRANTS: usize = 1;
/// Workers that wait. One that is killed while it waits is counted for ever, which costs only needless wake-ups.
const WAITING: usize = 2;
/// Rung when permits come back and somebody waits.
const FREED: Bell = Bell(3);

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
    pub async fn acquire(self, permits: u32, pen: &mut Recorder<'_>) -> u32 {
        let permits = permits.clamp(1, self.permits.max(1));
        let (at, first) = self.take(permits, pen).await;
        for grant in (first..).take(permits as usize) {
            pen.acquired_at(at, self.id, Grant(grant));
        }
        permits
    }

    /// Gives permits back that the worker holds.
    pub fn give_back(self, permits: u32, pen: &mut Recorder<'_>) {
        let at = self.give(permits, pen);
        for _ in 0..permits {
            pen.released(at, self.id);
        }
    }

    /// Passes, and holds nothing: the permit is gone until someone posts one.
    pub async fn pass(self, pen: &mut Recorder<'_>) {
        let (at, grant) = self.take(1, pen).await;
        pen.write(at, EventKind::Passed { lock: self.id, grant: Grant(grant) });
    }

    /// Gives a permit, had or not.
    pub fn post(self, pen: &mut Recorder<'_>) {
        let at = self.give(1, pen);
        pen.write(at, EventKind::Posted { lock: self.id });
    }

    /// When it had them, and the number of the first.
    async fn take(self, permits: u32, pen: &mut Recorder<'_>) -> (u64, u64) {
        let wanted = u64::from(permits);
        let mut inside = self.monitor.enter();
        let others = self.monitor.is_of_tasks() && inside.get(WAITING) > 0;
        if inside.get(FREE) < wanted || others {
            let ask = [EventKind::AskMany { lock: self.id, permits }];
            pen.wait_for(if permits > 1 { &ask } else { &[] }, self.id, false);
            inside.set(WAITING, inside.get(WAITING) + 1);
            if inside.get(FREE) >= wanted {
                inside = inside.step_aside().await;
            }
            while inside.get(FREE) < wanted {
                inside = inside.wait(FREED).await;
            }
            inside.set(WAITING, inside.get(WAITING).saturating_sub(1));
            pen.leave();
        }
        inside.set(FREE, inside.get(FREE) - wanted);
        if self.monitor.is_of_tasks() && inside.get(FREE) > 0 && inside.get(WAITING) > 0 {
            inside.wake_all(FREED); // those who came while the ones before them were on their way
        }
        let first = inside.get(GRANTS) + 1;
        inside.set(GRANTS, inside.get(GRANTS) + wanted);
        (pen.now(), first)
    }

    /// Whether it has no permit, as can be seen from outside.
    pub fn is_empty(self) -> bool {
        self.monitor.peek(FREE) == 0
    }

    fn give(self, permits: u32, pen: &Recorder<'_>) -> u64 {
        let mut inside = self.monitor.enter();
        inside.set(FREE, inside.get(FREE).saturating_add(u64::from(permits)));
        if inside.get(WAITING) > 0 {
            inside.wake_all(FREED); // one alone might want more than came back
        }
        pen.now()
    }
}
