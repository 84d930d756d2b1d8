//! Intervals in which a worker polled a resource and did nothing else.

use std::collections::VecDeque;

use contend_trace::{POLLS_PER_EVENT, ResourceId, Span, Stamp};

/// The maximum number of intervals that are kept.
const MAX_KEPT: usize = 256;

/// Intervals with a smaller gap between them are merged.
const MAX_GAP: Span = Span::from_micros(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PollInterval {
    from: Stamp,
    to: Stamp,
    resource: ResourceId,
    polls: u64,
}

/// The newest intervals of polling, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct PollHistory(VecDeque<PollInterval>);

/// The polling of a worker over a period of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PollSummary {
    /// The resource of the longest interval.
    pub resource: ResourceId,
    /// The fraction of the time in which the worker did nothing else.
    pub share: f64,
    /// Polls per second, over the whole period.
    pub polls_per_second: f64,
    /// When the longest interval began.
    pub since: Stamp,
}

impl PollHistory {
    pub(crate) fn add(&mut self, at: Stamp, on: ResourceId, lasted: Span) {
        let from = at.earlier_by(lasted);
        if let Some(last) = self.0.back_mut().filter(|last| last.resource == on && from.span_since(last.to) <= MAX_GAP)
        {
            last.to = last.to.max(at);
            last.polls += POLLS_PER_EVENT;
            return;
        }
        self.0.push_back(PollInterval { from, to: at, resource: on, polls: POLLS_PER_EVENT });
        if self.0.len() > MAX_KEPT {
            self.0.pop_front();
        }
    }

    /// Returns the summary from `from` to `now`, or of the part of this period that the history covers.
    pub(crate) fn summarize(&self, from: Stamp, now: Stamp) -> Option<PollSummary> {
        let first = self.0.front()?;
        let from = if self.0.len() < MAX_KEPT { from } else { from.max(first.from) };
        let inside: Vec<&PollInterval> = self.0.iter().filter(|interval| interval.to > from).collect();
        let duration = |interval: &PollInterval| interval.to.min(now).span_since(interval.from.max(from)).0;
        let polls = |interval: &PollInterval| {
            interval.polls as f64 * duration(interval) as f64 / interval.to.span_since(interval.from).0.max(1) as f64
        };
        let longest = inside.iter().max_by_key(|interval| duration(interval))?;
        let secs = now.span_since(from).as_secs_f64();
        (secs > 0.0).then(|| PollSummary {
            resource: longest.resource,
            share: inside.iter().map(|interval| duration(interval)).sum::<u64>() as f64 / 1e9 / secs,
            polls_per_second: inside.iter().map(|interval| polls(interval)).sum::<f64>() / secs,
            since: longest.from,
        })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<PollInterval>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_intervals_merge_and_their_number_is_bounded() {
        let mut polls = PollHistory::default();
        let on = ResourceId(1);
        (1..=1_000).for_each(|n| polls.add(Stamp(n * 1_000_000), on, Span(1_000_000)));
        assert_eq!(polls.0.len(), 1);
        let polling = polls.summarize(Stamp(0), Stamp(2_000_000_000)).unwrap();
        assert!(
            (polling.share - 0.5).abs() < 1e-9 && (polling.polls_per_second - 512_000.0).abs() < 1.0,
            "{polling:?}"
        );
        (1..=1_000).for_each(|n| polls.add(Stamp(2_000_000_000 + n * 1_000_000), on, Span(100_000)));
        assert_eq!(polls.0.len(), MAX_KEPT);
        let polling = polls.summarize(Stamp(0), Stamp(3_000_000_000)).unwrap();
        assert!((polling.share - 0.1).abs() < 0.01, "{polling:?}");
    }
}
