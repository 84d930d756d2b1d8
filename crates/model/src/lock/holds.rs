//! The start and the end of holds: confirmed, released, dropped, or left behind by a dead worker.

use super::Lock;
use super::cells::{PastHold, saturating_add_to};
use contend_trace::{Grant, Stamp, WorkerId};

/// A hold whose end is not known yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenHold {
    pub grant: Grant,
    pub worker: WorkerId,
    pub from: Stamp,
    /// Whether `from` is when the lock was taken: not if that event was lost and only a later list names the hold.
    pub is_start_known: bool,
    /// Whether events of the holder were lost since then.
    pub is_uncertain: bool,
    /// The holder's death, if it died with the lock.
    pub died_at: Option<Stamp>,
    /// Whether the holder has begun another life since then: this hold never ends.
    pub is_former_life: bool,
}

impl OpenHold {
    pub(super) const fn new(worker: WorkerId, grant: Grant, from: Stamp, is_start_known: bool) -> Self {
        Self { grant, worker, from, is_start_known, is_uncertain: false, died_at: None, is_former_life: false }
    }
}

impl Lock {
    /// Records that the list before a wait names this hold: the worker certainly holds the lock, at the latest since
    /// `at`.
    pub(crate) fn confirm_hold(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
        self.note_grant(worker, grant);
        if let Some(open) = self.open_holds.iter_mut().find(|open| open.grant == grant && open.worker == worker) {
            open.is_uncertain = false;
            return;
        }
        self.open_holds.push(OpenHold::new(worker, grant, at, false));
    }

    #[inline]
    pub(super) fn note_grant(&mut self, worker: WorkerId, grant: Grant) {
        self.grants.insert(grant.number());
        self.newest_grant = self.newest_grant.later(grant);
        let user = self.user_entry(worker);
        user.last_grant = user.last_grant.later(grant);
    }

    /// Records that a worker released the lock.
    #[inline]
    pub(crate) fn record_release(&mut self, worker: WorkerId, grant: Grant, at: Stamp) {
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
    pub(crate) fn drop_hold(&mut self, worker: WorkerId, grant: Grant) {
        if let Some(open) = self.remove_hold(worker, grant) {
            self.archive_hold(&open, open.died_at.unwrap_or(open.from));
        }
    }

    /// Records that this copy of a lock was held by `holder` when it was made: no worker ever releases it.
    pub(crate) fn record_copied_hold(&mut self, holder: WorkerId, at: Stamp) {
        let grant = Grant(self.newest_grant.number() + 1);
        self.note_grant(holder, grant);
        let hold = OpenHold::new(holder, grant, at, true);
        self.open_holds.push(OpenHold { died_at: Some(at), is_former_life: true, ..hold });
    }

    /// Forgets the hold that this copy of a lock was made with: a new fork makes a new copy.
    pub(crate) fn drop_copied_hold(&mut self) {
        while let Some(open) = self.open_holds.iter().find(|open| open.is_former_life) {
            self.drop_hold(open.worker, open.grant);
        }
    }

    /// Marks a hold that the worker did not release before it began another life: no worker ever will.
    pub(crate) fn mark_former_life(&mut self, worker: WorkerId, grant: Grant) {
        let hold = |open: &&mut OpenHold| open.worker == worker && open.grant == grant;
        self.open_holds.iter_mut().filter(hold).for_each(|open| open.is_former_life = true);
    }

    /// Marks the holds of a worker whose events were lost.
    pub(crate) fn mark_uncertain(&mut self, worker: WorkerId) {
        self.open_holds_of(worker).for_each(|open| open.is_uncertain = true);
    }

    /// Returns the open holds of a worker's present life.
    fn open_holds_of(&mut self, worker: WorkerId) -> impl Iterator<Item = &mut OpenHold> {
        self.open_holds.iter_mut().filter(move |open| open.worker == worker && !open.is_former_life)
    }

    /// Records that a worker, which may hold the lock or wait for it, is dead since `at`.
    pub(crate) fn mark_dead(&mut self, worker: WorkerId, at: Stamp) {
        self.open_holds_of(worker).for_each(|open| open.died_at = Some(at));
        self.waiters.iter_mut().filter(|w| w.worker == worker).for_each(|w| w.died_at = Some(at));
    }

    #[inline]
    fn remove_hold(&mut self, worker: WorkerId, grant: Grant) -> Option<OpenHold> {
        let index = self.open_holds.iter().position(|open| open.grant == grant && open.worker == worker)?;
        Some(self.open_holds.swap_remove(index))
    }

    /// Adds a hold that ended to the history.
    #[inline]
    fn archive_hold(&mut self, open: &OpenHold, to: Stamp) {
        self.history.add(open.from, to, |traffic, a, b| saturating_add_to(&mut traffic.held, b - a));
        self.keep_hold(PastHold { grant: open.grant, worker: open.worker, from: open.from, to });
    }

    /// Keeps a hold that ended, unless a newer one has its place.
    pub(super) fn keep_hold(&mut self, hold: PastHold) {
        let index = hold.grant.number() as usize & (self.max_exact_holds - 1);
        if index >= self.exact_holds.len() {
            self.exact_holds.resize(index + 1, PastHold::default());
        }
        let kept = &mut self.exact_holds[index];
        let rank = |hold: &PastHold| (hold.grant.number(), hold.worker, hold.from, hold.to);
        let replaced = if rank(kept) < rank(&hold) { std::mem::replace(kept, hold) } else { hold };
        if replaced.grant.number() > 0 {
            self.forgotten_until = self.forgotten_until.max(replaced.to);
        }
    }
}
