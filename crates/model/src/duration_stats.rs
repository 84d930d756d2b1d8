//! Statistics of many durations, kept as a histogram.

use super::log_histogram::LogHistogram;
use contend_trace::Span;

/// Durations whose ratio is above this are not told apart.
const NEARLY_EQUAL: f64 = 0.95;

/// Durations in nanoseconds. Count, sum and maximum are exact; percentiles have two significant digits (one when a run
/// has so many locks that two would not fit the budget).
#[derive(Debug, Clone)]
pub struct DurationStats {
    count: u64,
    total: u64,
    max: u64,
    digits: u8,
    histogram: LogHistogram,
}

impl DurationStats {
    pub(super) fn new(digits: u8) -> Self {
        Self { count: 0, total: 0, max: 0, digits, histogram: LogHistogram::new(digits) }
    }

    /// Returns the statistics of these durations.
    pub fn from_spans(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut times = Self::new(2);
        spans.into_iter().for_each(|span| times.record(span));
        times
    }

    pub(super) const fn digits(&self) -> u8 {
        self.digits
    }

    #[inline]
    pub(super) fn record(&mut self, span: Span) {
        self.count += 1;
        self.total = self.total.saturating_add(span.0);
        self.max = self.max.max(span.0);
        self.histogram.record(span.0);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the sum of all durations, ns.
    pub fn total_ns(&self) -> u64 {
        self.total
    }

    /// Returns the longest duration, ns.
    pub fn max_ns(&self) -> u64 {
        self.max
    }

    /// Returns the mean duration, ns; 0 if there are none.
    pub fn mean_ns(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total as f64 / self.count as f64 }
    }

    /// Returns the duration that `p` percent of all do not exceed, ns; 0 if there are none.
    pub fn percentile_ns(&self, p: f64) -> u64 {
        self.histogram.percentile(p).min(self.max)
    }

    /// Returns how many durations were longer than `limit`, to the precision of the histogram.
    pub fn count_longer_than(&self, limit: Span) -> u64 {
        self.histogram.bins().filter(|(value, _)| *value > limit.0).map(|(_, count)| count).sum()
    }

    /// Returns how many durations fall into each of `bins` equal bins from 0 to the maximum.
    pub fn equal_bins(&self, bins: usize) -> Vec<u64> {
        let mut out = vec![0; bins];
        for (value, count) in self.histogram.bins() {
            let index = u128::from(value) * bins as u128 / (u128::from(self.max) + 1);
            if let Some(bin) = out.get_mut((index as usize).min(bins.saturating_sub(1))) {
                *bin += count;
            }
        }
        out
    }

    /// Returns how many durations fall into each of `bins` bins between the shortest and the longest, each as many
    /// times as long as the one before; and the shortest, ns. Empty if there are no durations.
    pub fn logarithmic_bins(&self, bins: usize) -> (u64, Vec<u64>) {
        if bins == 0 || self.count == 0 {
            return (0, Vec::new());
        }
        let mut out = vec![0; bins];
        // The histogram knows the shortest only to its precision: nearly equal durations are in one bin.
        let shortest = self.histogram.min().clamp(1, self.max.max(1));
        let shortest = if shortest as f64 > NEARLY_EQUAL * self.max as f64 { self.max.max(1) } else { shortest };
        let whole = (self.max.max(1) as f64 / shortest as f64).ln();
        for (value, count) in self.histogram.bins() {
            let part = (value.clamp(shortest, self.max.max(1)) as f64 / shortest as f64).ln();
            let bin = if whole > 0.0 { (part / whole * bins as f64) as usize } else { 0 };
            out[bin.min(bins - 1)] += count;
        }
        (shortest, out)
    }

