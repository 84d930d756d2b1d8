//! Use of a lock by worker: acquisitions, waits, timeouts, and fairness among the workers.

use super::Lock;
use contend_trace::{Grant, Span, Stamp, WorkerId};

/// The use of a lock by one worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct LockUse {
    pub worker: WorkerId,
    pub acquired: u64,
    /// Total and longest wait, ns.
    pub waited: u64,
    pub longest_wait: u64,
    /// When the longest wait ended.
    pub longest_wait_end: Stamp,
    /// The worker's newest grant.
    pub last_grant: Grant,
    pub streak: TimeoutStreak,
}

/// Consecutive timed waits of one worker that ended without the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TimeoutStreak {
    pub timeouts: u32,
    /// The ends of the first and of the last of these waits.
    pub since: Stamp,
    pub last: Stamp,
}

/// Returns Jain's index of the counts; `None` if all are 0.
pub(super) fn jain_index(counts: impl Iterator<Item = u64>) -> Option<f64> {
    let (mut users, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for count in counts.map(|count| count as f64) {
        users += 1.0;
        sum += count;
        squares += count * count;
    }
    (squares > 0.0).then(|| sum * sum / (users * squares))
}

impl Lock {
    /// Returns Jain's index of the acquisitions of all workers that ever requested the lock: 1 is fair, 1/n means that
    /// one of n workers takes all. `None` if there are no acquisitions. (Jain, Chiu, Hawe: A quantitative measure of
    /// fairness, DEC-TR-301, 1984.)
    pub fn fairness(&self) -> Option<f64> {
        jain_index(self.users.iter().map(|u| u.acquired))
    }

    /// Returns how often each worker that requested the lock took it.
    pub fn acquisitions_by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        self.users.iter().map(|u| (u.worker, u.acquired))
    }

    /// Returns the total and the longest wait of each worker that requested the lock, ns, without open waits.
    pub fn waits_by_worker(&self) -> impl Iterator<Item = (WorkerId, u64, u64)> + '_ {
        self.users.iter().map(|u| (u.worker, u.waited, u.longest_wait))
    }

    /// Returns the start and the end of each worker's longest wait that has ended.
    pub(crate) fn longest_waits(&self) -> impl Iterator<Item = (WorkerId, Stamp, Stamp)> + '_ {
        let waited = self.users.iter().filter(|u| u.longest_wait > 0);
        waited.map(|u| (u.worker, u.longest_wait_end.earlier_by(Span(u.longest_wait)), u.longest_wait_end))
    }

    /// Returns the newest known grant of a worker.
    pub(crate) fn last_grant_of(&self, worker: WorkerId) -> Grant {
        self.users.binary_search_by_key(&worker, |u| u.worker).map_or(Grant(0), |i| self.users[i].last_grant)
    }

    #[inline]
    pub(super) fn user_entry(&mut self, worker: WorkerId) -> &mut LockUse {
        // Workers of one group have consecutive ids: the distance from the first one is nearly always the index.
        let guess = self.users.first().map_or(0, |first| worker.index().wrapping_sub(first.worker.index()));
        if self.users.get(guess).is_some_and(|u| u.worker == worker) {
            return &mut self.users[guess];
        }
        let index = self.users.binary_search_by_key(&worker, |u| u.worker).unwrap_or_else(|index| {
            self.users.insert(
                index,
                LockUse {
                    worker,
                    acquired: 0,
                    waited: 0,
                    longest_wait: 0,
                    longest_wait_end: Stamp(0),
                    last_grant: Grant(0),
                    streak: TimeoutStreak::default(),
                },
            );
            index
        });
        &mut self.users[index]
    }

    /// Forgets a worker that is gone.
    pub(crate) fn forget_user(&mut self, worker: WorkerId) {
        if let Ok(index) = self.users.binary_search_by_key(&worker, |u| u.worker) {
            self.users.remove(index);
        }
    }

    /// Returns how often each worker gave up since it last held the lock.
    pub(crate) fn timeout_streaks(&self) -> impl Iterator<Item = (WorkerId, TimeoutStreak)> + '_ {
        self.users.iter().map(|user| (user.worker, user.streak)).filter(|(_, streak)| streak.timeouts > 0)
    }
}
