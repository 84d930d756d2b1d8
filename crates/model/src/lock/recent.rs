//! What a lock went through with the present settings.

use super::Lock;
use crate::times::Times;
use contend_trace::{Span, Stamp, WorkerId};

/// Figures since the settings were changed.
#[derive(Debug, Clone)]
pub(super) struct Since {
    from: Stamp,
    /// Counts when they begin.
    acquired: u64,
    contended: u64,
    gave_up: u64,
    /// What each user had had by then, sorted by worker.
    users: Vec<RecentUse>,
    wait: Times,
    hold: Times,
}

/// What one worker has had of a lock: how often it got it, and how long it waited for it, in ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentUse {
    pub worker: WorkerId,
    pub acquired: u64,
    pub waited: u64,
}

impl Since {
    #[inline]
    pub(super) fn waited(&mut self, since: Stamp, at: Stamp) {
        if since >= self.from {
            self.wait.record(at.since(since));
        }
    }

    #[inline]
    pub(super) fn held(&mut self, since: Stamp, span: Span) {
        if since >= self.from {
            self.hold.record(span);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let users = self.users.capacity() * size_of::<RecentUse>();
        size_of::<Self>() + users + self.wait.bytes() + self.hold.bytes()
    }
}

impl Lock {
    /// Figures of the present settings begin at `from`.
    pub(crate) fn note_figures(&mut self, from: Stamp) {
        self.since = Some(Box::new(Since {
            from,
            acquired: self.acquired,
            contended: self.contended,
            gave_up: self.gave_up,
            users: self.uses().collect(),
            wait: Times::new(self.wait.digits()),
            hold: Times::new(self.hold.digits()),
        }));
        for user in &mut self.users {
            (user.longest, user.longest_until) = (0, Stamp(0));
        }
    }

    /// Acquisitions with the present settings: all of the run as long as nothing was changed.
    pub fn recent_acquired(&self) -> u64 {
        self.acquired - self.since.as_ref().map_or(0, |since| since.acquired)
    }

    /// Acquisitions with the present settings that had to wait.
    pub fn recent_contended(&self) -> u64 {
        self.contended - self.since.as_ref().map_or(0, |since| since.contended)
    }

    /// Timed waits with the present settings that ended without the lock.
    pub fn recent_gave_up(&self) -> u64 {
        self.gave_up - self.since.as_ref().map_or(0, |since| since.gave_up)
    }

    /// As [`Lock::wait`], of waits that began with the present settings.
    pub fn recent_wait(&self) -> &Times {
        self.since.as_ref().map_or(&self.wait, |since| &since.wait)
    }

    /// As [`Lock::hold`], of holds that began with the present settings.
    pub fn recent_hold(&self) -> &Times {
        self.since.as_ref().map_or(&self.hold, |since| &since.hold)
    }

    /// What each worker had of it with the present settings, of those that got it or wait or waited for it.
    pub fn recent_users(&self) -> Vec<RecentUse> {
        let Some(since) = &self.since else { return self.uses().collect() };
        let less = |mut now: RecentUse| {
            if let Ok(at) = since.users.binary_search_by_key(&now.worker, |user| user.worker) {
                now.acquired -= since.users[at].acquired;
                now.waited -= since.users[at].waited;
            }
            now
        };
        let waits = |worker: WorkerId| self.waiters.iter().any(|waiter| waiter.worker == worker);
        let took_part = |user: &RecentUse| user.acquired > 0 || user.waited > 0 || waits(user.worker);
        self.uses().map(less).filter(took_part).collect()
    }

    /// As [`Lock::fairness`], over the present settings.
    pub fn recent_fairness(&self) -> Option<f64> {
        super::users::jain(self.recent_users().iter().map(|user| user.acquired))
    }

    fn uses(&self) -> impl Iterator<Item = RecentUse> + '_ {
        self.users.iter().map(|u| RecentUse { worker: u.worker, acquired: u.acquired, waited: u.waited })
    }
}
