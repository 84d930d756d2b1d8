//! One lock: who has it, who waits for it, how long that takes.

mod cells;
mod ghosts;
mod handoff;
mod holders;
mod in_use;
mod recent;
mod seen;
mod users;

pub use self::cells::LockCell;
use self::cells::{Hold, Traffic};
use self::ghosts::Ghosts;
pub use self::holders::Room;
pub use self::recent::RecentUse;
use self::recent::Since;
pub(crate) use self::seen::Seen;
pub(super) use self::users::Streak;
use self::users::Use;
use super::history::History;
use super::plan::Plan;
use super::times::Times;
use contend_trace::{Grant, Stamp, WorkerId};

/// A hold whose end is not known yet.
#[derive(Debug, Clone, Copy)]
struct Open {
    grant: Grant,
    worker: WorkerId,
    from: Stamp,
    /// Whether `from` is when it was taken: not so when that event was lost and a later list names the hold.
    whole: bool,
    /// Whether events of the holder were lost since.
    doubtful: bool,
    /// The holder's death, if it died with it.
    until: Option<Stamp>,
    /// Whether the holder has begun another life since: this hold never ends.
    former: bool,
}

#[derive(Debug, Clone, Copy)]
struct Waiter {
    worker: WorkerId,
    since: Stamp,
    /// Its death, if it died waiting.
    until: Option<Stamp>,
}

#[derive(Debug, Clone)]
pub struct Lock {
    room: Room,
    acquired: u64,
    contended: u64,
    gave_up: u64,
    orphaned: u64,
    posted: u64,
    /// Permits that their holders returned.
    returned: u64,
    /// Whether a worker ever took several at once; who took it last, and when.
    in_bulk: bool,
    taken: (WorkerId, Stamp),
    wait: Times,
    hold: Times,
    /// The highest grant seen: whoever has it is the owner, or nobody is.
    newest: Grant,
    open: Vec<Open>,
    waiters: Vec<Waiter>,
    ghosts: Ghosts,
    /// Sorted by worker.
    users: Vec<Use>,
    pub(super) seen: Seen,
    history: History<Traffic>,
    /// The newest holds, each at its grant modulo their number.
    exact: Vec<Hold>,
    exact_most: usize,
    /// What it went through since the settings were changed, if they were.
    since: Option<Box<Since>>,
}

impl Lock {
    pub(super) fn new(plan: &Plan, room: Room) -> Self {
        Self {
            room,
            posted: 0,
            returned: 0,
            in_bulk: false,
            taken: (WorkerId(0), Stamp(0)),
            acquired: 0,
            contended: 0,
            gave_up: 0,
            orphaned: 0,
            wait: Times::new(plan.digits),
            hold: Times::new(plan.digits),
            newest: Grant(0),
            open: Vec::new(),
            waiters: Vec::new(),
            ghosts: Ghosts::default(),
            users: Vec::new(),
            seen: Seen::new(plan.grants),
            history: History::new(plan.shape),
            exact: Vec::new(),
            exact_most: plan.holds.next_power_of_two(),
            since: None,
        }
    }

    /// How many can have it at once.
    pub fn room(&self) -> Room {
        self.room
    }

    pub fn acquired(&self) -> u64 {
        self.acquired
    }

    /// Acquisitions that had to wait.
    pub fn contended(&self) -> u64 {
        self.contended
    }

    /// Timed waits that ended without the lock.
    pub fn gave_up(&self) -> u64 {
        self.gave_up
    }

    /// Whether a worker ever took several permits in one step.
    pub(super) fn is_taken_in_bulk(&self) -> bool {
        self.in_bulk
    }

    /// Waits of contended acquisitions only.
    pub fn wait(&self) -> &Times {
        &self.wait
    }

    /// Holds that ended.
    pub fn hold(&self) -> &Times {
        &self.hold
    }

    /// How many times its owner was found dead.
    pub fn orphaned(&self) -> u64 {
        self.orphaned
    }

    /// Permits given that were not held.
    pub fn posted(&self) -> u64 {
        self.posted
    }

    /// Who waits for it now, since when; longest first.
    pub fn waiters(&self) -> Vec<(WorkerId, Stamp)> {
        let living = self.waiters.iter().filter(|w| w.until.is_none());
        let mut waiters: Vec<_> = living.map(|w| (w.worker, w.since)).collect();
        waiters.sort_by_key(|(worker, since)| (*since, *worker));
        waiters
    }

    /// A worker begins to wait. Returns its place among the waiters.
    #[inline]
    pub(super) fn enter(&mut self, worker: WorkerId, since: Stamp) -> u32 {
        self.user(worker);
        self.waiters.push(Waiter { worker, since, until: None });
        self.waiters.len() as u32 - 1
    }

    /// The waiter at `place` waits no more. Returns the worker that has that place now, if one has.
    #[inline]
    pub(super) fn leave(&mut self, place: u32, at: Stamp) -> Option<WorkerId> {
        if place as usize >= self.waiters.len() {
            return None;
        }
        let waiter = self.waiters.swap_remove(place as usize);
        let at = waiter.until.map_or(at, |dead| dead.min(at));
        self.history.add(waiter.since, at, |traffic, a, b| cells::add(&mut traffic.waited, b - a));
        let waited = at.since(waiter.since).0;
        let user = self.user(waiter.worker);
        user.waited = user.waited.saturating_add(waited);
        // Equal ones: the later one, so that the order of arrival cannot matter.
        (user.longest, user.longest_until) = (user.longest, user.longest_until).max((waited, at));
        self.waiters.get(place as usize).map(|moved| moved.worker)
    }

