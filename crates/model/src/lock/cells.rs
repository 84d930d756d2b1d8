//! Use of a lock over time: holds and waits by interval, and by cell of a window.

use super::{Lock, LockCapacity, OpenHold};
use crate::history::{Merge, proportional_part};
use crate::state_times::CellWindow;
use contend_trace::{Grant, Stamp, WorkerId};

/// The use of a lock in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LockCell {
    /// The fraction of the cell in which the lock was held, 0 to 1.
    pub held_share: f32,
    /// The mean number of waiters.
    pub mean_waiters: f32,
    /// The mean number of holders of an rwlock.
    pub mean_holders: f32,
    /// The worker that held the lock longest in this cell, as far back as exact holds are kept; of an rwlock, a writer.
    pub holder: Option<WorkerId>,
}

/// One bucket of a lock: nanoseconds of holds and of waits, each summed over the workers, and the number of holds that
/// ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LockBucket {
    pub held: u64,
    pub waited: u64,
    pub ended: u64,
}

impl Merge for LockBucket {
    fn merge(&mut self, other: Self) {
        self.held = self.held.saturating_add(other.held);
        self.waited = self.waited.saturating_add(other.waited);
        self.ended = self.ended.saturating_add(other.ended);
    }
}

/// A hold that ended.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PastHold {
    pub grant: Grant,
    pub worker: WorkerId,
    pub from: Stamp,
    pub to: Stamp,
}

