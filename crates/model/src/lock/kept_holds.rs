//! Holds of a lock over an interval: which worker held it when, and when it was certainly free.

use super::{Lock, LockCapacity};
use contend_trace::{Stamp, WorkerId};

/// The holder of a lock at one moment, as far as the events show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holding {
    Held(WorkerId),
    /// No worker held it; the next to take it was this one, if that is known.
    Free(Option<WorkerId>),
    Unknown,
}

/// A hold that has ended, or is open until the moment of the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    pub number: u64,
    pub worker: WorkerId,
    pub from: Stamp,
    pub to: Stamp,
    /// Whether its end is unknown.
    pub is_vague: bool,
    /// Whether its release has not arrived.
    pub is_open: bool,
}

impl Lock {
    /// Calls `visit` with each part of `from..to` and the workers that hold the lock in it, in order and without a
    /// break. Several workers are visited with the same part one after the other, with their number. Where events were
    /// lost (`is_complete` is false), a time without a known holder counts as free only if the numbers of the grants
    /// prove it.
    pub(crate) fn visit_holdings(
        &self,
        (from, to): (Stamp, Stamp),
        now: Stamp,
        is_complete: bool,
        visit: impl FnMut(Stamp, Stamp, &[Holding]),
    ) {
        if from >= to {
            return;
        }
        match self.capacity {
            LockCapacity::Exclusive => self.visit_exclusive((from, to), now, is_complete, visit),
            LockCapacity::Permits { scoped: false, .. } => {
                let mut visit = visit;
                visit(from, to, &[Holding::Unknown]);
            }
            LockCapacity::Permits { .. } | LockCapacity::ReadersWriter => {
                self.visit_shared((from, to), now, is_complete, visit);
            }
        }
    }

    /// Returns all holds that lasted at `from` or began later. `None` if not all of them are kept, or if the end of one
    /// is unknown.
    pub(crate) fn holds_since(&self, from: Stamp, now: Stamp) -> Option<Vec<Hold>> {
        let holds: Vec<Hold> = self.kept_holds(now).filter(|hold| hold.to >= from).collect();
        (from >= self.forgotten_until && !holds.iter().any(|hold| hold.is_vague)).then_some(holds)
    }

    /// Returns when the lock is next taken or released after `t`, or was last before `t` (`forward` is false).
    pub(crate) fn hold_change(&self, t: Stamp, now: Stamp, forward: bool) -> Option<Stamp> {
        let past = self.exact_holds.iter().filter(|hold| hold.grant.number() > 0).flat_map(|hold| [hold.from, hold.to]);
        let changes = past.chain(self.open_holds.iter().map(|open| open.from));
        let is_wanted = |at: &Stamp| if forward { *at > t && *at <= now } else { *at < t };
        crate::row_events::nearest(changes.filter(is_wanted), forward)
    }

    /// Returns when the last hold ended that ended at `t` or before, as far back as holds are kept.
    pub(crate) fn last_release_before(&self, t: Stamp) -> Option<Stamp> {
        self.exact_holds.iter().filter(|hold| hold.grant.number() > 0 && hold.to <= t).map(|hold| hold.to).max()
    }

