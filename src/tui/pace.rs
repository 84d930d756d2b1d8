//! When the next frame of a moving picture is due.

use std::time::{Duration, Instant};

use crate::trace::Span;

/// Time between two frames of a run that goes on: a scrolling picture needs no more, and figures are read.
const FRAME: Duration = Duration::from_millis(100);

/// Frames come every 100 ms. One that took longer than half of that leaves as much time as it took to what is to be drawn:
/// otherwise nobody would come to hear of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// When the last frame was begun.
    began: Instant,
    due: Instant,
}

impl Pace {
    /// The picture moves from now on.
    pub(super) const fn from(now: Instant) -> Self {
        Self { began: now, due: now }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// How long it is until a frame is due.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// A frame is begun. How much later it is than 100 ms after the one before, whatever the reason.
    pub(super) fn begin(&mut self, now: Instant) -> Span {
        let late = now.saturating_duration_since(self.began + FRAME);
        *self = Self { began: now, due: now + FRAME };
        Span::from(late)
    }

    /// The frame that was begun last is drawn.
    pub(super) fn end(&mut self, now: Instant) {
        self.due = self.due.max(now + now.saturating_duration_since(self.began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_slow_frame_leaves_as_much_time_to_others_and_is_told_as_late() {
        let start = Instant::now();
        let mut pace = Pace::from(start);
        assert!(pace.is_due(start), "the first is due at once");
        assert_eq!(pace.begin(start), Span::ZERO);
        pace.end(start + 10 * MS);
        assert_eq!(pace.left(start + 10 * MS), 90 * MS, "a quick one changes nothing");
        assert!(!pace.is_due(start + 99 * MS));

        let second = start + 103 * MS;
        assert_eq!(pace.begin(second), Span::millis(3));
        pace.end(second + 450 * MS);
        assert_eq!(pace.left(second + 450 * MS), 450 * MS);
        assert_eq!(pace.begin(second + 900 * MS), Span::millis(800));
    }
}
