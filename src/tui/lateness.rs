//! How late the dashboard's own ticks are, which tells whether the screen shows the present.

use std::collections::VecDeque;

use crate::trace::Span;

/// Number of ticks kept: those of half a minute.
const MAX_TICKS: usize = 300;

/// Lateness from which it is shown wherever there is room.
pub(super) const LATE_FROM: Span = Span::from_millis(10);

/// The lateness of the last ticks.
#[derive(Debug, Clone, Default)]
pub(super) struct Lateness {
    ticks: VecDeque<Span>,
}

impl Lateness {
    pub(super) fn record(&mut self, late: Span) {
        if self.ticks.len() == MAX_TICKS {
            self.ticks.pop_front();
        }
        self.ticks.push_back(late);
    }

    /// Returns the 99th percentile; of few ticks the worst, of none zero.
    pub(super) fn p99(&self) -> Span {
        let mut sorted: Vec<Span> = self.ticks.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * 99).div_ceil(100); // the nearest rank, counted from 1
        rank.checked_sub(1).and_then(|at| sorted.get(at)).copied().unwrap_or(Span::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Span {
        let mut lateness = Lateness::default();
        millis.into_iter().for_each(|late| lateness.record(Span::from_millis(late)));
        lateness.p99()
    }

    #[test]
    fn p99_uses_the_nearest_rank() {
        assert_eq!(of([]), Span::ZERO);
        assert_eq!(of([3, 1, 2]), Span::from_millis(3));
        assert_eq!(of(1..=100), Span::from_millis(99));
        assert_eq!(of(std::iter::repeat_n(1, 297).chain([70, 80, 90])), Span::from_millis(1));
        assert_eq!(of(std::iter::repeat_n(1, 296).chain([60, 70, 80, 90])), Span::from_millis(60));
    }

    #[test]
    fn old_ticks_are_dropped() {
        assert_eq!(
            of(std::iter::repeat_n(500, MAX_TICKS).chain(std::iter::repeat_n(2, MAX_TICKS))),
            Span::from_millis(2)
        );
    }
}
