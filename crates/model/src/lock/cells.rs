//! Use of a lock over time: holds and waits by interval, and by cell of a window.

use super::{Lock, LockCapacity, OpenHold};
use crate::history::{Merge, proportional_part};
use crate::moving_rates::moving_rates;
use crate::state_times::CellWindow;
use contend_trace::{Grant, Span, Stamp, WorkerId};

/// The use of a lock in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LockCell {
    /// The fraction of the cell in which the lock was held, 0 to 1; of a semaphore, of its permits.
    pub held_share: f32,
    /// The mean number of waiters, and of those that waited to write.
    pub mean_waiters: f32,
    pub mean_waiting_writers: f32,
    /// The mean number of holders of an rwlock, or of permits in use.
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
    /// The part of the waits that were waits to write.
    pub writers_waited: u64,
    pub ended: u64,
}

impl LockBucket {
    pub(super) fn add_wait(&mut self, ns: u64, is_writer: bool) {
        saturating_add_to(&mut self.waited, ns);
        if is_writer {
            saturating_add_to(&mut self.writers_waited, ns);
        }
    }
}

impl Merge for LockBucket {
    fn merge(&mut self, other: Self) {
        self.held = self.held.saturating_add(other.held);
        self.waited = self.waited.saturating_add(other.waited);
        self.writers_waited = self.writers_waited.saturating_add(other.writers_waited);
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

/// The use of a lock in one cell by the holds that are kept: the sum of all, ns, and the worker that held it longest,
/// exclusively if it is an rwlock, with the time it did, ns.
#[derive(Debug, Clone, Copy, Default)]
struct KeptUse {
    held: u64,
    holder: Option<(WorkerId, u64)>,
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

    /// Returns how many holds a second the lock allows if they stay as long as they were between two moments, and
    /// nothing else limits the workers. `None` if it was not held.
    pub fn ceiling(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let held = self.held_share(from, to, to);
        let ended = self.releases(from, to) as f64;
        (held > 0.0 && ended > 0.0).then(|| ended / (held * to.span_since(from).as_secs_f64()))
    }

    /// Writes the holds that ended per second, over the time `over` before the end of each cell, to `out`.
    pub fn release_rates(&self, w: &CellWindow, over: Span, now: Stamp, out: &mut Vec<f32>) {
        moving_rates(&self.history, w, over, now, |traffic| traffic.ended, out);
    }

    /// Writes the use of the lock in every cell to `out`. Open holds and waits count up to `now`.
    pub fn cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<LockCell>) {
        out.clear();
        out.resize(w.cells, LockCell::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        self.for_each_bucket(w.from, w.to, now, |a, b, traffic| {
            // The newest bucket is filled up to `now`; an older one is whole, even if `now` is a moment within it.
            let whole = a + self.history.width_at(a);
            let b = if b == now && whole < self.history.end() { whole } else { b };
            let (first, last) = (w.cell_at(a.max(w.from)), w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1))));
            for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                let (from, to) = w.cell(i);
                let to = to.min(now); // what comes later does not count, even if its bucket is known
                if to <= from {
                    continue;
                }
                let ns = to.span_since(from).0 as f64;
                let mean = |sum| (proportional_part(sum, (a, b), (from, to)) as f64 / ns) as f32;
                cell.mean_holders += mean(traffic.held);
                cell.mean_waiters += mean(traffic.waited);
                cell.mean_waiting_writers += mean(traffic.writers_waited);
            }
        });
        let kept = self.kept_use(w, now);
        for (i, (cell, kept)) in out.iter_mut().zip(kept).enumerate() {
            let (from, to) = w.cell(i);
            let ns = to.min(now).span_since(from).0.max(1) as f32;
            if from >= self.forgotten_until {
                cell.mean_holders = kept.held as f32 / ns; // to the nanosecond, where buckets would blur it
            }
            cell.holder = kept.holder.map(|(worker, _)| worker);
            if self.capacity == LockCapacity::ReadersWriter {
                // A cell in which readers held the lock most of the time names no writer.
                let exclusive = kept.holder.map_or(0, |(_, longest)| longest) as f32 / ns;
                cell.holder = cell.holder.filter(|_| 2.0 * exclusive >= cell.mean_holders);
            }
            cell.held_share = (cell.mean_holders / self.full_hold_count() as f32).min(1.0);
            if self.capacity == LockCapacity::Exclusive {
                cell.mean_holders = cell.held_share;
            }
        }
    }

    /// Returns the use of the lock in every cell by the holds that are kept.
    fn kept_use(&self, w: &CellWindow, now: Stamp) -> Vec<KeptUse> {
        let mut cells = vec![KeptUse::default(); w.cells];
        let mut exclusive: Vec<(usize, WorkerId, u64)> = Vec::new();
        let open = self.open_holds.iter().map(|o| (o.grant, o.worker, o.from, self.open_hold_end(o, now)));
        let past = self.exact_holds.iter().map(|hold| (hold.grant, hold.worker, hold.from, hold.to));
        for (grant, worker, from, to) in past.chain(open) {
            let (from, to) = (from.max(w.from), to.min(w.to).min(now));
            if from >= to {
                continue;
            }
            let (first, last) = (w.cell_at(from), w.cell_at(Stamp(to.0 - 1)));
            for (i, cell) in cells.iter_mut().enumerate().take(last + 1).skip(first) {
                let (begin, end) = w.cell(i);
                let ns = to.min(end).span_since(from.max(begin)).0;
                saturating_add_to(&mut cell.held, ns);
                if self.capacity != LockCapacity::ReadersWriter || !grant.is_shared() {
                    exclusive.push((i, worker, ns));
                }
            }
        }
        // Of equal shares the one of the lower worker id counts, so that the order of arrival does not matter.
        exclusive.sort_unstable();
        for of_worker in exclusive.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (i, worker, _) = of_worker[0];
            let ns = of_worker.iter().fold(0, |sum: u64, (.., ns)| sum.saturating_add(*ns));
            if ns > cells[i].holder.map_or(0, |(_, longest)| longest) {
                cells[i].holder = Some((worker, ns));
            }
        }
        cells
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
                let ns = b.min(waiter.died_at.unwrap_or(now)).span_since(a.max(waiter.since)).0;
                traffic.add_wait(ns, waiter.is_writer);
            }
            traffic
        };
        self.history.visit_buckets(from, to, |a, b, traffic| {
            let b = b.min(now);
            visit(a, b, &with_open(*traffic, a, b));
        });
        // Beyond the end of the history, the set of open holds and waits changes only at starts and deaths.
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

