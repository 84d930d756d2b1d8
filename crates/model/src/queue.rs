//! One queue: how deep it is and was.

use super::history::{History, HistoryShape, Merge, proportional_part};
use super::state_times::CellWindow;
use contend_trace::{Span, Stamp, WorkerId};

/// What one bucket of a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct QueueBucket {
    max: u32,
    /// Items taken; of a pipe, messages.
    taken: u32,
    /// Nanoseconds that workers waited for room, summed over them.
    full_wait_ns: u64,
    /// None in a bucket without events.
    last_reading: Option<DepthReading>,
}

/// How the depth of a queue went over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DepthTrend {
    /// At the begin, and at the end.
    pub start: u32,
    pub end: u32,
    pub lowest: u32,
    /// The most it rose above the lowest depth before: what it would have held had it been empty at the begin.
    pub max_rise: u32,
    pub highest: u32,
}

/// A depth as a worker told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DepthReading {
    at: Stamp,
    worker: WorkerId,
    depth: u32,
}

impl DepthReading {
    /// Whichever is newer. Items taken together have one stamp: of one worker's the later told counts, of two workers' that
    /// of the higher one, so that the order of arrival between them does not matter.
    fn newer(self, other: Self) -> Self {
        if (other.at, other.worker) >= (self.at, self.worker) { other } else { self }
    }
}

