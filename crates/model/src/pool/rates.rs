//! Throughput and utilization of a pool by interval.

use std::collections::BTreeMap;

use super::{Pool, PoolBucket};
use crate::duration_set::DurationSet;
use crate::history::proportional_part;
use crate::moving_rates::moving_rates;
use crate::state_times::CellWindow;
use contend_trace::{Span, Stamp};

impl Pool {
    /// Returns the tasks that ended per second over the last `over`, or since the run began.
    pub fn throughput(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.done)
    }

    /// Returns the tasks that were submitted per second over the last `over`, or since the run began.
    pub fn arrival_rate(&self, over: Span, now: Stamp) -> f64 {
        self.rate(over, now, |flow| flow.arrived)
    }

    /// Writes the tasks that ended per second, over the time `over` before the end of each cell, to `out`.
    pub fn throughput_cells(&self, w: &CellWindow, over: Span, now: Stamp, out: &mut Vec<f32>) {
        moving_rates(&self.history, w, over, now, |flow| flow.done, out);
    }

    /// Writes the response times of the tasks that ended in each cell to `out`.
    pub fn response_cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<DurationSet>) {
        out.clear();
        out.resize(w.cells, DurationSet::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        let width = w.to.span_since(w.from).0 / w.cells as u64;
        self.history.visit_buckets(w.from, w.to.min(now), |a, b, flow| {
            if flow.responses.is_empty() {
                return;
            }
            let first = w.cell_at(a.max(w.from));
            // A bucket that is wider than a cell does not tell in which of them the tasks ended.
            let is_wider = b.span_since(a).0 > width;
            let last = if is_wider { w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1))) } else { first };
            out[first..=last].iter_mut().for_each(|cell| cell.merge(&flow.responses));
        });
    }

    /// Returns percentiles of the response times of the tasks that ended between two moments, to a tenth. `None` if no
    /// task ended.
    pub fn response_percentiles<const N: usize>(
        &self,
        (from, to): (Stamp, Stamp),
        percents: [f64; N],
    ) -> Option<[Span; N]> {
        // Tasks of one bucket whose times differ are taken to be as many of each.
        let mut weights: BTreeMap<Span, f64> = BTreeMap::new();
        self.history.visit_buckets(from, to, |a, b, flow| {
            let ended = proportional_part(flow.done, (a, b), (from, to));
            if ended > 0 && !flow.responses.is_empty() {
                let each = ended as f64 / f64::from(flow.responses.len());
                flow.responses.durations().for_each(|span| *weights.entry(span).or_default() += each);
            }
        });
        let longest = *weights.last_key_value()?.0;
        let total: f64 = weights.values().sum();
        Some(percents.map(|percent| {
            let mut below = 0.0;
            let reached = weights.iter().find(|(_, weight)| {
                below += **weight;
                below >= total * percent / 100.0
            });
            reached.map_or(longest, |(span, _)| *span)
        }))
    }

    /// Returns how many tasks a second its workers can end if tasks take as long as they did between two moments, and
    /// cores are free. `None` if no task ended.
    pub fn ceiling(&self, from: Stamp, to: Stamp) -> Option<f64> {
        let busy = self.busy_ns(from, to, to);
        let done = self.tasks_ended_between(from, to, to);
        (busy > 0 && done > 0).then(|| done as f64 * f64::from(self.worker_count()) / (busy as f64 / 1e9))
    }

    fn rate(&self, over: Span, now: Stamp, figure: fn(&PoolBucket) -> u64) -> f64 {
        let from = now.earlier_by(over);
        let secs = now.span_since(from).as_secs_f64();
        if secs <= 0.0 { 0.0 } else { self.sum_over(from, now, now, figure) as f64 / secs }
    }

    /// Returns the fraction of its workers' time that was spent on tasks, 0 to 1.
    pub fn utilization(&self, from: Stamp, to: Stamp, now: Stamp) -> f64 {
        let staffed = self.sum_over(from, to, now, |flow| flow.staffed_ns);
        let busy = self.sum_over(from, to, now, |flow| flow.busy_ns);
        if staffed == 0 { 0.0 } else { (busy as f64 / staffed as f64).min(1.0) }
    }

    /// Returns how long its workers spent on tasks, ns. Open tasks count up to `now`.
    pub fn busy_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.busy_ns)
    }

    /// Returns how long its workers were in a life, ns, up to `now`.
    pub fn staffed_ns(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.staffed_ns)
    }

    /// Returns the number of tasks that ended between two moments.
    pub fn tasks_ended_between(&self, from: Stamp, to: Stamp, now: Stamp) -> u64 {
        self.sum_over(from, to, now, |flow| flow.done)
    }

    /// Returns the sum of one figure over an interval. Open tasks and lives count up to `now`.
    fn sum_over(&self, from: Stamp, to: Stamp, now: Stamp, figure: fn(&PoolBucket) -> u64) -> u64 {
        let to = to.min(now);
        let mut sum: u64 = 0;
        let mut add = |more| sum = sum.saturating_add(more);
        self.history
            .visit_buckets(from, to, |a, b, flow| add(proportional_part(figure(flow), (a, b.min(now)), (from, to))));
        let mut open = PoolBucket::default();
        for seat in &self.seats {
            let end = to.min(seat.died_at.unwrap_or(to));
            open.staffed_ns =
                open.staffed_ns.saturating_add(seat.began.map_or(0, |began| end.span_since(began.max(from)).0));
            open.busy_ns =
                open.busy_ns.saturating_add(seat.task_began.map_or(0, |began| end.span_since(began.max(from)).0));
        }
        sum.saturating_add(figure(&open))
    }
}