#[cfg(test)]
mod tests {
    use contend_trace::Registry;
    use proptest::prelude::*;

    use super::*;
    use crate::buffer_sizes::{Budget, BufferSizes, HistoryCounts};
    use crate::lock::LockRequest;

    const UNIT: u64 = 100_000;

    /// A worker, the pause before its hold, how long that is, and whether it is exclusive; in tenths of a millisecond.
    type PlayedHold = (u32, u64, u64, bool);

    fn lock(capacity: LockCapacity, kept: usize) -> Lock {
        let sizes = BufferSizes::new(&HistoryCounts::of(&Registry::default()), Budget::default());
        Lock::new(&BufferSizes { holds_per_lock: kept, ..sizes }, capacity)
    }

    /// Plays holds one after the other, or of a lock with several holders each from the pause on, whatever came before.
    fn play(lock: &mut Lock, holds: &[PlayedHold], overlap: bool) -> Vec<(WorkerId, Stamp, Stamp, bool)> {
        let (mut at, mut played) = (0, Vec::new());
        for (i, (worker, pause, length, is_exclusive)) in holds.iter().enumerate() {
            let from = at + pause * UNIT;
            let to = from + length * UNIT;
            let number = i as u64 + 1;
            let grant = if *is_exclusive { Grant(number) } else { Grant::shared(number) };
            lock.record_acquire(WorkerId(*worker), grant, Stamp(from), None);
            lock.record_release(WorkerId(*worker), grant, Stamp(to));
            played.push((WorkerId(*worker), Stamp(from), Stamp(to), *is_exclusive));
            at = if overlap { from } else { to };
        }
        played
    }

    fn overlap(from: Stamp, to: Stamp, (begin, end): (Stamp, Stamp)) -> u64 {
        to.min(end).span_since(from.max(begin)).0
    }

