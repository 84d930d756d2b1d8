//! What went through a pool, asked by stretches of time.

use super::{Pool, PoolBucket};
use crate::history::proportional_part;
use contend_trace::{Span, Stamp};

impl Pool {
    /// Tasks ended a second over the last `over`, or since the run began.
    pub fn throughput(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.done)
    }

    /// Tasks that came a second over the last `over`, or since the run began.
    pub fn arrival_rate(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.arrived)
    }

    fn rate(&self, over: Span, now: Stamp, what: fn(&PoolBucket) -> u64) -> f64 {
        let from = now.earlier_by(over);
        let secs = now.span_since(from).as_secs_f64();
        if secs <= 0.0 { 0.0 } else { self.sum_over(from, now, now, what) as f64 / secs }
    }

    /// Share of its workers' time that was spent on tasks, 0 to 1.
    pub fn utilization(&self, from: Stamp, to: Stamp, now: Stamp) -> f64 {
        let staffed = self.sum_over(from, to, now, |flow| flow.staffed_ns);
        let busy = self.sum_over(from, to, now, |flow| flow.busy_ns);
        if staffed == 0 { 0.0 } else { (busy as f64 / staffed as f64).min(1.0) }
    }

    /// Nanoseconds that its workers spent on tasks, what is open counted up to `now`.
    pub fn busy_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.busy_ns)
    }

    /// Nanoseconds that its workers were there, up to `now`.
    pub fn staffed_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.staffed_ns)
    }

    /// Tasks that ended between two moments.
    pub fn tasks_ended_between(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.done)
    }

    /// Sum of one figure over a stretch, what is open counted up to `now`.
    fn sum_over(&self, from: Stamp, to: Stamp, now: Stamp, what: fn(&PoolBucket) -> u64) -> u64 {
        let to = to.min(now);
        let mut sum: u64 = 0;
        let mut add = |more| sum = sum.saturating_add(more);
        self.history
            .visit_buckets(from, to, |a, b, flow| add(proportional_part(what(flow), (a, b.min(now)), (from, to))));
        let mut open = PoolBucket::default();
        for seat in &self.seats {
            let end = to.min(seat.died_at.unwrap_or(to));
            open.staffed_ns =
                open.staffed_ns.saturating_add(seat.began.map_or(0, |began| end.span_since(began.max(from)).0));
            open.busy_ns =
                open.busy_ns.saturating_add(seat.task_began.map_or(0, |began| end.span_since(began.max(from)).0));
        }
        sum.saturating_add(what(&open))
    }
}
