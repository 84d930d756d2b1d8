//! One queue: how deep it is and was.

use super::history::{History, Merge, Shape, part};
use super::shares::Window;
use contend_trace::{Span, Stamp, WorkerId};

/// What one bucket of a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Depths {
    max: u32,
    /// Items taken; of a pipe, messages.
    taken: u32,
    /// Nanoseconds that workers waited for room, summed over them.
    full: u64,
    /// None in a bucket without events.
    last: Option<Told>,
}

/// How the depth of a queue went over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trend {
    /// At the begin, and at the end.
    pub was: u32,
    pub is: u32,
    pub low: u32,
    /// The most it rose above the lowest depth before: what it would have held had it been empty at the begin.
    pub rise: u32,
    pub max: u32,
}

/// A depth as a worker told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    at: Stamp,
    worker: WorkerId,
    depth: u32,
}

impl Told {
    /// Whichever is newer. Items taken together have one stamp: of one worker's the later told counts, of two workers' that
    /// of the higher one, so that the order of arrival between them does not matter.
    fn newer(self, other: Self) -> Self {
        if (other.at, other.worker) >= (self.at, self.worker) { other } else { self }
    }
}

impl Merge for Depths {
    fn merge(&mut self, other: Self) {
        self.max = self.max.max(other.max);
        self.taken = self.taken.saturating_add(other.taken);
        self.full = self.full.saturating_add(other.full);
        self.last = match (self.last, other.last) {
            (Some(mine), Some(theirs)) => Some(mine.newer(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

#[derive(Debug, Clone)]
pub struct Queue {
    capacity: u32,
    put: u64,
    taken: u64,
    /// The highest numbers of items put and taken, where they are numbered.
    newest_put: u64,
    newest_taken: u64,
    /// Items taken out without anybody having them: of these no number is told.
    dropped: u64,
    closed: bool,
    max: u32,
    last: Told,
    /// Sum of the stamps of all takes minus that of all puts: what each item was in the queue, summed.
    stay: i128,
    /// Sum of all depths told.
    told: u128,
    /// Items taken when the settings were changed.
    before: u64,
    history: History<Depths>,
}

impl Queue {
    pub(super) fn new(capacity: u32, shape: Shape) -> Self {
        Self {
            capacity,
            put: 0,
            taken: 0,
            newest_put: 0,
            newest_taken: 0,
            dropped: 0,
            closed: false,
            max: 0,
            last: Told { at: Stamp(0), worker: WorkerId(0), depth: 0 },
            stay: 0,
            told: 0,
            before: 0,
            history: History::new(shape),
        }
    }

    #[inline]
    pub(super) fn put_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.put += 1;
        self.stay -= i128::from(at.0);
        self.tell(Told { at, worker, depth });
    }

    /// So many at once: bytes.
    pub(super) fn put_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.put += u64::from(amount);
        self.stay -= i128::from(at.0) * i128::from(amount);
        self.tell(Told { at, worker, depth });
    }

    pub(super) fn take_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.taken += u64::from(amount);
        self.stay += i128::from(at.0) * i128::from(amount);
        self.tell(Told { at, worker, depth });
    }

    #[inline]
    pub(super) fn take_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.taken += 1;
        self.stay += i128::from(at.0);
        self.tell(Told { at, worker, depth });
        self.take_whole(at);
    }

    /// An item, or a whole message, has been taken.
    pub(super) fn take_whole(&mut self, at: Stamp) {
        let bucket = self.history.at(at);
        bucket.taken = bucket.taken.saturating_add(1);
    }

    /// A worker waited for room.
    pub(super) fn wait_for_room(&mut self, from: Stamp, to: Stamp) {
        self.history.add(from, to, |depths, a, b| depths.full = depths.full.saturating_add(b - a));
    }

    /// An item that was taken is in it again.
    pub(super) fn put_again(&mut self, at: Stamp) {
        self.put += 1;
        self.stay -= i128::from(at.0);
    }

    /// An item was taken out without anybody having it.
    pub(super) fn drop_one(&mut self, at: Stamp) {
        self.taken += 1;
        self.dropped += 1;
        self.stay += i128::from(at.0);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// The item put has this number, modulo 2^24.
    pub(super) fn number_put(&mut self, nth: u32) {
        self.newest_put = self.newest_put.max(unwrapped(nth, self.newest_put));
    }

    /// The item taken has this number, modulo 2^24.
    pub(super) fn number_taken(&mut self, nth: u32) {
        self.newest_taken = self.newest_taken.max(unwrapped(nth, self.newest_taken));
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether all items known to be put were taken by somebody known: the numbers 1 to `put`, all of them.
    pub(super) fn is_used_up(&self) -> bool {
        self.is_empty() && !self.closed
    }

    /// Whether it is closed, and what was put before is used up.
    pub(super) fn is_over(&self) -> bool {
        self.is_empty() && self.closed
    }

    fn is_empty(&self) -> bool {
        self.taken == self.put && self.newest_taken + self.dropped == self.put
    }

    /// Whether so many items are known to be put, the numbers 1 to `put`, and none after them.
    pub(super) fn is_unchanged_since(&self, put: u64) -> bool {
        self.put == put && self.newest_put == put && !self.closed
    }

    /// Whether all room known to be there is filled: the numbers 1 to `taken` and room, or more, are known to be put, all of
    /// them.
    /// A queue is overfull when a batch was dealt out whatever the room, or items were put back.
    pub(super) fn is_filled(&self) -> bool {
        let room = self.taken.saturating_add(u64::from(self.capacity));
        self.put >= room && self.newest_put == self.put && !self.closed
    }

    #[inline]
    fn tell(&mut self, told: Told) {
        self.max = self.max.max(told.depth);
        self.last = self.last.newer(told);
        self.told += u128::from(told.depth);
        self.history.at(told.at).merge(Depths { max: told.depth, last: Some(told), ..Depths::default() });
    }

    /// Newest known.
    pub fn depth(&self) -> u32 {
        self.last.depth
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    pub fn put(&self) -> u64 {
        self.put
    }

    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Items taken since the settings were changed.
    pub fn recently_taken(&self) -> u64 {
        self.taken - self.before
    }

    /// Figures of the present settings begin now.
    pub(super) fn note_figures(&mut self) {
        self.before = self.taken;
    }

    /// How its depth went from `from` on.
    pub fn trend(&self, from: Stamp, now: Stamp) -> Trend {
        let was = self.before(from);
        let mut trend = Trend { was, is: self.at(now), low: was, rise: 0, max: was };
        self.history.visit(from, now, |_, _, depths| {
            let Some(last) = depths.last.filter(|last| last.at >= from) else { return };
            trend.rise = trend.rise.max(depths.max.saturating_sub(trend.low));
            trend.max = trend.max.max(depths.max);
            trend.low = trend.low.min(last.depth);
        });
        trend
    }

    /// The greatest depth it ever had.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Depth averaged over time, from the beginning of the run to the newest event.
    ///
    /// Exact while no event is missing: the depth summed over time is what all items stayed, and each stays from its put to
    /// its take, or to the end. Otherwise the mean of the depths that events told.
    pub fn mean(&self) -> f64 {
        let end = self.last.at.0;
        let there = i128::from(self.put) - i128::from(self.taken);
        if there == i128::from(self.last.depth) && end > 0 {
            let stay = self.stay + there * i128::from(end);
            return (stay as f64 / end as f64).clamp(0.0, f64::from(self.max));
        }
        self.told as f64 / (self.put + self.taken).max(1) as f64
    }

    /// The highest depth in each cell, that at its begin included; 0 after `now`.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<f32>) {
        out.clear();
        out.resize(w.cells, 0.0);
        if w.cells == 0 {
            return;
        }
        let mut ends: Vec<Option<u32>> = vec![None; w.cells];
        let mut depth = self.before(w.from);
        if w.to > w.from {
            self.history.visit(w.from, w.to.min(now), |a, b, depths| {
                let Some(last) = depths.last else { return };
                let told = w.cell_at(last.at.max(w.from));
                ends[told] = Some(last.depth);
                out[told] = out[told].max(depths.max as f32);
                // A bucket across many cells does not say in which of them it was that deep.
                let first = w.cell_at(a.max(w.from));
                let stop = w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1)));
                if stop > first + 1 {
                    out[first..=stop].iter_mut().for_each(|cell| *cell = cell.max(depths.max as f32));
                }
            });
        }
        for (i, cell) in out.iter_mut().enumerate() {
            if w.edge(i) >= now {
                *cell = 0.0;
            } else {
                *cell = cell.max(depth as f32);
            }
            depth = ends[i].unwrap_or(depth);
        }
    }