    proptest! {
        #[test]
        fn cells_equal_a_naive_fold_of_all_holds(
            holds in prop::collection::vec((0_u32..4, 0_u64..6, 1_u64..9, any::<bool>()), 1..60),
            is_rwlock in any::<bool>(),
            cells in 1_usize..50,
        ) {
            let capacity = if is_rwlock { LockCapacity::ReadersWriter } else { LockCapacity::Exclusive };
            let mut lock = lock(capacity, 128);
            let played = play(&mut lock, &holds, false);
            let now = played.last().map_or(Stamp(1), |(.., to, _)| *to);
            let w = CellWindow { from: Stamp(0), to: now, cells };
            let mut found = Vec::new();
            lock.cells(&w, now, &mut found);
            for (i, cell) in found.iter().enumerate() {
                let cut = w.cell(i);
                let ns = cut.1.span_since(cut.0).0 as f32;
                let held: u64 = played.iter().map(|(_, from, to, _)| overlap(*from, *to, cut)).sum();
                prop_assert!((cell.held_share - held as f32 / ns).abs() < 1e-3, "{cell:?}: {held} of {ns}");
                let mut by_worker = [0; 4];
                for (worker, from, to, is_exclusive) in &played {
                    by_worker[worker.index()] += if *is_exclusive || !is_rwlock { overlap(*from, *to, cut) } else { 0 };
                }
                let most = by_worker.iter().copied().max().unwrap_or(0);
                let names_writer = !is_rwlock || 2 * most >= held;
                let longest = by_worker.iter().position(|ns| *ns == most && most > 0 && names_writer);
                prop_assert_eq!(cell.holder.map(WorkerId::index), longest, "{:?}", by_worker);
            }
        }

        #[test]
        fn permits_in_use_equal_a_naive_fold(
            holds in prop::collection::vec((0_u32..4, 0_u64..6, 1_u64..9, Just(true)), 1..60),
            cells in 1_usize..50,
        ) {
            let mut lock = lock(LockCapacity::Permits { permits: 4, scoped: true }, 128);
            let played = play(&mut lock, &holds, true);
            let now = played.iter().map(|(.., to, _)| *to).max().unwrap_or(Stamp(1));
            let w = CellWindow { from: Stamp(0), to: now, cells };
            let mut found = Vec::new();
            lock.cells(&w, now, &mut found);
            for (i, cell) in found.iter().enumerate() {
                let cut = w.cell(i);
                let held: u64 = played.iter().map(|(_, from, to, _)| overlap(*from, *to, cut)).sum();
                let mean = held as f32 / cut.1.span_since(cut.0).0 as f32;
                prop_assert!((cell.mean_holders - mean).abs() < 1e-3, "{cell:?}: {mean}");
                prop_assert!((cell.held_share - (mean / 4.0).min(1.0)).abs() < 1e-3, "{cell:?}: {mean}");
            }
        }

        #[test]
        fn waits_to_write_are_told_apart(waits in prop::collection::vec((0_u64..90, 1_u64..40, any::<bool>()), 0..30)) {
            let mut lock = lock(LockCapacity::ReadersWriter, 32);
            for (from, length, is_writer) in &waits {
                let request = if *is_writer {
                    LockRequest::Write { writers_ahead: 0, readers_ahead: 0 }
                } else {
                    LockRequest::Read { writers_ahead: 0, readers_ahead: 0 }
                };
                let index = lock.add_waiter(WorkerId(1), Stamp(from * UNIT), request);
                lock.remove_waiter(index, Stamp((from + length) * UNIT));
            }
            let now = Stamp(130 * UNIT);
            let w = CellWindow { from: Stamp(0), to: now, cells: 1 };
            let mut cells = Vec::new();
            lock.cells(&w, now, &mut cells);
            let sum = |writers: bool| {
                let counted = waits.iter().filter(|(.., is_writer)| *is_writer || !writers);
                counted.map(|(_, length, _)| length * UNIT).sum::<u64>() as f32 / now.0 as f32
            };
            prop_assert!((cells[0].mean_waiters - sum(false)).abs() < 1e-3);
            prop_assert!((cells[0].mean_waiting_writers - sum(true)).abs() < 1e-3);
        }
    }

    #[test]
    fn no_cell_has_more_waiters_than_there_are_whatever_moment_is_shown() {
        let mut lock = lock(LockCapacity::Exclusive, 32);
        let request = LockRequest::Write { writers_ahead: 0, readers_ahead: 0 };
        let index = lock.add_waiter(WorkerId(1), Stamp(0), request);
        lock.remove_waiter(index, Stamp(1_000 * UNIT));
        let window = CellWindow { from: Stamp(0), to: Stamp(1_000 * UNIT), cells: 37 };
        for tenths in 1..=9_000 {
            let now = Stamp(tenths * UNIT / 10);
            let mut cells = Vec::new();
            lock.cells(&window, now, &mut cells);
            let most = cells.iter().map(|cell| cell.mean_waiters).fold(0.0, f32::max);
            assert!(most <= 1.01, "{most} wait on average at {now:?}");
        }
    }

    #[test]
    fn ceiling_is_the_rate_at_which_holds_of_this_length_fill_the_time() {
        let mut lock = lock(LockCapacity::Exclusive, 32);
        play(&mut lock, &[(0, 10, 20, true); 40], false); // 2 ms, every 3 ms
        let ceiling = lock.ceiling(Stamp(0), Stamp(120_000_000)).expect("it was held");
        assert!((ceiling - 500.0).abs() < 5.0, "{ceiling}");
        assert_eq!(lock.ceiling(Stamp(1 << 40), Stamp(1 << 41)), None);
    }
}
