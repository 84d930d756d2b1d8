//! A mutex, a semaphore or an rwlock as the model sees it: holders, waiters, and the durations of holds and waits.

mod cells;
mod dead_requests;
mod grant_set;
mod handoff;
mod holders;
mod holds;
mod kept_holds;
mod request;
mod since_change;
mod users;
mod utilization;

pub use self::cells::LockCell;
use self::cells::{LockBucket, PastHold};
use self::dead_requests::DeadRequests;
pub(crate) use self::grant_set::GrantSet;
pub use self::holders::LockCapacity;
use self::holds::OpenHold;
pub(crate) use self::kept_holds::{Hold, Holding};
pub(crate) use self::request::LockRequest;
use self::since_change::LockBaseline;
pub use self::since_change::RecentLockUse;
use self::users::LockUse;
pub(super) use self::users::TimeoutStreak;
use super::buffer_sizes::BufferSizes;
use super::duration_stats::DurationStats;
use super::history::History;
use contend_trace::{Grant, Stamp, WorkerId};

/// A worker that waits for the lock.
#[derive(Debug, Clone, Copy)]
struct LockWaiter {
    worker: WorkerId,
    since: Stamp,
    /// Whether it waits to write, as far as that is known.
    is_writer: bool,
    /// The worker's death, if it died waiting.
    died_at: Option<Stamp>,
}

/// A mutex, a semaphore or an rwlock.
#[derive(Debug, Clone)]
pub struct Lock {
    capacity: LockCapacity,
    acquired: u64,
    contended: u64,
    timeouts: u64,
    orphanings: u64,
    posts: u64,
    /// Holds that ended with a release.
    returned: u64,
    /// Whether a worker ever took several permits in one step; and the last acquisition.
    is_taken_in_bulk: bool,
    last_taken: (WorkerId, Stamp),
    wait_times: DurationStats,
    hold_times: DurationStats,
    /// The highest known grant. The owner of the lock, if there is one, has this grant.
    newest_grant: Grant,
    open_holds: Vec<OpenHold>,
    waiters: Vec<LockWaiter>,
    dead_requests: DeadRequests,
    /// Sorted by worker.
    users: Vec<LockUse>,
    pub(super) grants: GrantSet,
    history: History<LockBucket>,
    /// The newest holds, each at the index of its grant modulo `max_exact_holds`.
    exact_holds: Vec<PastHold>,
    max_exact_holds: usize,
    /// All holds that ended later are among `exact_holds`.
    forgotten_until: Stamp,
    /// The figures since the last change of settings, if there was one.
    baseline: Option<Box<LockBaseline>>,
}

impl Lock {
    pub(super) fn new(sizes: &BufferSizes, capacity: LockCapacity) -> Self {
        Self {
            capacity,
            posts: 0,
            returned: 0,
            is_taken_in_bulk: false,
            last_taken: (WorkerId(0), Stamp(0)),
            acquired: 0,
            contended: 0,
            timeouts: 0,
            orphanings: 0,
            wait_times: DurationStats::new(sizes.digits),
            hold_times: DurationStats::new(sizes.digits),
            newest_grant: Grant(0),
            open_holds: Vec::new(),
            waiters: Vec::new(),
            dead_requests: DeadRequests::default(),
            users: Vec::new(),
            grants: GrantSet::new(sizes.grant_words),
            history: History::new(sizes.shape),
            exact_holds: Vec::new(),
            max_exact_holds: sizes.holds_per_lock.next_power_of_two(),
            forgotten_until: Stamp(0),
            baseline: None,
        }
    }

    /// Returns how many workers can hold the lock at once.
    pub fn capacity(&self) -> LockCapacity {
        self.capacity
    }

    pub fn acquired(&self) -> u64 {
        self.acquired
    }

    /// Returns the number of acquisitions that had to wait.
    pub fn contended(&self) -> u64 {
        self.contended
    }

    /// Returns the number of timed waits that ended without the lock.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// Whether a worker ever took several permits in one step.
    pub(super) fn is_taken_in_bulk(&self) -> bool {
        self.is_taken_in_bulk
    }

    /// Returns the durations of the waits of contended acquisitions.
    pub fn wait_times(&self) -> &DurationStats {
        &self.wait_times
    }

    /// Returns the durations of the holds that ended.
    pub fn hold_times(&self) -> &DurationStats {
        &self.hold_times
    }

    /// Returns how many times the owner was found dead.
    pub fn orphanings(&self) -> u64 {
        self.orphanings
    }

    /// Returns how many permits were posted, that is, released without having been held.
    pub fn posts(&self) -> u64 {
        self.posts
    }

