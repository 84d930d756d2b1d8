//! How long the tasks of a pool took: percentiles, a histogram, and the parts of the time.

use crate::model::DurationStats;
use crate::trace::Span;

/// Bins of the histogram.
pub(in crate::tui) const TIME_BINS: usize = 48;

/// The percentiles of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Percentiles {
    pub(in crate::tui) p50: Span,
    pub(in crate::tui) p90: Span,
    pub(in crate::tui) p99: Span,
    pub(in crate::tui) max: Span,
}

/// How long tasks took, those of the present settings or of a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct TaskTimes {
    /// From the intended start to the end.
    pub(in crate::tui) response: Percentiles,
    pub(in crate::tui) service: Percentiles,
    pub(in crate::tui) mean_response: Span,
    pub(in crate::tui) mean_service: Span,
    /// The shortest and the longest response, and how many tasks fall into each of the bins between: each bin is as
    /// many times as long as the one before.
    pub(in crate::tui) shortest: Span,
    pub(in crate::tui) bins: [u32; TIME_BINS],
}

impl Percentiles {
    fn of(times: &DurationStats) -> Self {
        let at = |p| Span(times.percentile_ns(p));
        Self { p50: at(50.0), p90: at(90.0), p99: at(99.0), max: Span(times.max_ns()) }
    }
}

impl TaskTimes {
    /// Returns the times, if any task ended.
    pub(in crate::tui) fn of(response: &DurationStats, service: &DurationStats) -> Option<Self> {
        if response.count() == 0 {
            return None;
        }
        let (shortest, counts) = response.logarithmic_bins(TIME_BINS);
        let mut bins = [0; TIME_BINS];
        for (bin, count) in bins.iter_mut().zip(counts) {
            *bin = u32::try_from(count).unwrap_or(u32::MAX);
        }
        let mean = |times: &DurationStats| Span(times.mean_ns() as u64);
        Some(Self {
            response: Percentiles::of(response),
            service: Percentiles::of(service),
            mean_response: mean(response),
            mean_service: mean(service),
            shortest: Span(shortest),
            bins,
        })
    }

    /// Returns the share of the mean response in which tasks waited for a worker.
    pub(in crate::tui) fn queueing_share(&self) -> f64 {
        Span(self.mean_response.0.saturating_sub(self.mean_service.0)).share_of(self.mean_response)
    }

    /// Returns the place of a duration between the shortest and the longest, 0 to 1.
    pub(in crate::tui) fn position(&self, time: Span) -> f64 {
        let ratio = |span: Span| (span.0.max(1) as f64 / self.shortest.0.max(1) as f64).ln();
        let whole = ratio(self.response.max);
        if whole > 0.0 { (ratio(time) / whole).clamp(0.0, 1.0) } else { 0.0 }
    }
}
