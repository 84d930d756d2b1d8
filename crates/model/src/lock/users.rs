//! What each of a lock's users had of it.

use super::Lock;
use contend_trace::{Grant, Span, Stamp, WorkerId};

/// What one worker had of the lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub worker: WorkerId,
    pub acquired: u64,
    /// ns
    pub waited: u64,
    pub longest: u64,
    /// When its longest wait ended.
    pub longest_until: Stamp,
    /// Its newest grant.
    pub last: Grant,
    pub streak: Streak,
}

/// Timed waits in a row that one worker ended without the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Streak {
    pub gave_up: u32,
    /// The first and the last of them.
    pub since: Stamp,
    pub last: Stamp,
}

/// Jain's index of some counts; none when all are 0.
pub(super) fn jain(counts: impl Iterator<Item = u64>) -> Option<f64> {
    let (mut users, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for count in counts.map(|count| count as f64) {
        users += 1.0;
        sum += count;
        squares += count * count;
    }
    (squares > 0.0).then(|| sum * sum / (users * squares))
}

impl Lock {
    /// Jain's index over the workers that asked for it: 1 is fair, 1/n is one of n taking all. None when nobody did.
    /// (Jain, Chiu, Hawe: A quantitative measure of fairness, DEC-TR-301, 1984.)
    pub fn fairness(&self) -> Option<f64> {
        jain(self.users.iter().map(|u| u.acquired))
    }

    /// How many times each worker that asked for it got it.
    pub fn by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        self.users.iter().map(|u| (u.worker, u.acquired))
    }

    /// How long each worker that asked for it waited: in all, and at most, ns. Without the waits that go on.
    pub fn waits_by_worker(&self) -> impl Iterator<Item = (WorkerId, u64, u64)> + '_ {
        self.users.iter().map(|u| (u.worker, u.waited, u.longest))
    }

    /// The longest wait of each worker that waited and waits no more: from when to when.
    pub(crate) fn longest_waits(&self) -> impl Iterator<Item = (WorkerId, Stamp, Stamp)> + '_ {
        let waited = self.users.iter().filter(|u| u.longest > 0);
        waited.map(|u| (u.worker, u.longest_until.back(Span(u.longest)), u.longest_until))
    }

    /// The newest grant a worker is known to have had.
    pub(crate) fn last_of(&self, worker: WorkerId) -> Grant {
        self.users.binary_search_by_key(&worker, |u| u.worker).map_or(Grant(0), |i| self.users[i].last)
    }

    #[inline]
    pub(super) fn user(&mut self, worker: WorkerId) -> &mut Use {
        // Workers of one group are neighbours: the distance from the first one is nearly always the place.
        let guess = self.users.first().map_or(0, |first| worker.index().wrapping_sub(first.worker.index()));
        if self.users.get(guess).is_some_and(|u| u.worker == worker) {
            return &mut self.users[guess];
        }
        let place = self.users.binary_search_by_key(&worker, |u| u.worker).unwrap_or_else(|place| {
            self.users.insert(
                place,
                Use {
                    worker,
                    acquired: 0,
                    waited: 0,
                    longest: 0,
                    longest_until: Stamp(0),
                    last: Grant(0),
                    streak: Streak::default(),
                },
            );
            place
        });
        &mut self.users[place]
    }

    /// How often each worker gave up since it last had the lock.
    pub(crate) fn streaks(&self) -> impl Iterator<Item = (WorkerId, Streak)> + '_ {
        self.users.iter().map(|user| (user.worker, user.streak)).filter(|(_, streak)| streak.gave_up > 0)
    }
}
