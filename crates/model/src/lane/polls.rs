//! Stretches in which a worker asked again and again and did nothing else.

use std::collections::VecDeque;

use contend_trace::{POLLS, ResourceId, Span, Stamp};

/// Stretches that are kept.
const KEPT: usize = 256;

/// Stretches closer together than this are one.
const GAP: Span = Span::micros(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: Stamp,
    to: Stamp,
    on: ResourceId,
    looks: u64,
}

/// The newest such stretches, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Polls(VecDeque<Stretch>);

/// What a worker's polling came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Polling {
    /// What it asked most.
    pub on: ResourceId,
    /// Part of the time in which it did nothing else.
    pub share: f64,
    /// Looks a second, over all of the time.
    pub looks: f64,
    /// When it began.
    pub since: Stamp,
}

impl Polls {
    pub(crate) fn add(&mut self, at: Stamp, on: ResourceId, lasted: Span) {
        let from = at.back(lasted);
        if let Some(last) = self.0.back_mut().filter(|last| last.on == on && from.since(last.to) <= GAP) {
            last.to = last.to.max(at);
            last.looks += POLLS;
            return;
        }
        self.0.push_back(Stretch { from, to: at, on, looks: POLLS });
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// What it came to from `from` to `now`, or in that part of it of which all is kept.
    pub(crate) fn between(&self, from: Stamp, now: Stamp) -> Option<Polling> {
        let first = self.0.front()?;
        let from = if self.0.len() < KEPT { from } else { from.max(first.from) };
        let inside: Vec<&Stretch> = self.0.iter().filter(|stretch| stretch.to > from).collect();
        let lasted = |stretch: &Stretch| stretch.to.min(now).since(stretch.from.max(from)).0;
        let part = |stretch: &Stretch| {
            stretch.looks as f64 * lasted(stretch) as f64 / stretch.to.since(stretch.from).0.max(1) as f64
        };
        let longest = inside.iter().max_by_key(|stretch| lasted(stretch))?;
        let secs = now.since(from).secs();
        (secs > 0.0).then(|| Polling {
            on: longest.on,
            share: inside.iter().map(|stretch| lasted(stretch)).sum::<u64>() as f64 / 1e9 / secs,
            looks: inside.iter().map(|stretch| part(stretch)).sum::<f64>() / secs,
            since: longest.from,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Stretch>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_are_one_and_what_is_kept_is_bounded() {
        let mut polls = Polls::default();
        let on = ResourceId(1);
        (1..=1_000).for_each(|n| polls.add(Stamp(n * 1_000_000), on, Span(1_000_000)));
        assert_eq!(polls.0.len(), 1);
        let polling = polls.between(Stamp(0), Stamp(2_000_000_000)).unwrap();
        assert!((polling.share - 0.5).abs() < 1e-9 && (polling.looks - 512_000.0).abs() < 1.0, "{polling:?}");
        (1..=1_000).for_each(|n| polls.add(Stamp(2_000_000_000 + n * 1_000_000), on, Span(100_000)));
        assert_eq!(polls.0.len(), KEPT);
        let polling = polls.between(Stamp(0), Stamp(3_000_000_000)).unwrap();
        assert!((polling.share - 0.1).abs() < 0.01, "{polling:?}");
    }
}