    /// Items, or messages, taken between two moments.
    pub(super) fn taken_between(&self, from: Stamp, to: Stamp) -> u64 {
        let mut taken = 0;
        self.history.visit(from, to, |a, b, depths| taken += part(depths.taken.into(), (a, b), (from, to)));
        taken
    }

    /// Nanoseconds that workers waited for room between two moments, summed over them; waits that go on do not count.
    pub(super) fn waited_for_room(&self, from: Stamp, to: Stamp) -> u64 {
        let mut full = 0;
        self.history.visit(from, to, |a, b, depths| full += part(depths.full, (a, b), (from, to)));
        full
    }

    /// Depth at `t`, as exact as what is kept allows.
    pub fn at(&self, t: Stamp) -> u32 {
        if t >= self.last.at { self.last.depth } else { self.before(t + Span(1)) }
    }

    /// The last depth told before `t`.
    fn before(&self, t: Stamp) -> u32 {
        let mut depth = 0;
        // The bucket around `t` keeps its last depth alone: one that was told later does not count.
        self.history.visit(Stamp(0), t, |_, _, depths| {
            if let Some(last) = depths.last
                && last.at < t
            {
                depth = last.depth;
            }
        });
        depth
    }

    /// Items a second by which it grew, or shrank, over the last `over`.
    pub fn slope(&self, over: Span, now: Stamp) -> f64 {
        let from = now.back(over);
        let secs = now.since(from).secs();
        if secs <= 0.0 { 0.0 } else { (f64::from(self.at(now)) - f64::from(self.at(from))) / secs }
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.history.bytes()
    }
}

/// The whole of a number told modulo 2^24: the one closest to `near`. Events of different workers are never further apart,
/// because no more of them fit into all rings.
pub(super) fn unwrapped(nth: u32, near: u64) -> u64 {
    const TURN: i64 = 1 << 24;
    let ahead = (i64::from(nth) - near as i64).rem_euclid(TURN);
    let ahead = if ahead >= TURN / 2 { ahead - TURN } else { ahead };
    near.saturating_add_signed(ahead)
}