#[cfg(test)]
mod tests {
    use contend_trace::{PoolInfo, ResourceId, WorkerKind};
    use proptest::prelude::*;

    use super::*;
    use crate::history::HistoryShape;

    fn pool() -> Pool {
        let info = PoolInfo {
            name: "pool".into(),
            worker_kind: WorkerKind::Thread,
            workers: vec![contend_trace::WorkerId(0)],
            feeder: None,
            queue: ResourceId(0),
            results: None,
            size: 1,
            total_tasks: None,
            restarts_workers: false,
        };
        Pool::new(&info, HistoryShape::new(1024, 3), 2)
    }

    proptest! {
        #[test]
        fn response_times_by_cell_and_their_percentiles_equal_a_naive_fold(
            tasks in prop::collection::vec((0_u64..1 << 29, 1_u64 << 12..1 << 36), 1..80),
            cells in 1_usize..60,
        ) {
            let mut pool = pool();
            for (at, response) in &tasks {
                pool.end_task(Some(0), Stamp(*at), true, Some((Span(*response), Span(0))));
            }
            let now = Stamp(1 << 29);
            let w = CellWindow { from: Stamp(0), to: now, cells };
            let mut found = Vec::new();
            pool.response_cells(&w, now, &mut found);
            for (i, cell) in found.iter().enumerate() {
                let (from, to) = w.cell(i);
                // A bucket belongs to the cell in which it begins.
                let bucket = |at: u64| at >> 20 << 20;
                let here = tasks.iter().filter(|(at, _)| (from.0..to.0).contains(&bucket(*at)));
                let mut naive = DurationSet::default();
                here.for_each(|(_, response)| naive.insert(Span(*response)));
                prop_assert_eq!(*cell, naive, "cell {}", i);
            }
            let mut sorted: Vec<u64> = tasks.iter().map(|(_, response)| *response).collect();
            sorted.sort_unstable();
            let [least, median, most] =
                pool.response_percentiles((Stamp(0), now), [0.0, 50.0, 100.0]).expect("tasks ended").map(|s| s.0 as f64);
            let near = |found: f64, exact: u64| (found / exact as f64 - 1.0).abs() < 0.1;
            prop_assert!(near(least, sorted[0]) && near(most, sorted[sorted.len() - 1]), "{least} {most}: {sorted:?}");
            let lower = sorted[(sorted.len() - 1) / 2] as f64;
            let upper = sorted[sorted.len() / 2] as f64;
            prop_assert!(median > 0.9 * lower * 0.9 && median < 1.1 * upper, "{median}: {sorted:?}");
            prop_assert_eq!(pool.response_percentiles((now, Stamp(1 << 30)), [50.0]), None);
        }
    }
}
