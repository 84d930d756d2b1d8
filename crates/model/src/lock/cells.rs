//! What a lock went through, asked by stretches of time.

use super::{Lock, Open, Room};
use crate::history::{Merge, part};
use crate::shares::Window;
use contend_trace::{Grant, Stamp, WorkerId};

/// What a lock went through in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LockCell {
    /// Part of the cell in which it was held, 0 to 1.
    pub held: f32,
    /// How many waited for it on average.
    pub wanted: f32,
    /// Of an rwlock: how many held it at once, on average over the cell.
    pub at_once: f32,
    /// Who held it longest in this cell, as far as exact holds are kept. Of an rwlock only who had it alone.
    pub holder: Option<WorkerId>,
}

/// What one bucket of a lock holds: nanoseconds in which it was held, and in which workers waited, summed over them; and
/// how many holds ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traffic {
    pub held: u64,
    pub waited: u64,
    pub ended: u64,
}

impl Merge for Traffic {
    fn merge(&mut self, other: Self) {
        self.held = self.held.saturating_add(other.held);
        self.waited = self.waited.saturating_add(other.waited);
        self.ended = self.ended.saturating_add(other.ended);
    }
}

/// A hold that is over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hold {
    pub grant: Grant,
    pub worker: WorkerId,
    pub from: Stamp,
    pub to: Stamp,
}

/// Many long spans together may be more than there is room for.
pub(super) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

impl Lock {
    /// How many holds at once make it wholly held.
    fn width(&self) -> f64 {
        match self.room {
            Room::Permits { permits, .. } => f64::from(permits.max(1)),
            Room::One | Room::Readers => 1.0,
        }
    }

    /// Part of the time between two moments in which it was held, 0 to 1: for a semaphore the part of its permits, for an
    /// rwlock the holds of all its readers together, as far as they fit.
    pub fn held_share(&self, from: Stamp, to: Stamp, now: Stamp) -> f64 {
        let to = to.min(now);
        let mut held = 0;
        self.each(from, to, now, |a, b, traffic| add(&mut held, part(traffic.held, (a, b), (from, to))));
        if to <= from { 0.0 } else { (held as f64 / to.since(from).0 as f64 / self.width()).min(1.0) }
    }

    /// Nanoseconds that workers waited for it between two moments, summed over them; open waits count up to `now`.
    pub fn waited_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        let to = to.min(now);
        let mut waited = 0;
        self.each(from, to, now, |a, b, traffic| add(&mut waited, part(traffic.waited, (a, b), (from, to))));
        waited
    }

    /// How many holds ended between two moments.
    pub fn releases(&self, from: Stamp, to: Stamp) -> u64 {
        let mut ended = 0;
        self.each(from, to, to, |a, b, traffic| add(&mut ended, part(traffic.ended, (a, b), (from, to))));
        ended
    }

    /// What it went through in every cell; what is open counts up to `now`.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<LockCell>) {
        out.clear();
        out.resize(w.cells, LockCell::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        self.each(w.from, w.to, now, |a, b, traffic| {
            let (first, last) = (w.cell_at(a.max(w.from)), w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1))));
            for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                let (from, to) = w.cell(i);
                let ns = to.min(now).since(from).0.max(1) as f64;
                cell.held += (part(traffic.held, (a, b), (from, to)) as f64 / ns) as f32;
                cell.wanted += (part(traffic.waited, (a, b), (from, to)) as f64 / ns) as f32;
            }
        });
        let longest = self.name_holders(w, now, out);
        for (i, cell) in out.iter_mut().enumerate() {
            if self.room == Room::Readers {
                cell.at_once = cell.held;
                // Where readers have it most of the time it is not the writer's cell.
                let (from, to) = w.cell(i);
                let alone = longest[i] as f32 / to.min(now).since(from).0.max(1) as f32;
                cell.holder = cell.holder.filter(|_| 2.0 * alone >= cell.held);
            }
            cell.held = (cell.held / self.width() as f32).min(1.0);
        }
    }

    /// Names in each cell the worker with the longest hold in it. Returns how long those are, ns.
    fn name_holders(&self, w: &Window, now: Stamp, out: &mut [LockCell]) -> Vec<u64> {
        let mut longest = vec![0; out.len()];
        let alone = |grant: Grant| self.room != Room::Readers || !grant.is_shared();
        let open = self.open.iter().filter(|open| alone(open.grant));
        let open = open.map(|open| (open.worker, open.from, self.end_of(open, now)));
        let past = self.exact.iter().filter(|hold| alone(hold.grant)).map(|h| (h.worker, h.from, h.to));
        for (worker, from, to) in past.chain(open) {
            let (from, to) = (from.max(w.from), to.min(w.to));
            if from >= to {
                continue;
            }
            for i in w.cell_at(from)..=w.cell_at(Stamp(to.0 - 1)) {
                let (begin, end) = w.cell(i);
                let ns = to.min(end).since(from.max(begin)).0;
                // Equal holds: the lower name, so that the order of arrival cannot matter.
                if ns > longest[i] || ns == longest[i] && ns > 0 && out[i].holder.is_some_and(|other| worker < other) {
                    longest[i] = ns;
                    out[i].holder = Some(worker);
                }
            }
        }
        longest
    }

    /// Hands every bucket that `from..to` touches to `look`, what is open added up to `now`.
    fn each(&self, from: Stamp, to: Stamp, now: Stamp, mut look: impl FnMut(Stamp, Stamp, &Traffic)) {
        let to = to.min(now);
        let begins = self.open.iter().map(|o| o.from).chain(self.waiters.iter().map(|w| w.since));
        let earliest = begins.min().unwrap_or(now);
        let with_open = |mut traffic: Traffic, a: Stamp, b: Stamp| {
            if b <= earliest {
                return traffic;
            }
            for open in &self.open {
                add(&mut traffic.held, b.min(self.end_of(open, now)).since(a.max(open.from)).0);
            }
            for waiter in &self.waiters {
                add(&mut traffic.waited, b.min(waiter.until.unwrap_or(now)).since(a.max(waiter.since)).0);
            }
            traffic
        };
        self.history.visit(from, to, |a, b, traffic| {
            let b = b.min(now);
            look(a, b, &with_open(*traffic, a, b));
        });
        // Beyond the history all that is open lasts from one begin or death to the next.
        let deaths = self.open.iter().map(|o| o.until).chain(self.waiters.iter().map(|w| w.until)).flatten();
        let begins = self.open.iter().map(|o| o.from).chain(self.waiters.iter().map(|w| w.since));
        let mut a = from.max(self.history.end());
        let mut cuts: Vec<Stamp> = begins.chain(deaths).filter(|t| *t > a && *t < to).chain([to]).collect();
        cuts.sort_unstable();
        for b in cuts {
            if a < b {
                look(a, b, &with_open(Traffic::default(), a, b));
                a = b;
            }
        }
    }

    /// Until when an open hold counts. One that a later grant has overtaken is over; its end has only not arrived yet.
    pub(super) fn end_of(&self, open: &Open, now: Stamp) -> Stamp {
        let lasts = self.room != Room::One || open.grant == self.newest;
        if lasts && !open.doubtful { now } else { open.until.unwrap_or(open.from) }
    }
}