impl Merge for QueueBucket {
    fn merge(&mut self, other: Self) {
        self.max = self.max.max(other.max);
        self.taken = self.taken.saturating_add(other.taken);
        self.full_wait_ns = self.full_wait_ns.saturating_add(other.full_wait_ns);
        self.last_reading = match (self.last_reading, other.last_reading) {
            (Some(mine), Some(theirs)) => Some(mine.newer(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

#[derive(Debug, Clone)]
pub struct Queue {
    capacity: u32,
    put_count: u64,
    taken_count: u64,
    /// The highest numbers of items put and taken, where they are numbered.
    newest_put: u64,
    newest_taken: u64,
    /// Items taken out without anybody having them: of these no number is told.
    dropped: u64,
    closed: bool,
    max_depth: u32,
    last_reading: DepthReading,
    /// Sum of the stamps of all takes minus that of all puts: what each item was in the queue, summed.
    total_stay_ns: i128,
    /// Sum of all depths told.
    depth_sum: u128,
    /// Items taken when the settings were changed.
    baseline: u64,
    history: History<QueueBucket>,
}

impl Queue {
    pub(super) fn new(capacity: u32, shape: HistoryShape) -> Self {
        Self {
            capacity,
            put_count: 0,
            taken_count: 0,
            newest_put: 0,
            newest_taken: 0,
            dropped: 0,
            closed: false,
            max_depth: 0,
            last_reading: DepthReading { at: Stamp(0), worker: WorkerId(0), depth: 0 },
            total_stay_ns: 0,
            depth_sum: 0,
            baseline: 0,
            history: History::new(shape),
        }
    }

    #[inline]
    pub(super) fn put_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.put_count += 1;
        self.total_stay_ns -= i128::from(at.0);
        self.record_depth(DepthReading { at, worker, depth });
    }

    /// So many at once: bytes.
    pub(super) fn put_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.put_count += u64::from(amount);
        self.total_stay_ns -= i128::from(at.0) * i128::from(amount);
        self.record_depth(DepthReading { at, worker, depth });
    }

    pub(super) fn take_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.taken_count += u64::from(amount);
        self.total_stay_ns += i128::from(at.0) * i128::from(amount);
        self.record_depth(DepthReading { at, worker, depth });
    }

    #[inline]
    pub(super) fn take_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.taken_count += 1;
        self.total_stay_ns += i128::from(at.0);
        self.record_depth(DepthReading { at, worker, depth });
        self.count_taken(at);
    }

    /// An item, or a whole message, has been taken.
    pub(super) fn count_taken(&mut self, at: Stamp) {
        let bucket = self.history.at(at);
        bucket.taken = bucket.taken.saturating_add(1);
    }

    /// A worker waited for room.
    pub(super) fn wait_for_room(&mut self, from: Stamp, to: Stamp) {
        self.history.add(from, to, |depths, a, b| depths.full_wait_ns = depths.full_wait_ns.saturating_add(b - a));
    }

    /// An item that was taken is in it again.
    pub(super) fn put_again(&mut self, at: Stamp) {
        self.put_count += 1;
        self.total_stay_ns -= i128::from(at.0);
    }

    /// An item was taken out without anybody having it.
    pub(super) fn drop_one(&mut self, at: Stamp) {
        self.taken_count += 1;
        self.dropped += 1;
        self.total_stay_ns += i128::from(at.0);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// The item put has this number, modulo 2^24.
    pub(super) fn number_put(&mut self, nth: u32) {
        self.newest_put = self.newest_put.max(unwrap_number(nth, self.newest_put));
    }

    /// The item taken has this number, modulo 2^24.
    pub(super) fn number_taken(&mut self, nth: u32) {
        self.newest_taken = self.newest_taken.max(unwrap_number(nth, self.newest_taken));
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether all items known to be put were taken by somebody known: the numbers 1 to `put`, all of them.
    pub(super) fn is_drained(&self) -> bool {
        self.is_empty() && !self.closed
    }

    /// Whether it is closed, and what was put before is used up.
    pub(super) fn is_closed_and_drained(&self) -> bool {
        self.is_empty() && self.closed
    }

    fn is_empty(&self) -> bool {
        self.taken_count == self.put_count && self.newest_taken + self.dropped == self.put_count
    }

    /// Whether so many items are known to be put, the numbers 1 to `put`, and none after them.
    pub(super) fn is_unchanged_since(&self, put: u64) -> bool {
        self.put_count == put && self.newest_put == put && !self.closed
    }

    /// Whether all room known to be there is filled: the numbers 1 to `taken` and room, or more, are known to be put, all of
    /// them.
    /// A queue is overfull when a batch was dealt out whatever the room, or items were put back.
    pub(super) fn is_full(&self) -> bool {
        let room = self.taken_count.saturating_add(u64::from(self.capacity));
        self.put_count >= room && self.newest_put == self.put_count && !self.closed
    }

    #[inline]
    fn record_depth(&mut self, told: DepthReading) {
        self.max_depth = self.max_depth.max(told.depth);
        self.last_reading = self.last_reading.newer(told);
        self.depth_sum += u128::from(told.depth);
        self.history.at(told.at).merge(QueueBucket {
            max: told.depth,
            last_reading: Some(told),
            ..QueueBucket::default()
        });
    }

    /// Newest known.
    pub fn depth(&self) -> u32 {
        self.last_reading.depth
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    pub fn put_count(&self) -> u64 {
        self.put_count
    }

    pub fn taken_count(&self) -> u64 {
        self.taken_count
    }

    /// Items taken since the settings were changed.
    pub fn recent_taken_count(&self) -> u64 {
        self.taken_count - self.baseline
    }

    /// Figures of the present settings begin now.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = self.taken_count;
    }

    /// How its depth went from `from` on.
    pub fn trend(&self, from: Stamp, now: Stamp) -> DepthTrend {
        let was = self.depth_before(from);
        let mut trend = DepthTrend { start: was, end: self.depth_at(now), lowest: was, max_rise: 0, highest: was };
        self.history.visit_buckets(from, now, |_, _, depths| {
            let Some(last) = depths.last_reading.filter(|last| last.at >= from) else { return };
            trend.max_rise = trend.max_rise.max(depths.max.saturating_sub(trend.lowest));
            trend.highest = trend.highest.max(depths.max);
            trend.lowest = trend.lowest.min(last.depth);
        });
        trend
    }

    /// The greatest depth it ever had.
    pub fn max_depth(&self) -> u32 {
        self.max_depth
    }

    /// Depth averaged over time, from the beginning of the run to the newest event.
    ///
    /// Exact while no event is missing: the depth summed over time is what all items stayed, and each stays from its put to
    /// its take, or to the end. Otherwise the mean of the depths that events told.
    pub fn mean_depth(&self) -> f64 {
        let end = self.last_reading.at.0;
        let there = i128::from(self.put_count) - i128::from(self.taken_count);
        if there == i128::from(self.last_reading.depth) && end > 0 {
            let stay = self.total_stay_ns + there * i128::from(end);
            return (stay as f64 / end as f64).clamp(0.0, f64::from(self.max_depth));
        }
        self.depth_sum as f64 / (self.put_count + self.taken_count).max(1) as f64
    }

    /// The highest depth in each cell, that at its begin included; 0 after `now`.
    pub fn depth_cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<f32>) {
        out.clear();
        out.resize(w.cells, 0.0);
        if w.cells == 0 {
            return;
        }
        let mut ends: Vec<Option<u32>> = vec![None; w.cells];
        let mut depth = self.depth_before(w.from);
        if w.to > w.from {
            self.history.visit_buckets(w.from, w.to.min(now), |a, b, depths| {
                let Some(last) = depths.last_reading else { return };
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
        self.history.visit_buckets(from, to, |a, b, depths| {
            taken += proportional_part(depths.taken.into(), (a, b), (from, to));
        });
        taken
    }

    /// Nanoseconds that workers waited for room between two moments, summed over them; waits that go on do not count.
    pub(super) fn room_wait_ns(&self, from: Stamp, to: Stamp) -> u64 {
        let mut full = 0;
        self.history
            .visit_buckets(from, to, |a, b, depths| full += proportional_part(depths.full_wait_ns, (a, b), (from, to)));
        full
    }

    /// Depth at `t`, as exact as what is kept allows.
    pub fn depth_at(&self, t: Stamp) -> u32 {
        if t >= self.last_reading.at { self.last_reading.depth } else { self.depth_before(t + Span(1)) }
    }

    /// The last depth told before `t`.
    fn depth_before(&self, t: Stamp) -> u32 {
        let mut depth = 0;
        // The bucket around `t` keeps its last depth alone: one that was told later does not count.
        self.history.visit_buckets(Stamp(0), t, |_, _, depths| {
            if let Some(last) = depths.last_reading
                && last.at < t
            {
                depth = last.depth;
            }
        });
        depth
    }

    /// Items a second by which it grew, or shrank, over the last `over`.
    pub fn growth_rate(&self, over: Span, now: Stamp) -> f64 {
        let from = now.earlier_by(over);
        let secs = now.span_since(from).as_secs_f64();
        if secs <= 0.0 { 0.0 } else { (f64::from(self.depth_at(now)) - f64::from(self.depth_at(from))) / secs }
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes()
    }
}

/// The whole of a number told modulo 2^24: the one closest to `near`. Events of different workers are never further apart,
/// because no more of them fit into all rings.
pub(super) fn unwrap_number(nth: u32, near: u64) -> u64 {
    const MODULUS: i64 = 1 << 24;
    let ahead = (i64::from(nth) - near as i64).rem_euclid(MODULUS);
    let ahead = if ahead >= MODULUS / 2 { ahead - MODULUS } else { ahead };
    near.saturating_add_signed(ahead)
}