    /// Returns the statistics of the durations recorded since `then`, an earlier state of the same. The maximum is
    /// exact if it was recorded since; otherwise it has the precision of the histogram.
    pub fn minus_earlier(&self, then: &Self) -> Self {
        let mut left = self.clone();
        left.count = self.count.saturating_sub(then.count);
        left.total = self.total.saturating_sub(then.total);
        left.histogram.subtract(&then.histogram);
        if self.max == then.max {
            left.max = left.histogram.max();
        }
        left
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
        self.histogram.add(&other.histogram);
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.histogram.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithmic_bins_hold_every_duration_and_grow_by_a_factor() {
        let times = DurationStats::from_spans((0..6).map(|n| Span(1_000 * 10_u64.pow(n))));
        let (shortest, bins) = times.logarithmic_bins(5);
        assert!(shortest.abs_diff(1_000) < 20, "{shortest}");
        assert_eq!(bins, [1, 1, 1, 1, 2], "one for each decade, the longest in the last bin");
        assert_eq!(DurationStats::from_spans([Span(7)]).logarithmic_bins(3).1, [1, 0, 0]);
        assert_eq!(DurationStats::from_spans([]).logarithmic_bins(3).1, []);
    }

    #[test]
    fn durations_above_a_limit_are_counted() {
        let mut times = DurationStats::new(2);
        (1..=100).for_each(|n| times.record(Span::from_millis(n)));
        for (limit, longer) in [(0, 100), (90, 10), (100, 0)] {
            let found = times.count_longer_than(Span::from_millis(limit));
            assert!(found.abs_diff(longer) <= 1, "{found} longer than {limit} ms"); // two digits
        }
        assert_eq!(DurationStats::new(2).count_longer_than(Span(0)), 0);
    }

    #[test]
    fn merged_statistics_equal_those_of_all_durations() {
        let (mut short, mut long, mut both) = (DurationStats::new(2), DurationStats::new(2), DurationStats::new(2));
        for n in 1..=100 {
            short.record(Span::from_micros(n));
            long.record(Span::from_millis(n));
            both.record(Span::from_micros(n));
            both.record(Span::from_millis(n));
        }
        let mut merged = DurationStats::new(2);
        merged.merge(&short);
        merged.merge(&long);
        merged.merge(&DurationStats::new(2));
        assert_eq!(
            (merged.count(), merged.total_ns(), merged.max_ns()),
            (both.count(), both.total_ns(), both.max_ns())
        );
        for p in [1.0, 50.0, 75.0, 99.0, 100.0] {
            assert_eq!(merged.percentile_ns(p), both.percentile_ns(p), "{p} %");
        }
    }

    #[test]
    fn difference_to_an_earlier_state_has_the_durations_since_then() {
        let mut times = DurationStats::new(2);
        (0..100).for_each(|_| times.record(Span::from_millis(50)));
        let then = times.clone();
        (1..=100).for_each(|n| times.record(Span::from_millis(n % 10 + 1)));
        let since = times.minus_earlier(&then);
        assert_eq!((since.count(), since.total_ns()), (100, 550_000_000));
        let near = |found: u64, exact: f64| (found as f64 / exact - 1.0).abs() < 0.02;
        assert!(
            near(since.percentile_ns(50.0), 5e6)
                && near(since.percentile_ns(100.0), 10e6)
                && near(since.max_ns(), 10e6)
        );
        assert_eq!(then.minus_earlier(&then).count(), 0);
        assert_eq!(times.minus_earlier(&DurationStats::new(2)).max_ns(), 50_000_000);
    }

    #[test]
    fn percentiles_are_accurate_from_nanoseconds_to_hours() {
        let mut times = DurationStats::new(2);
        for span in [Span(10), Span::from_micros(1), Span::from_millis(5), Span::from_secs(3_000.0)] {
            times.record(span);
        }
        for (percent, exact) in [(50.0, 1e3), (75.0, 5e6), (100.0, 3e12)] {
            let found = times.percentile_ns(percent) as f64;
            assert!((found / exact - 1.0).abs() < 0.01, "{percent} %: {found}, {exact}");
        }
        assert_eq!((times.count(), times.max_ns()), (4, 3_000_000_000_000));
        assert_eq!(times.equal_bins(3), [3, 0, 1]);
    }
}
