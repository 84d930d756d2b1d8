//! What went through a pool, asked by stretches of time.

use super::{Flow, Pool};
use crate::history::part;
use contend_trace::{Span, Stamp};

impl Pool {
    /// Tasks ended a second over the last `over`, or since the run began.
    pub fn throughput(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.done)
    }

    /// Tasks that came a second over the last `over`, or since the run began.
    pub fn arrivals(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.arrived)
    }

    fn rate(&self, over: Span, now: Stamp, what: fn(&Flow) -> u64) -> f64 {
        let from = now.back(over);
        let secs = now.since(from).secs();
        if secs <= 0.0 { 0.0 } else { self.sum(from, now, now, what) as f64 / secs }
    }

    /// Share of its workers' time that was spent on tasks, 0 to 1.
    pub fn utilization(&self, from: Stamp, to: Stamp, now: Stamp) -> f64 {
        let staffed = self.sum(from, to, now, |flow| flow.staffed);
        let busy = self.sum(from, to, now, |flow| flow.busy);
        if staffed == 0 { 0.0 } else { (busy as f64 / staffed as f64).min(1.0) }
    }

    /// Nanoseconds that its workers spent on tasks, what is open counted up to `now`.
    pub fn busy_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum(from, to, now, |flow| flow.busy)
    }

    /// Nanoseconds that its workers were there, up to `now`.
    pub fn staffed_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum(from, to, now, |flow| flow.staffed)
    }

    /// Tasks that ended between two moments.
    pub fn ended_between(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum(from, to, now, |flow| flow.done)
    }

    /// Sum of one figure over a stretch, what is open counted up to `now`.
    fn sum(&self, from: Stamp, to: Stamp, now: Stamp, what: fn(&Flow) -> u64) -> u64 {
        let to = to.min(now);
        let mut sum: u64 = 0;
        let mut add = |more| sum = sum.saturating_add(more);
        self.history.visit(from, to, |a, b, flow| add(part(what(flow), (a, b.min(now)), (from, to))));
        let mut open = Flow::default();
        for seat in &self.seats {
            let end = to.min(seat.until.unwrap_or(to));
            open.staffed = open.staffed.saturating_add(seat.began.map_or(0, |began| end.since(began.max(from)).0));
            open.busy = open.busy.saturating_add(seat.task.map_or(0, |began| end.since(began.max(from)).0));
        }
        sum.saturating_add(what(&open))
    }
}
