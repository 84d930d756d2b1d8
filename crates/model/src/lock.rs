//! A mutex, a semaphore or an rwlock as the model sees it: holders, waiters, and the durations of holds and waits.

mod cells;
mod dead_requests;
mod grant_set;
mod handoff;
mod holders;
mod request;
mod since_change;
mod users;
mod utilization;

pub use self::cells::LockCell;
use self::cells::{LockBucket, PastHold};
use self::dead_requests::DeadRequests;
pub(crate) use self::grant_set::GrantSet;
pub use self::holders::LockCapacity;
pub(crate) use self::request::LockRequest;
use self::since_change::LockBaseline;
pub use self::since_change::RecentLockUse;
use self::users::LockUse;
pub(super) use self::users::TimeoutStreak;
use super::buffer_sizes::BufferSizes;
use super::duration_stats::DurationStats;
use super::history::History;
use contend_trace::{Grant, Stamp, WorkerId};

/// A hold whose end is not known yet.
#[derive(Debug, Clone, Copy)]
struct OpenHold {
    grant: Grant,
    worker: WorkerId,
    from: Stamp,
    /// Whether `from` is when the lock was taken: not if that event was lost and only a later list names the hold.
    is_start_known: bool,
    /// Whether events of the holder were lost since then.
    is_uncertain: bool,
    /// The holder's death, if it died with the lock.
    died_at: Option<Stamp>,
    /// Whether the holder has begun another life since then: this hold never ends.
    is_former_life: bool,
}

/// A worker that waits for the lock.
#[derive(Debug, Clone, Copy)]
struct LockWaiter {
    worker: WorkerId,
    since: Stamp,
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
    pub(super) fn add_waiter(&mut self, worker: WorkerId, since: Stamp) -> u32 {
        self.user_entry(worker);
        self.waiters.push(LockWaiter { worker, since, died_at: None });
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
        self.history.add(waiter.since, at, |traffic, a, b| cells::saturating_add_to(&mut traffic.waited, b - a));
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
        self.open_holds.push(OpenHold {
            grant,
            worker,
            from: at,
            is_start_known: true,
            is_uncertain: false,
            died_at: None,
            is_former_life: false,
        });
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

    /// Records that the list before a wait names this hold: the worker certainly holds the lock, at the latest since `at`.
    pub(super) fn confirm_hold(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
        self.note_grant(worker, grant);
        if let Some(open) = self.open_holds.iter_mut().find(|open| open.grant == grant && open.worker == worker) {
            open.is_uncertain = false;
            return;
        }
        let open = OpenHold {
            grant,
            worker,
            from: at,
            is_start_known: false,
            is_uncertain: false,
            died_at: None,
            is_former_life: false,
        };
        self.open_holds.push(open);
    }

    #[inline]
    fn note_grant(&mut self, worker: WorkerId, grant: Grant) {
        self.grants.insert(grant.number());
        self.newest_grant = self.newest_grant.later(grant);
        let user = self.user_entry(worker);
        user.last_grant = user.last_grant.later(grant);
    }

    /// Records that a worker released the lock.
    #[inline]
    pub(super) fn record_release(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
        self.newest_grant = self.newest_grant.later(grant);
        self.returned += 1;
        let Some(open) = self.remove_hold(worker, grant) else { return };
        if open.is_start_known {
            self.hold_times.record(at.span_since(open.from));
            if let Some(recent) = &mut self.baseline {
                recent.record_hold(open.from, at.span_since(open.from));
            }
        }
        self.archive_hold(&open, at);
        self.history.at(at).ended += 1;
    }

    /// Drops a hold whose end is unknown. It counts until the holder's death, if the holder died with it.
    pub(super) fn drop_hold(&mut self, worker: WorkerId, grant: Grant) {
        if let Some(open) = self.remove_hold(worker, grant) {
            self.archive_hold(&open, open.died_at.unwrap_or(open.from));
        }
    }

    /// Marks a hold that the worker did not release before it began another life: no worker ever will.
    pub(super) fn mark_former_life(&mut self, worker: WorkerId, grant: Grant) {
        let hold = |open: &&mut OpenHold| open.worker == worker && open.grant == grant;
        self.open_holds.iter_mut().filter(hold).for_each(|open| open.is_former_life = true);
    }

    /// Marks the holds of a worker whose events were lost.
    pub(super) fn mark_uncertain(&mut self, worker: WorkerId) {
        self.open_holds_of(worker).for_each(|open| open.is_uncertain = true);
    }

    /// Returns the open holds of a worker's present life.
    fn open_holds_of(&mut self, worker: WorkerId) -> impl Iterator<Item = &mut OpenHold> {
        self.open_holds.iter_mut().filter(move |open| open.worker == worker && !open.is_former_life)
    }

    /// Records that a worker, which may hold the lock or wait for it, is dead since `at`.
    pub(super) fn mark_dead(&mut self, worker: WorkerId, at: Stamp) {
        self.open_holds_of(worker).for_each(|open| open.died_at = Some(at));
        self.waiters.iter_mut().filter(|w| w.worker == worker).for_each(|w| w.died_at = Some(at));
    }

    #[inline]
    fn remove_hold(&mut self, worker: WorkerId, grant: Grant) -> Option<OpenHold> {
        let place = self.open_holds.iter().position(|open| open.grant == grant && open.worker == worker)?;
        Some(self.open_holds.swap_remove(place))
    }

    /// Adds a hold that ended to the history.
    #[inline]
    fn archive_hold(&mut self, open: &OpenHold, to: Stamp) {
        self.history.add(open.from, to, |traffic, a, b| cells::saturating_add_to(&mut traffic.held, b - a));
        let hold = PastHold { grant: open.grant, worker: open.worker, from: open.from, to };
        let place = open.grant.number() as usize & (self.max_exact_holds - 1);
        if place >= self.exact_holds.len() {
            self.exact_holds.resize(place + 1, PastHold::default());
        }
        let kept = &mut self.exact_holds[place];
        let rank = |hold: &PastHold| (hold.grant.number(), hold.worker, hold.from, hold.to);
        if rank(kept) < rank(&hold) {
            *kept = hold;
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