    /// Returns all holds that are kept, open ones until `now`: those that have ended in the order of their grants, if
    /// none is missing, then those that are open.
    fn kept_holds(&self, now: Stamp) -> impl Iterator<Item = Hold> + '_ {
        let is_full = self.exact_holds.len() == self.max_exact_holds;
        let oldest = if is_full { (self.newest_grant.number() as usize + 1) & (self.max_exact_holds - 1) } else { 0 };
        let (newer, older) = self.exact_holds.split_at(oldest);
        let past = older.iter().chain(newer).filter(|hold| hold.grant.number() > 0).map(|hold| Hold {
            number: hold.grant.number(),
            worker: hold.worker,
            from: hold.from,
            to: hold.to,
            is_vague: hold.to <= hold.from,
            is_open: false,
        });
        let open = self.open_holds.iter().map(move |open| Hold {
            number: open.grant.number(),
            worker: open.worker,
            from: open.from,
            // A release is recorded after the lock is free, so that the next acquisition can arrive first: the hold
            // lasted until then, or a moment less.
            to: if open.is_uncertain { open.from } else { now.max(open.from) },
            is_vague: open.is_uncertain,
            is_open: true,
        });
        past.chain(open)
    }

    fn visit_exclusive(
        &self,
        (from, to): (Stamp, Stamp),
        now: Stamp,
        is_complete: bool,
        mut visit: impl FnMut(Stamp, Stamp, &[Holding]),
    ) {
        let (mut holds, mut before, mut after): (Vec<Hold>, Option<Hold>, Option<Hold>) = (Vec::new(), None, None);
        for hold in self.kept_holds(now) {
            if hold.to > from && hold.from < to {
                holds.push(hold);
            } else if hold.from >= to {
                after = after.filter(|other| other.number < hold.number).or(Some(hold));
            } else {
                before = before.filter(|other| other.number > hold.number).or(Some(hold));
            }
        }
        holds.sort_unstable_by_key(|hold| (hold.number, hold.worker));
        // Two holders of one grant are impossible. If they occur, the result does not depend on the order of arrival.
        holds.dedup_by_key(|hold| hold.number);
        let (mut at, mut last) = (from, before);
        let mut holds = holds.into_iter().chain(after).peekable();
        while let Some(hold) = holds.next() {
            let begin = hold.from.clamp(at, to);
            if begin > at {
                let is_free = last.map_or(hold.number == 1, |last| last.number + 1 == hold.number && !last.is_vague);
                visit(at, begin, &[if is_free { Holding::Free(Some(hold.worker)) } else { Holding::Unknown }]);
            }
            // Stamps of two threads can overlap: the later grant counts.
            let next = holds.peek();
            let is_lost = hold.is_open && next.is_some_and(|next| next.number > hold.number + 1);
            let hold = Hold { is_vague: hold.is_vague || is_lost, ..hold };
            let end =
                if is_lost { begin } else { next.map_or(hold.to, |next| hold.to.min(next.from)) }.clamp(begin, to);
            if end > begin {
                visit(begin, end, &[Holding::Held(hold.worker)]);
            }
            (at, last) = (end, Some(hold));
        }
        if at < to {
            let is_free = last.map_or(is_complete && self.newest_grant.number() == 0, |last| {
                last.number == self.newest_grant.number() && !last.is_vague
            });
            visit(at, to, &[if is_free { Holding::Free(None) } else { Holding::Unknown }]);
        }
    }

    fn visit_shared(
        &self,
        (from, to): (Stamp, Stamp),
        now: Stamp,
        is_complete: bool,
        mut visit: impl FnMut(Stamp, Stamp, &[Holding]),
    ) {
        let mut holds: Vec<Hold> = self.kept_holds(now).filter(|hold| hold.to > from && hold.from < to).collect();
        holds.sort_unstable_by_key(|hold| (hold.from, hold.number, hold.worker));
        let mut cuts: Vec<Stamp> = holds.iter().flat_map(|hold| [hold.from, hold.to]).collect();
        cuts.extend([to, self.forgotten_until]);
        cuts.retain(|cut| *cut > from && *cut <= to);
        cuts.sort_unstable();
        cuts.dedup();
        let (mut at, mut next, mut open) = (from, 0, Vec::<Hold>::new());
        let mut holders = Vec::new();
        for cut in cuts {
            while let Some(hold) = holds.get(next).filter(|hold| hold.from <= at) {
                open.push(*hold);
                next += 1;
            }
            open.retain(|hold| hold.to > at);
            holders.clear();
            if !is_complete || at < self.forgotten_until {
                holders.push(Holding::Unknown);
            } else if open.is_empty() {
                holders.push(Holding::Free(holds.get(next).map(|hold| hold.worker)));
            } else {
                holders.extend(open.iter().map(|hold| Holding::Held(hold.worker)));
            }
            visit(at, cut, &holders);
            at = cut;
        }
    }
}
