//! A set of durations in constant memory: which occurred, to a tenth, but not how often.

use contend_trace::Span;

/// Bins of a factor of two, and the log2 of the longest duration in the first bin, ns.
const BINS_PER_OCTAVE_LOG2: u32 = 3;
const FIRST_OCTAVE: u32 = 10;

/// Durations in 256 bins, each about 9 % longer than the one before, from a microsecond to more than an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DurationSet {
    bins: [u64; 4],
}

impl DurationSet {
    #[inline]
    pub(super) fn insert(&mut self, span: Span) {
        let bin = bin_of(span.0);
        self.bins[bin / 64] |= 1 << (bin % 64);
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.bins.iter_mut().zip(other.bins).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub fn is_empty(&self) -> bool {
        self.bins == [0; 4]
    }

    /// Returns a duration of each bin that is not empty, the shortest first.
    pub fn durations(&self) -> impl Iterator<Item = Span> + use<> {
        let words = self.bins.into_iter().zip([0, 64, 128, 192]);
        words.flat_map(|(mut rest, first)| {
            std::iter::from_fn(move || {
                let bin = (rest != 0).then(|| first + rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(Span(middle_of(bin)))
            })
        })
    }

    /// Returns the number of bins that are not empty.
    pub(super) fn len(&self) -> u32 {
        self.bins.iter().map(|word| word.count_ones()).sum()
    }

    /// Returns a duration of the highest bin that is not empty.
    pub fn longest(&self) -> Option<Span> {
        let word = self.bins.iter().rposition(|word| *word != 0)?;
        Some(Span(middle_of(word * 64 + self.bins[word].ilog2() as usize)))
    }
}

fn bin_of(ns: u64) -> usize {
    let octave = ns.max(1).ilog2();
    if octave < FIRST_OCTAVE {
        return 0;
    }
    let within = (ns >> (octave - BINS_PER_OCTAVE_LOG2)) & ((1 << BINS_PER_OCTAVE_LOG2) - 1);
    ((u64::from(octave - FIRST_OCTAVE) << BINS_PER_OCTAVE_LOG2) + within).min(255) as usize
}

/// Returns the middle of a bin, ns.
fn middle_of(bin: usize) -> u64 {
    let (octave, within) = ((bin >> BINS_PER_OCTAVE_LOG2) as u32 + FIRST_OCTAVE, (bin & 7) as u64);
    let width = 1_u64 << (octave - BINS_PER_OCTAVE_LOG2);
    (1 << octave) + within * width + width / 2
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_duration_is_found_to_a_tenth(spans in prop::collection::vec(1_024_u64..1 << 41, 0..40)) {
            let (mut one, mut other) = (DurationSet::default(), DurationSet::default());
            for (i, span) in spans.iter().enumerate() {
                if i % 2 == 0 { one.insert(Span(*span)) } else { other.insert(Span(*span)) }
            }
            one.merge(&other);
            let found: Vec<f64> = one.durations().map(|span| span.0 as f64).collect();
            for span in &spans {
                prop_assert!(found.iter().any(|near| (near / *span as f64 - 1.0).abs() < 0.1), "{span} in {found:?}");
            }
            let bins: BTreeSet<usize> = spans.iter().map(|span| bin_of(*span)).collect();
            prop_assert_eq!(found.len(), bins.len());
            prop_assert_eq!(one.longest(), one.durations().last());
            prop_assert_eq!(one.is_empty(), spans.is_empty());
        }
    }

    #[test]
    fn durations_beyond_the_bins_are_in_the_first_and_the_last() {
        assert_eq!([0, 1, 1_023, 1_024].map(bin_of), [0, 0, 0, 0]);
        assert_eq!(bin_of(u64::MAX), 255);
    }
}
