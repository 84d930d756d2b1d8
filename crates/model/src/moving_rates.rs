//! Rates of what a history counts, smooth enough for a strip.

use super::history::{History, Merge};
use super::state_times::CellWindow;
use contend_trace::{Span, Stamp};

/// Writes how many things happened per second, over the time `over` before the end of each cell, to `out`. A longer
/// cell counts alone; a cell that has not ended counts up to `now`.
pub(super) fn moving_rates<V: Merge>(
    history: &History<V>,
    w: &CellWindow,
    over: Span,
    now: Stamp,
    count: impl Fn(&V) -> u64,
    out: &mut Vec<f32>,
) {
    out.clear();
    // Sums up to the end of each bucket, in the order of time.
    let mut sums: Vec<(Stamp, u64)> = Vec::new();
    let mut sum = 0_u64;
    history.visit_buckets(w.from.earlier_by(over), w.to.min(now), |a, b, bucket| {
        if sums.is_empty() {
            sums.push((a, 0));
        }
        sum = sum.saturating_add(count(bucket));
        sums.push((b.min(now).max(a), sum));
    });
    // A bucket narrower than a cell counts where it begins, so that a picture does not change with its age.
    let width = Span(w.to.span_since(w.from).0 / w.cells.max(1) as u64);
    let sum_until = |t: Stamp| {
        let next = sums.partition_point(|(end, _)| *end <= t);
        let before = next.checked_sub(1).map_or((Stamp(0), 0.0), |i| (sums[i].0, sums[i].1 as f64));
        let Some((end, after)) = sums.get(next).filter(|_| next > 0) else { return before.1 };
        if end.span_since(before.0) <= width {
            return if t > before.0 { *after as f64 } else { before.1 };
        }
        let part = t.span_since(before.0).0 as f64 / end.span_since(before.0).0.max(1) as f64;
        before.1 + (*after as f64 - before.1) * part
    };
    out.extend((0..w.cells).map(|i| {
        let (from, to) = w.cell(i);
        if from >= now {
            return 0.0;
        }
        let to = to.min(now);
        let from = from.min(to.earlier_by(over));
        let secs = to.span_since(from).as_secs_f64();
        if secs > 0.0 { ((sum_until(to) - sum_until(from)) / secs) as f32 } else { 0.0 }
    }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::HistoryShape;

    #[derive(Debug, Clone, Default)]
    struct Count(u64);

    impl Merge for Count {
        fn merge(&mut self, other: Self) {
            self.0 += other.0;
        }
    }

    proptest! {
        #[test]
        fn rate_of_a_cell_is_that_of_the_time_before_its_end(
            stamps in prop::collection::vec(0_u64..1 << 30, 0..200),
            cells in 1_usize..40,
            over in 1_u64 << 24..1 << 28,
        ) {
            let mut history: History<Count> = History::new(HistoryShape::new(2048, 2));
            for at in &stamps {
                history.at(Stamp(*at)).0 += 1;
            }
            let (now, bucket) = (Stamp(1 << 30), 1 << 20);
            let w = CellWindow { from: Stamp(1 << 28), to: now, cells };
            let mut rates = Vec::new();
            moving_rates(&history, &w, Span(over), now, |count| count.0, &mut rates);
            prop_assert_eq!(rates.len(), cells);
            for (i, rate) in rates.iter().enumerate() {
                let (from, to) = w.cell(i);
                let from = from.min(to.earlier_by(Span(over)));
                let secs = to.span_since(from).as_secs_f64();
                // A bucket that the interval cuts counts in part.
                let count = |from: u64, to: u64| stamps.iter().filter(|at| (from..to).contains(at)).count() as f64 / secs;
                let least = count(from.0 + bucket, to.0.saturating_sub(bucket));
                let most = count(from.0.saturating_sub(bucket), to.0 + bucket);
                let rate = f64::from(*rate);
                prop_assert!(least * 0.999 <= rate && rate <= most * 1.001 + 1e-6, "{} in {}..{}", rate, least, most);
            }
        }
    }
}
