//! The depth of a queue over time, and its traffic by interval.

use super::Queue;
use crate::history::proportional_part;
use crate::state_times::CellWindow;
use contend_trace::{Span, Stamp};

/// The course of a queue's depth over an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DepthTrend {
    /// The depth at the start and at the end.
    pub start: u32,
    pub end: u32,
    pub lowest: u32,
    /// The greatest rise above the lowest depth before: the depth it would have reached if it had been empty at the
    /// start.
    pub max_rise: u32,
    pub highest: u32,
}

impl Queue {
    /// Returns the course of the depth from `from` to `now`.
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

    /// Returns the greatest depth so far.
    pub fn max_depth(&self) -> u32 {
        self.max_depth
    }

    /// Returns the depth averaged over time, from the start of the run to the newest event.
    ///
    /// Exact while no event is missing: the integral of the depth is the total time of all items in the queue, each
    /// from its put to its take or to the end. Otherwise the mean of the reported depths.
    pub fn mean_depth(&self) -> f64 {
        let end = self.last_reading.at;
        if let Some(stay) = self.stay_ns(end).filter(|_| end > Stamp(0)) {
            return (stay as f64 / end.0 as f64).clamp(0.0, f64::from(self.max_depth));
        }
        self.depth_sum as f64 / (self.put_count + self.taken_count).max(1) as f64
    }

    /// Returns the total time of all items in the queue up to `at`, ns, while no event is missing.
    pub(crate) fn stay_ns(&self, at: Stamp) -> Option<i128> {
        let remaining = i128::from(self.put_count) - i128::from(self.taken_count);
        let is_exact = remaining == i128::from(self.last_reading.depth);
        is_exact.then(|| self.total_stay_ns + remaining * i128::from(at.0))
    }

    /// Writes the highest depth in each cell, including the depth at its start, to `out`; 0 after `now`.
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
                let cell = w.cell_at(last.at.max(w.from));
                ends[cell] = Some(last.depth);
                out[cell] = out[cell].max(depths.max as f32);
                // A bucket that spans many cells does not tell in which of them the maximum was.
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

    /// Returns the number of items, or messages, that were taken between two moments.
    pub(crate) fn taken_between(&self, from: Stamp, to: Stamp) -> u64 {
        let mut taken = 0;
        self.history.visit_buckets(from, to, |a, b, depths| {
            taken += proportional_part(depths.taken.into(), (a, b), (from, to));
        });
        taken
    }

    /// Returns the number of items, or messages, that were put between two moments.
    pub(crate) fn put_between(&self, from: Stamp, to: Stamp) -> u64 {
        let mut put = 0;
        self.history
            .visit_buckets(from, to, |a, b, depths| put += proportional_part(depths.put.into(), (a, b), (from, to)));
        put
    }

    /// Returns how many items, or messages of a pipe, were put and how many were taken per second over the last `over`,
    /// or since the run began.
    pub fn flow_rates(&self, over: Span, now: Stamp) -> (f64, f64) {
        let from = now.earlier_by(over);
        let secs = now.span_since(from).as_secs_f64();
        let rate = |count: u64| if secs <= 0.0 { 0.0 } else { count as f64 / secs };
        (rate(self.put_between(from, now)), rate(self.taken_between(from, now)))
    }

    /// Returns how long workers waited for room between two moments, ns, summed over the workers, without open waits.
    pub(crate) fn room_wait_ns(&self, from: Stamp, to: Stamp) -> u64 {
        let mut full = 0;
        self.history
            .visit_buckets(from, to, |a, b, depths| full += proportional_part(depths.full_wait_ns, (a, b), (from, to)));
        full
    }

    /// Returns the depth at `t`, as exact as the history allows.
    pub fn depth_at(&self, t: Stamp) -> u32 {
        if t >= self.last_reading.at { self.last_reading.depth } else { self.depth_before(t + Span(1)) }
    }

    /// Returns the last depth reported before `t`.
    fn depth_before(&self, t: Stamp) -> u32 {
        // The bucket around `t` keeps only its last depth. If that was reported later, it does not count.
        let last_since = |from: Stamp| {
            let mut depth = None;
            self.history.visit_buckets(from, t, |_, _, depths| {
                depth = depths.last_reading.filter(|last| last.at < t).map(|last| last.depth).or(depth);
            });
            depth
        };
        // Mostly it is found at once: looking through the whole history takes long.
        let starts = [t.earlier_by(Span::from_millis(30)), t.earlier_by(Span::from_millis(2_000)), Stamp(0)];
        starts.into_iter().find_map(last_since).unwrap_or(0)
    }

    /// Returns by how many items per second the queue grew over the last `over`; negative if it shrank.
    pub fn growth_rate(&self, over: Span, now: Stamp) -> f64 {
        let from = now.earlier_by(over);
        let secs = now.span_since(from).as_secs_f64();
        if secs <= 0.0 { 0.0 } else { (f64::from(self.depth_at(now)) - f64::from(self.depth_at(from))) / secs }
    }
}
