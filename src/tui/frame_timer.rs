//! When the next frame of a moving picture is due.

use std::time::{Duration, Instant};

use crate::trace::Span;

/// Time between two frames of a live run: a scrolling picture needs no more, and figures must be readable.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);

/// The schedule of frames: one every 100 ms, or as often as the user wants. After a frame that took longer than half of
/// that, the next one waits as long as that frame took, so that events are handled in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameTimer {
    /// When the last frame was begun.
    began_at: Instant,
    due_at: Instant,
    interval: Duration,
}

impl FrameTimer {
    /// Returns a timer whose first frame is due now.
    pub(super) const fn starting_at(now: Instant) -> Self {
        Self { began_at: now, due_at: now, interval: FRAME_INTERVAL }
    }

    pub(super) const fn with_interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Makes a frame due now, and counts none before as late.
    pub(super) const fn restart_at(&mut self, now: Instant) {
        (self.began_at, self.due_at) = (now, now);
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due_at
    }

    /// Whether so little time is left that the frame may as well be drawn now.
    pub(super) fn is_nearly_due(&self, now: Instant) -> bool {
        self.time_left(now) <= self.interval / 4
    }

    /// Returns the time between two frames.
    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns the time until a frame is due.
    pub(super) fn time_left(&self, now: Instant) -> Duration {
        self.due_at.saturating_duration_since(now)
    }

    /// Begins a frame. Returns how much more than the interval after the previous one it begins, for
    /// whatever reason.
    pub(super) fn begin_frame(&mut self, now: Instant) -> Span {
        let late = now.saturating_duration_since(self.began_at + self.interval);
        (self.began_at, self.due_at) = (now, now + self.interval);
        Span::from(late)
    }

    /// Ends the frame that was begun last.
    pub(super) fn end_frame(&mut self, now: Instant) {
        self.due_at = self.due_at.max(now + now.saturating_duration_since(self.began_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn interval_stays_after_a_restart() {
        let start = Instant::now();
        let mut pace = FrameTimer::starting_at(start).with_interval(40 * MS);
        pace.begin_frame(start);
        assert_eq!(pace.time_left(start), 40 * MS);
        pace.restart_at(start + 500 * MS);
        assert!(pace.is_due(start + 500 * MS));
        assert_eq!(pace.begin_frame(start + 500 * MS), Span::ZERO);
        assert_eq!(pace.time_left(start + 500 * MS), 40 * MS);
    }

    #[test]
    fn frame_may_be_a_quarter_early_and_is_not_late_then() {
        let start = Instant::now();
        let mut pace = FrameTimer::starting_at(start);
        pace.begin_frame(start);
        assert!(!pace.is_nearly_due(start + 74 * MS));
        assert!(pace.is_nearly_due(start + 75 * MS));
        assert_eq!(pace.begin_frame(start + 80 * MS), Span::ZERO);
        assert_eq!(pace.time_left(start + 80 * MS), 100 * MS);
    }

    #[test]
    fn slow_frame_delays_the_next_one_and_counts_as_late() {
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