/// Adds to a sum that many long spans could overflow.
pub(super) fn saturating_add_to(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

impl Lock {
    /// Returns how many holds at once make the lock fully held.
    fn full_hold_count(&self) -> f64 {
        match self.capacity {
            LockCapacity::Permits { permits, .. } => f64::from(permits.max(1)),
            LockCapacity::Exclusive | LockCapacity::ReadersWriter => 1.0,
        }
    }

    /// Returns the fraction of the time between two moments in which the lock was held, 0 to 1: for a semaphore the
    /// mean fraction of its permits, for an rwlock the sum of its readers' holds, at most 1.
    pub fn held_share(&self, from: Stamp, to: Stamp, now: Stamp) -> f64 {
        let to = to.min(now);
        let mut held = 0;
        self.for_each_bucket(from, to, now, |a, b, traffic| {
            saturating_add_to(&mut held, proportional_part(traffic.held, (a, b), (from, to)));
        });
        if to <= from { 0.0 } else { (held as f64 / to.span_since(from).0 as f64 / self.full_hold_count()).min(1.0) }
    }

    /// Returns how long workers waited for the lock between two moments, ns, summed over the workers. Open waits count
    /// up to `now`.
    pub fn waited_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        let to = to.min(now);
        let mut waited = 0;
        self.for_each_bucket(from, to, now, |a, b, traffic| {
            saturating_add_to(&mut waited, proportional_part(traffic.waited, (a, b), (from, to)));
        });
        waited
    }

    /// Returns how many holds ended between two moments.
    pub fn releases(&self, from: Stamp, to: Stamp) -> u64 {
        let mut ended = 0;
        self.for_each_bucket(from, to, to, |a, b, traffic| {
            saturating_add_to(&mut ended, proportional_part(traffic.ended, (a, b), (from, to)));
        });
        ended
    }

    /// Writes the use of the lock in every cell to `out`. Open holds and waits count up to `now`.
    pub fn cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<LockCell>) {
        out.clear();
        out.resize(w.cells, LockCell::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        self.for_each_bucket(w.from, w.to, now, |a, b, traffic| {
            let (first, last) = (w.cell_at(a.max(w.from)), w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1))));
            for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                let (from, to) = w.cell(i);
                let ns = to.min(now).span_since(from).0.max(1) as f64;
                cell.held_share += (proportional_part(traffic.held, (a, b), (from, to)) as f64 / ns) as f32;
                cell.mean_waiters += (proportional_part(traffic.waited, (a, b), (from, to)) as f64 / ns) as f32;
            }
        });
        let longest = self.name_holders(w, now, out);
        for (i, cell) in out.iter_mut().enumerate() {
            if self.capacity == LockCapacity::ReadersWriter {
                cell.mean_holders = cell.held_share;
                // A cell in which readers held the lock most of the time names no writer.
                let (from, to) = w.cell(i);
                let exclusive = longest[i] as f32 / to.min(now).span_since(from).0.max(1) as f32;
                cell.holder = cell.holder.filter(|_| 2.0 * exclusive >= cell.held_share);
            }
            cell.held_share = (cell.held_share / self.full_hold_count() as f32).min(1.0);
        }
    }

    /// Sets the holder of each cell to the worker with the longest hold in it. Returns how long these holds are, ns.
    fn name_holders(&self, w: &CellWindow, now: Stamp, out: &mut [LockCell]) -> Vec<u64> {
        let mut longest = vec![0; out.len()];
        let is_exclusive = |grant: Grant| self.capacity != LockCapacity::ReadersWriter || !grant.is_shared();
        let open = self.open_holds.iter().filter(|open| is_exclusive(open.grant));
        let open = open.map(|open| (open.worker, open.from, self.open_hold_end(open, now)));
        let past = self.exact_holds.iter().filter(|hold| is_exclusive(hold.grant)).map(|h| (h.worker, h.from, h.to));
        for (worker, from, to) in past.chain(open) {
            let (from, to) = (from.max(w.from), to.min(w.to));
            if from >= to {
                continue;
            }
            for i in w.cell_at(from)..=w.cell_at(Stamp(to.0 - 1)) {
                let (begin, end) = w.cell(i);
                let ns = to.min(end).span_since(from.max(begin)).0;
                // Of equal holds the one of the lower worker id counts, so that the order of arrival does not matter.
                if ns > longest[i] || ns == longest[i] && ns > 0 && out[i].holder.is_some_and(|other| worker < other) {
                    longest[i] = ns;
                    out[i].holder = Some(worker);
                }
            }
        }
        longest
    }

    /// Calls `visit` with every bucket that `from..to` touches. Open holds and waits are added up to `now`.
    fn for_each_bucket(&self, from: Stamp, to: Stamp, now: Stamp, mut visit: impl FnMut(Stamp, Stamp, &LockBucket)) {
        let to = to.min(now);
        let begins = self.open_holds.iter().map(|o| o.from).chain(self.waiters.iter().map(|w| w.since));
        let earliest = begins.min().unwrap_or(now);
        let with_open = |mut traffic: LockBucket, a: Stamp, b: Stamp| {
            if b <= earliest {
                return traffic;
            }
            for open in &self.open_holds {
                saturating_add_to(
                    &mut traffic.held,
                    b.min(self.open_hold_end(open, now)).span_since(a.max(open.from)).0,
                );
            }
            for waiter in &self.waiters {
                saturating_add_to(
                    &mut traffic.waited,
                    b.min(waiter.died_at.unwrap_or(now)).span_since(a.max(waiter.since)).0,
                );
            }
            traffic
        };
        self.history.visit_buckets(from, to, |a, b, traffic| {
            let b = b.min(now);
            visit(a, b, &with_open(*traffic, a, b));
        });
        // Beyond the end of the history, the set of open holds and waits changes only at begins and deaths.
        let deaths = self.open_holds.iter().map(|o| o.died_at).chain(self.waiters.iter().map(|w| w.died_at)).flatten();
        let begins = self.open_holds.iter().map(|o| o.from).chain(self.waiters.iter().map(|w| w.since));
        let mut a = from.max(self.history.end());
        let mut cuts: Vec<Stamp> = begins.chain(deaths).filter(|t| *t > a && *t < to).chain([to]).collect();
        cuts.sort_unstable();
        for b in cuts {
            if a < b {
                visit(a, b, &with_open(LockBucket::default(), a, b));
                a = b;
            }
        }
    }

    /// Returns until when an open hold counts. A hold with an older grant than the newest has ended; only its release
    /// has not arrived yet.
    pub(super) fn open_hold_end(&self, open: &OpenHold, now: Stamp) -> Stamp {
        let lasts = self.capacity != LockCapacity::Exclusive || open.grant == self.newest_grant;
        if lasts && !open.is_uncertain { now } else { open.died_at.unwrap_or(open.from) }
    }
}