    pub(super) fn give_up(&mut self, worker: WorkerId, at: Stamp) {
        self.gave_up += 1;
        let streak = &mut self.user(worker).streak;
        if streak.gave_up == 0 {
            streak.since = at;
        }
        streak.gave_up = streak.gave_up.saturating_add(1);
        streak.last = at;
    }

    pub(super) fn orphaned_once(&mut self) {
        self.orphaned += 1;
    }

    /// A worker has the lock; it waited since `waiting`, if it had to.
    #[inline]
    pub(super) fn take(&mut self, worker: WorkerId, grant: Grant, at: Stamp, waiting: Option<Stamp>) {
        self.acquired += 1;
        if let Some(since) = waiting {
            self.had_waited(since, at);
        }
        // Permits that are taken in one step have one stamp, and come one after the other.
        self.in_bulk |= self.room != Room::One && self.taken == (worker, at);
        self.taken = (worker, at);
        let user = self.user(worker);
        user.acquired += 1;
        user.streak = Streak::default();
        self.note(worker, grant);
        self.open.push(Open { grant, worker, from: at, whole: true, doubtful: false, until: None, former: false });
    }

    /// A worker passed a semaphore and holds nothing of it.
    pub(super) fn pass(&mut self, worker: WorkerId, grant: Grant, at: Stamp, waiting: Option<Stamp>) {
        self.acquired += 1;
        if let Some(since) = waiting {
            self.had_waited(since, at);
        }
        self.user(worker).acquired += 1;
        self.note(worker, grant);
        self.history.at(at).ended += 1;
    }

    #[inline]
    fn had_waited(&mut self, since: Stamp, at: Stamp) {
        self.contended += 1;
        self.wait.record(at.since(since));
        if let Some(recent) = &mut self.since {
            recent.waited(since, at);
        }
    }

    pub(super) fn post(&mut self) {
        self.posted += 1;
    }

    /// A list before a wait names a hold: the lock is held for certain, at the latest since `at`.
    pub(super) fn confirm(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
        self.note(worker, grant);
        if let Some(open) = self.open.iter_mut().find(|open| open.grant == grant && open.worker == worker) {
            open.doubtful = false;
            return;
        }
        let open = Open { grant, worker, from: at, whole: false, doubtful: false, until: None, former: false };
        self.open.push(open);
    }

    #[inline]
    fn note(&mut self, worker: WorkerId, grant: Grant) {
        self.seen.mark(grant.number());
        self.newest = self.newest.later(grant);
        let user = self.user(worker);
        user.last = user.last.later(grant);
    }

    /// A worker gave the lock back.
    #[inline]
    pub(super) fn give(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
        self.newest = self.newest.later(grant);
        self.returned += 1;
        let Some(open) = self.remove(worker, grant) else { return };
        if open.whole {
            self.hold.record(at.since(open.from));
            if let Some(recent) = &mut self.since {
                recent.held(open.from, at.since(open.from));
            }
        }
        self.past(&open, at);
        self.history.at(at).ended += 1;
    }

    /// A hold ended at a time that is not known, or never: `until` if its holder died then.
    pub(super) fn forget(&mut self, worker: WorkerId, grant: Grant) {
        if let Some(open) = self.remove(worker, grant) {
            self.past(&open, open.until.unwrap_or(open.from));
        }
    }

    /// The holder begins another life and has not given it back: nobody ever will.
    pub(super) fn outlive(&mut self, worker: WorkerId, grant: Grant) {
        let hold = |open: &&mut Open| open.worker == worker && open.grant == grant;
        self.open.iter_mut().filter(hold).for_each(|open| open.former = true);
    }

    /// Events of the holder were lost.
    pub(super) fn doubt(&mut self, worker: WorkerId) {
        self.open_of(worker).for_each(|open| open.doubtful = true);
    }

    /// Holds of a worker's present life.
    fn open_of(&mut self, worker: WorkerId) -> impl Iterator<Item = &mut Open> {
        self.open.iter_mut().filter(move |open| open.worker == worker && !open.former)
    }

    /// A worker that holds it or waits for it is dead since `at`.
    pub(super) fn bury(&mut self, worker: WorkerId, at: Stamp) {
        self.open_of(worker).for_each(|open| open.until = Some(at));
        self.waiters.iter_mut().filter(|w| w.worker == worker).for_each(|w| w.until = Some(at));
    }

    #[inline]
    fn remove(&mut self, worker: WorkerId, grant: Grant) -> Option<Open> {
        let place = self.open.iter().position(|open| open.grant == grant && open.worker == worker)?;
        Some(self.open.swap_remove(place))
    }

    /// Puts a hold that is over into the history.
    #[inline]
    fn past(&mut self, open: &Open, to: Stamp) {
        self.history.add(open.from, to, |traffic, a, b| cells::add(&mut traffic.held, b - a));
        let hold = Hold { grant: open.grant, worker: open.worker, from: open.from, to };
        let place = open.grant.number() as usize & (self.exact_most - 1);
        if place >= self.exact.len() {
            self.exact.resize(place + 1, Hold::default());
        }
        let kept = &mut self.exact[place];
        let rank = |hold: &Hold| (hold.grant.number(), hold.worker, hold.from, hold.to);
        if rank(kept) < rank(&hold) {
            *kept = hold;
        }
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.history.bytes()
            + self.exact.capacity() * size_of::<Hold>()
            + self.users.capacity() * size_of::<Use>()
            + self.waiters.capacity() * size_of::<Waiter>()
            + self.open.capacity() * size_of::<Open>()
            + self.seen.bytes()
            + self.wait.bytes()
            + self.hold.bytes()
            + self.since.as_ref().map_or(0, |since| since.bytes())
    }
}
