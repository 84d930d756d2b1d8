//! Stretches in which a worker asked again and again and did nothing else.

use std::collections::VecDeque;

use contend_trace::{POLLS_PER_EVENT, ResourceId, Span, Stamp};

/// Stretches that are kept.
const MAX_KEPT: usize = 256;

/// Stretches closer together than this are one.
const MAX_GAP: Span = Span::from_micros(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PollStretch {
    from: Stamp,
    to: Stamp,
    resource: ResourceId,
    polls: u64,
}

/// The newest such stretches, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct PollHistory(VecDeque<PollStretch>);

/// What a worker's polling came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PollSummary {
    /// What it asked most.
    pub resource: ResourceId,
    /// Part of the time in which it did nothing else.
    pub share: f64,
    /// Looks a second, over all of the time.
    pub polls_per_second: f64,
    /// When it began.
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
        self.0.push_back(PollStretch { from, to: at, resource: on, polls: POLLS_PER_EVENT });
        if self.0.len() > MAX_KEPT {
            self.0.pop_front();
        }
    }

    /// What it came to from `from` to `now`, or in that part of it of which all is kept.
    pub(crate) fn summarize(&self, from: Stamp, now: Stamp) -> Option<PollSummary> {
        let first = self.0.front()?;
        let from = if self.0.len() < MAX_KEPT { from } else { from.max(first.from) };
        let inside: Vec<&PollStretch> = self.0.iter().filter(|stretch| stretch.to > from).collect();
        let lasted = |stretch: &PollStretch| stretch.to.min(now).span_since(stretch.from.max(from)).0;
        let part = |stretch: &PollStretch| {
            stretch.polls as f64 * lasted(stretch) as f64 / stretch.to.span_since(stretch.from).0.max(1) as f64
        };
        let longest = inside.iter().max_by_key(|stretch| lasted(stretch))?;
        let secs = now.span_since(from).as_secs_f64();
        (secs > 0.0).then(|| PollSummary {
            resource: longest.resource,
            share: inside.iter().map(|stretch| lasted(stretch)).sum::<u64>() as f64 / 1e9 / secs,
            polls_per_second: inside.iter().map(|stretch| part(stretch)).sum::<f64>() / secs,
            since: longest.from,
        })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<PollStretch>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_are_one_and_what_is_kept_is_bounded() {
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
