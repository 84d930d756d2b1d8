//! Figures of a lock since the last change of settings.

use super::Lock;
use crate::duration_stats::DurationStats;
use contend_trace::{Span, Stamp, WorkerId};

/// The figures since the last change of settings, and the counts before it.
#[derive(Debug, Clone)]
pub(super) struct LockBaseline {
    from: Stamp,
    acquired: u64,
    contended: u64,
    timeouts: u64,
    /// The counts of each user, sorted by worker.
    users: Vec<RecentLockUse>,
    wait: DurationStats,
    hold: DurationStats,
}

/// The use of a lock by one worker: how often it took the lock, and how long it waited for it, ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentLockUse {
    pub worker: WorkerId,
    pub acquired: u64,
    pub waited: u64,
}

impl LockBaseline {
    #[inline]
    pub(super) fn record_wait(&mut self, since: Stamp, at: Stamp) {
        if since >= self.from {
            self.wait.record(at.span_since(since));
        }
    }

    #[inline]
    pub(super) fn record_hold(&mut self, since: Stamp, span: Span) {
        if since >= self.from {
            self.hold.record(span);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let users = self.users.capacity() * size_of::<RecentLockUse>();
        size_of::<Self>() + users + self.wait.heap_bytes() + self.hold.heap_bytes()
    }
}

impl Lock {
    /// Begins the figures of the present settings at `from`.
    pub(crate) fn set_baseline(&mut self, from: Stamp) {
        self.baseline = Some(Box::new(LockBaseline {
            from,
            acquired: self.acquired,
            contended: self.contended,
            timeouts: self.timeouts,
            users: self.current_users().collect(),
            wait: DurationStats::new(self.wait_times.digits()),
            hold: DurationStats::new(self.hold_times.digits()),
        }));
        for user in &mut self.users {
            (user.longest_wait, user.longest_wait_end) = (0, Stamp(0));
        }
    }

    /// Returns the number of acquisitions under the present settings: those of the whole run if nothing was changed.
    pub fn recent_acquired(&self) -> u64 {
        self.acquired - self.baseline.as_ref().map_or(0, |since| since.acquired)
    }

    /// Returns the number of acquisitions under the present settings that had to wait.
    pub fn recent_contended(&self) -> u64 {
        self.contended - self.baseline.as_ref().map_or(0, |since| since.contended)
    }

    /// Returns the number of timed waits under the present settings that ended without the lock.
    pub fn recent_timeouts(&self) -> u64 {
        self.timeouts - self.baseline.as_ref().map_or(0, |since| since.timeouts)
    }

    /// Like [`Lock::wait_times`], for waits that began under the present settings.
    pub fn recent_wait_times(&self) -> &DurationStats {
        self.baseline.as_ref().map_or(&self.wait_times, |since| &since.wait)
    }

    /// Like [`Lock::hold_times`], for holds that began under the present settings.
    pub fn recent_hold_times(&self) -> &DurationStats {
        self.baseline.as_ref().map_or(&self.hold_times, |since| &since.hold)
    }

    /// Returns the use of the lock under the present settings by each worker that took it, waits for it or waited for
    /// it.
    pub fn recent_users(&self) -> Vec<RecentLockUse> {
        let Some(since) = &self.baseline else { return self.current_users().collect() };
        let subtract_earlier = |mut now: RecentLockUse| {
            if let Ok(at) = since.users.binary_search_by_key(&now.worker, |user| user.worker) {
                now.acquired -= since.users[at].acquired;
                now.waited -= since.users[at].waited;
            }
            now
        };
        let waits = |worker: WorkerId| self.waiters.iter().any(|waiter| waiter.worker == worker);
        let took_part = |user: &RecentLockUse| user.acquired > 0 || user.waited > 0 || waits(user.worker);
        self.current_users().map(subtract_earlier).filter(took_part).collect()
    }

    /// Like [`Lock::fairness`], under the present settings.
    pub fn recent_fairness(&self) -> Option<f64> {
        super::users::jain_index(self.recent_users().iter().map(|user| user.acquired))
    }

    fn current_users(&self) -> impl Iterator<Item = RecentLockUse> + '_ {
        self.users.iter().map(|u| RecentLockUse { worker: u.worker, acquired: u.acquired, waited: u.waited })
    }
}
