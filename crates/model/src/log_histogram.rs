//! A histogram whose bins are as many times as wide as their values are large: each value is known to a number of
//! significant digits.

/// Counts by value. A bin is one value wide up to twice the resolution, then twice as wide for each power of two.
#[derive(Debug, Clone)]
pub(super) struct LogHistogram {
    /// log2 of the number of bins from 0 on that are one value wide.
    narrow_log2: u32,
    counts: Vec<u32>,
}

impl LogHistogram {
    /// Returns an empty histogram whose values have this many significant digits, 1 to 3.
    pub(super) fn new(digits: u8) -> Self {
        let narrow = 2 * 10_u32.pow(u32::from(digits.clamp(1, 3)));
        Self { narrow_log2: narrow.next_power_of_two().ilog2(), counts: Vec::new() }
    }

    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        let bin = self.bin_of(value);
        if bin >= self.counts.len() {
            self.grow_to(bin);
        }
        self.counts[bin] = self.counts[bin].saturating_add(1);
    }

    #[cold]
    fn grow_to(&mut self, bin: usize) {
        let half = 1 << (self.narrow_log2 - 1);
        let wanted = (bin / half + 1) * half;
        self.counts.reserve_exact(wanted.saturating_sub(self.counts.len()));
        self.counts.resize(wanted.max(self.counts.len()), 0);
    }

    #[inline]
    fn bin_of(&self, value: u64) -> usize {
        let narrow = 1_u64 << self.narrow_log2;
        let shift = (value | (narrow - 1)).ilog2() + 1 - self.narrow_log2;
        ((u64::from(shift) << (self.narrow_log2 - 1)) + (value >> shift)) as usize
    }

    /// Returns the least and the greatest value of a bin.
    fn values_of(&self, bin: usize) -> (u64, u64) {
        let shift = (bin >> (self.narrow_log2 - 1)).saturating_sub(1) as u32;
        let least = (bin as u64 - (u64::from(shift) << (self.narrow_log2 - 1))) << shift;
        (least, least + ((1 << shift) - 1))
    }

    /// Returns the bins that are not empty in order: the greatest value of each, and its count.
    pub(super) fn bins(&self) -> impl Iterator<Item = (u64, u64)> {
        let used = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        used.map(|(bin, count)| (self.values_of(bin).1, u64::from(*count)))
    }

    /// Returns the greatest value of the bin up to which `percent` of all values are; 0 without values.
    pub(super) fn percentile(&self, percent: f64) -> u64 {
        let total: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let wanted = ((percent / 100.0).min(1.0) * total as f64).ceil() as u64;
        let mut sum = 0;
        let reached = self.bins().find(|(_, count)| {
            sum += count;
            sum >= wanted
        });
        reached.map_or(0, |(value, _)| value)
    }

    /// Returns the least value of the first bin that is not empty; 0 without values.
    pub(super) fn min(&self) -> u64 {
        self.counts.iter().position(|count| *count > 0).map_or(0, |bin| self.values_of(bin).0)
    }

    /// Returns the greatest value of the last bin that is not empty; 0 without values.
    pub(super) fn max(&self) -> u64 {
        self.counts.iter().rposition(|count| *count > 0).map_or(0, |bin| self.values_of(bin).1)
    }

    /// Adds all values of `other`. An empty histogram takes over its digits.
    pub(super) fn add(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (theirs, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let bin = self.bin_of(other.values_of(theirs).0);
            if bin >= self.counts.len() {
                self.grow_to(bin);
            }
            self.counts[bin] = self.counts[bin].saturating_add(*count);
        }
    }

    /// Removes all values of `other`, an earlier state of the same.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine = mine.saturating_sub(*theirs));
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    /// Values of all magnitudes but those of the last bins, whose limits are others in `hdrhistogram`.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        let value = (1_u32..64, any::<u64>()).prop_map(|(shift, bits)| bits >> shift);
        prop::collection::vec(value, 0..200)
    }

    fn filled(digits: u8, values: &[u64]) -> (LogHistogram, Histogram<u32>) {
        let (mut ours, mut theirs) = (LogHistogram::new(digits), Histogram::new(digits).expect("valid digits"));
        theirs.auto(true);
        for value in values {
            ours.record(*value);
            theirs.record(*value).expect("it grows");
        }
        (ours, theirs)
    }

    fn assert_equal(ours: &LogHistogram, theirs: &Histogram<u32>) {
        let bins = theirs.iter_recorded().map(|bin| (bin.value_iterated_to(), bin.count_since_last_iteration()));
        assert_eq!(ours.bins().collect::<Vec<_>>(), bins.collect::<Vec<_>>());
        assert_eq!((ours.min(), ours.max()), (theirs.min(), theirs.max()));
        for percent in [0.1, 1.0, 25.0, 50.0, 75.0, 99.0, 99.9, 100.0] {
            assert_eq!(ours.percentile(percent), theirs.value_at_percentile(percent), "{percent} %");
        }
    }

    proptest! {
        #[test]
        fn bins_percentiles_and_sums_equal_those_of_hdrhistogram(
            first in values(),
            second in values(),
            digits in 1_u8..=3,
        ) {
            let (mut ours, mut theirs) = filled(digits, &first);
            assert_equal(&ours, &theirs);
            let (more, their_more) = filled(digits, &second);
            ours.add(&more);
            theirs.add(&their_more).expect("it grows");
            assert_equal(&ours, &theirs);
            ours.subtract(&more);
            theirs.subtract(&their_more).expect("it was added");
            assert_equal(&ours, &theirs);
        }
    }

    #[test]
    fn greatest_value_has_a_bin() {
        let mut histogram = LogHistogram::new(2);
        histogram.record(u64::MAX);
        assert_eq!((histogram.max(), histogram.percentile(50.0)), (u64::MAX, u64::MAX));
        assert!(histogram.heap_bytes() < 32 << 10, "{}", histogram.heap_bytes());
    }
}
