//! When the next frame of a moving picture is due.

use std::time::{Duration, Instant};

use crate::trace::Span;

/// Time between two frames of a run that goes on: a scrolling picture needs no more, and figures are read.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);

/// Frames come every 100 ms. One that took longer than half of that leaves as much time as it took to what is to be drawn:
/// otherwise nobody would come to hear of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameTimer {
    /// When the last frame was begun.
    began_at: Instant,
    due_at: Instant,
}

impl FrameTimer {
    /// The picture moves from now on.
    pub(super) const fn starting_at(now: Instant) -> Self {
        Self { began_at: now, due_at: now }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due_at
    }

    /// How long it is until a frame is due.
    pub(super) fn time_left(&self, now: Instant) -> Duration {
        self.due_at.saturating_duration_since(now)
    }

    /// A frame is begun. How much later it is than 100 ms after the one before, whatever the reason.
    pub(super) fn begin_frame(&mut self, now: Instant) -> Span {
        let late = now.saturating_duration_since(self.began_at + FRAME_INTERVAL);
        *self = Self { began_at: now, due_at: now + FRAME_INTERVAL };
        Span::from(late)
    }

    /// The frame that was begun last is drawn.
    pub(super) fn end_frame(&mut self, now: Instant) {
        self.due_at = self.due_at.max(now + now.saturating_duration_since(self.began_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_slow_frame_leaves_as_much_time_to_others_and_is_told_as_late() {
        let start = Instant::now();
        let mut pace = FrameTimer::starting_at(start);
        assert!(pace.is_due(start), "the first is due at once");
        assert_eq!(pace.begin_frame(start), Span::ZERO);
        pace.end_frame(start + 10 * MS);
        assert_eq!(pace.time_left(start + 10 * MS), 90 * MS, "a quick one changes nothing");
        assert!(!pace.is_due(start + 99 * MS));

        let second = start + 103 * MS;
        assert_eq!(pace.begin_frame(second), Span::from_millis(3));
        pace.end_frame(second + 450 * MS);
        assert_eq!(pace.time_left(second + 450 * MS), 450 * MS);
        assert_eq!(pace.begin_frame(second + 900 * MS), Span::from_millis(800));
    }
}