    /// Returns the workers that wait now, and since when; longest first.
    pub fn waiters(&self) -> Vec<(WorkerId, Stamp)> {
        let living = self.waiters.iter().filter(|w| w.died_at.is_none());
        let mut waiters: Vec<_> = living.map(|w| (w.worker, w.since)).collect();
        waiters.sort_by_key(|(worker, since)| (*since, *worker));
        waiters
    }

    /// Adds a waiter and returns its index among the waiters.
    #[inline]
    pub(super) fn add_waiter(&mut self, worker: WorkerId, since: Stamp, request: LockRequest) -> u32 {
        self.user_entry(worker);
        let is_writer = matches!(request, LockRequest::Write { .. });
        self.waiters.push(LockWaiter { worker, since, is_writer, died_at: None });
        self.waiters.len() as u32 - 1
    }

    /// Removes the waiter at `index`. Returns the waiter that has this index now, if there is one.
    #[inline]
    pub(super) fn remove_waiter(&mut self, index: u32, at: Stamp) -> Option<WorkerId> {
        if index as usize >= self.waiters.len() {
            return None;
        }
        let waiter = self.waiters.swap_remove(index as usize);
        let at = waiter.died_at.map_or(at, |dead| dead.min(at));
        self.history.add(waiter.since, at, |traffic, a, b| traffic.add_wait(b - a, waiter.is_writer));
        let waited = at.span_since(waiter.since).0;
        let user = self.user_entry(waiter.worker);
        user.waited = user.waited.saturating_add(waited);
        // Of equal waits the later one counts, so that the result does not depend on the order of arrival.
        (user.longest_wait, user.longest_wait_end) = (user.longest_wait, user.longest_wait_end).max((waited, at));
        self.waiters.get(index as usize).map(|moved| moved.worker)
    }

    pub(super) fn record_timeout(&mut self, worker: WorkerId, at: Stamp) {
        self.timeouts += 1;
        let streak = &mut self.user_entry(worker).streak;
        if streak.timeouts == 0 {
            streak.since = at;
        }
        streak.timeouts = streak.timeouts.saturating_add(1);
        streak.last = at;
    }

    pub(super) fn record_orphaned(&mut self) {
        self.orphanings += 1;
    }

    /// Records that a worker took the lock, after a wait since `waiting` if it had to wait.
    #[inline]
    pub(super) fn record_acquire(&mut self, worker: WorkerId, grant: Grant, at: Stamp, waiting: Option<Stamp>) {
        self.acquired += 1;
        if let Some(since) = waiting {
            self.record_wait(since, at);
        }
        // Permits taken in one step have one stamp, and their events follow each other.
        self.is_taken_in_bulk |= self.capacity != LockCapacity::Exclusive && self.last_taken == (worker, at);
        self.last_taken = (worker, at);
        let user = self.user_entry(worker);
        user.acquired += 1;
        user.streak = TimeoutStreak::default();
        self.note_grant(worker, grant);
        self.open_holds.push(OpenHold::new(worker, grant, at, true));
    }

    /// Records that a worker passed a semaphore that is used as a signal: it holds no permit afterwards.
    pub(super) fn record_pass(&mut self, worker: WorkerId, grant: Grant, at: Stamp, waiting: Option<Stamp>) {
        self.acquired += 1;
        if let Some(since) = waiting {
            self.record_wait(since, at);
        }
        self.user_entry(worker).acquired += 1;
        self.note_grant(worker, grant);
        self.history.at(at).ended += 1;
    }

    #[inline]
    fn record_wait(&mut self, since: Stamp, at: Stamp) {
        self.contended += 1;
        self.wait_times.record(at.span_since(since));
        if let Some(recent) = &mut self.baseline {
            recent.record_wait(since, at);
        }
    }

    pub(super) fn record_post(&mut self) {
        self.posts += 1;
    }

    /// Whether a worker holds it or waits for it, or died so.
    pub(super) fn is_in_use(&self) -> bool {
        !self.open_holds.is_empty() || !self.waiters.is_empty() || !self.dead_requests.is_empty()
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, sizes: &BufferSizes) {
        self.history.reshape(sizes.shape);
        self.grants.limit_words(sizes.grant_words);
        let kept = sizes.holds_per_lock.next_power_of_two();
        if kept < self.max_exact_holds {
            self.max_exact_holds = kept;
            for hold in std::mem::take(&mut self.exact_holds) {
                self.keep_hold(hold);
            }
        }
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes()
            + self.exact_holds.capacity() * size_of::<PastHold>()
            + self.users.capacity() * size_of::<LockUse>()
            + self.waiters.capacity() * size_of::<LockWaiter>()
            + self.open_holds.capacity() * size_of::<OpenHold>()
            + self.grants.heap_bytes()
            + self.wait_times.heap_bytes()
            + self.hold_times.heap_bytes()
            + self.baseline.as_ref().map_or(0, |since| since.heap_bytes())
    }
}
