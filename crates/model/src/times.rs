//! Many durations, kept as a histogram.

use hdrhistogram::Histogram;

use contend_trace::Span;

/// Durations in nanoseconds. Count, sum and maximum are exact; percentiles have two significant digits (one when a run
/// has so many locks that two would not fit the budget).
#[derive(Debug, Clone)]
pub struct Times {
    count: u64,
    total: u64,
    max: u64,
    digits: u8,
    histogram: Option<Box<Histogram<u32>>>,
}

impl Times {
    pub(super) fn new(digits: u8) -> Self {
        Self { count: 0, total: 0, max: 0, digits, histogram: None }
    }

    /// Returns the statistics of some durations.
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
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
        if let Some(histogram) = &mut self.histogram {
            put(histogram, span);
        } else {
            self.first(span);
        }
    }

    /// Most locks of a large run are never waited for: a histogram is made when there is something to put in.
    #[cold]
    fn first(&mut self, span: Span) {
        self.histogram = Histogram::new(self.digits).ok().map(|mut histogram| {
            histogram.auto(true);
            put(&mut histogram, span);
            Box::new(histogram)
        });
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sum of all durations, ns.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest, ns.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// ns; 0 when there are none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total as f64 / self.count as f64 }
    }

    /// The duration that `p` percent do not exceed, ns; 0 when there are none.
    pub fn percentile(&self, p: f64) -> u64 {
        self.histogram.as_ref().map_or(0, |h| h.value_at_percentile(p).min(self.max))
    }

    /// How many were longer than `limit`, to the histogram's digits.
    pub fn longer_than(&self, limit: Span) -> u64 {
        let Some(histogram) = &self.histogram else { return 0 };
        let above = histogram.iter_recorded().filter(|value| value.value_iterated_to() > limit.0);
        above.map(|value| value.count_since_last_iteration()).sum()
    }

    /// How many durations fall into each of `bins` equal bins from 0 to the maximum.
    pub fn spread(&self, bins: usize) -> Vec<u64> {
        let mut out = vec![0; bins];
        let Some(histogram) = &self.histogram else { return out };
        for value in histogram.iter_recorded() {
            let place = u128::from(value.value_iterated_to()) * bins as u128 / (u128::from(self.max) + 1);
            if let Some(bin) = out.get_mut((place as usize).min(bins.saturating_sub(1))) {
                *bin += value.count_since_last_iteration();
            }
        }
        out
    }

    /// What came since `then`, an earlier state of the same. The longest is exact if it came since, else it is known to
    /// the histogram's digits.
    pub fn since(&self, then: &Self) -> Self {
        let mut left = self.clone();
        left.count = self.count.saturating_sub(then.count);
        left.total = self.total.saturating_sub(then.total);
        if let (Some(mine), Some(theirs)) = (&mut left.histogram, &then.histogram) {
            let _ = mine.subtract(&**theirs); // an earlier state of the same is never more than it
        }
        if self.max == then.max {
            left.max = left.histogram.as_ref().map_or(0, |h| h.max());
        }
        left
    }

    /// Takes in all durations of another.
    pub fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
        match (&mut self.histogram, &other.histogram) {
            (Some(mine), Some(theirs)) => {
                let _ = mine.add(&**theirs); // it grows by itself
            }
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.histogram.as_ref().map_or(0, |h| size_of::<Histogram<u32>>() + h.distinct_values() * size_of::<u32>())
    }
}

/// Records a span, growing the histogram to hold it; `saturating_record` alone would clamp it to what already fits.
#[inline]
fn put(histogram: &mut Histogram<u32>, span: Span) {
    if histogram.record(span.0).is_err() {
        histogram.saturating_record(span.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_took_longer_are_counted() {
        let mut times = Times::new(2);
        (1..=100).for_each(|n| times.record(Span::millis(n)));
        for (limit, longer) in [(0, 100), (90, 10), (100, 0)] {
            let found = times.longer_than(Span::millis(limit));
            assert!(found.abs_diff(longer) <= 1, "{found} longer than {limit} ms"); // two digits
        }
        assert_eq!(Times::new(2).longer_than(Span(0)), 0);
    }

    #[test]
    fn two_are_as_one() {
        let (mut short, mut long, mut both) = (Times::new(2), Times::new(2), Times::new(2));
        for n in 1..=100 {
            short.record(Span::micros(n));
            long.record(Span::millis(n));
            both.record(Span::micros(n));
            both.record(Span::millis(n));
        }
        let mut none = Times::new(2);
        none.add(&short);
        none.add(&long);
        none.add(&Times::new(2));
        assert_eq!((none.count(), none.total(), none.max()), (both.count(), both.total(), both.max()));
        for p in [1.0, 50.0, 75.0, 99.0, 100.0] {
            assert_eq!(none.percentile(p), both.percentile(p), "{p} %");
        }
    }

    #[test]
    fn what_came_since_is_told_apart() {
        let mut times = Times::new(2);
        (0..100).for_each(|_| times.record(Span::millis(50)));
        let then = times.clone();
        (1..=100).for_each(|n| times.record(Span::millis(n % 10 + 1)));
        let since = times.since(&then);
        assert_eq!((since.count(), since.total()), (100, 550_000_000));
        let near = |told: u64, exact: f64| (told as f64 / exact - 1.0).abs() < 0.02;
        assert!(near(since.percentile(50.0), 5e6) && near(since.percentile(100.0), 10e6) && near(since.max(), 10e6));
        assert_eq!(then.since(&then).count(), 0);
        assert_eq!(times.since(&Times::new(2)).max(), 50_000_000);
    }

    #[test]
    fn percentiles_hold_for_any_length() {
        let mut times = Times::new(2);
        for span in [Span(10), Span::micros(1), Span::millis(5), Span::from_secs(3_000.0)] {
            times.record(span);
        }
        for (percent, exact) in [(50.0, 1e3), (75.0, 5e6), (100.0, 3e12)] {
            let told = times.percentile(percent) as f64;
            assert!((told / exact - 1.0).abs() < 0.01, "{percent} %: {told}, {exact}");
        }
        assert_eq!((times.count(), times.max()), (4, 3_000_000_000_000));
        assert_eq!(times.spread(3), [3, 0, 1]);
    }
}
