//! Whether the picture of a live run may have changed since the last frame. A frame in which only ages changed is not
//! worth its cost ten times a second.

use crate::trace::{Message, Sample, Span};
use crate::tui::axis::TimeAxis;

use super::FIGURES_INTERVAL;

/// How long figures are held while nothing happens: only ages grow.
const QUIET_INTERVAL: Span = Span::from_millis(1_000);

/// What has happened since the last frame, and since figures were captured.
#[derive(Debug, Default)]
pub(super) struct Changes {
    since_frame: bool,
    since_figures: bool,
    /// The time axis of the last frame.
    axis: Option<TimeAxis>,
}

impl Changes {
    /// Records a message.
    pub(super) fn note(&mut self, message: &Message) {
        if (!self.since_frame || !self.since_figures) && is_news(message) {
            (self.since_frame, self.since_figures) = (true, true);
        }
    }

    /// Takes over the axis of a new frame. Returns whether its picture differs from the last one in more than ages.
    pub(super) fn begin_frame(&mut self, axis: TimeAxis) -> bool {
        if self.axis.replace(axis) != Some(axis) {
            (self.since_frame, self.since_figures) = (true, true);
        }
        std::mem::take(&mut self.since_frame)
    }

    /// Returns how long the present figures are held.
    pub(super) const fn figures_interval(&self) -> Span {
        if self.since_figures { FIGURES_INTERVAL } else { QUIET_INTERVAL }
    }

    /// Records that the figures were captured.
    pub(super) const fn figures_captured(&mut self) {
        self.since_figures = false;
    }
}

/// Whether a message changes more than loads and ages.
fn is_news(message: &Message) -> bool {
    match message {
        Message::Batch(messages) => messages.iter().any(is_news),
        Message::Events(events) => !events.is_empty(),
        Message::Sample(sample) => matches!(sample, Sample::Counter { .. }),
        Message::Watermark(_) | Message::WaitSnapshot(_) | Message::Look(_) => false,
        Message::Notice { .. } | Message::Ended { .. } | Message::Declare(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Event, EventKind, Stamp, WorkerId};

    fn axis(ms: u64) -> TimeAxis {
        TimeAxis::new(Span::from_millis(50), Stamp(ms * 1_000_000), 40)
    }

    #[test]
    fn frame_without_events_and_with_the_same_window_is_quiet() {
        let mut changes = Changes::default();
        assert!(changes.begin_frame(axis(1_000)));
        changes.figures_captured();
        changes.note(&Message::Batch(vec![Message::Watermark(Stamp(5)), Message::Sample(Sample::SchedUnavailable)]));
        assert!(!changes.begin_frame(axis(1_000)));
        assert_eq!(changes.figures_interval(), QUIET_INTERVAL);
        assert!(changes.begin_frame(axis(1_100)), "the window moved");
        assert_eq!(changes.figures_interval(), FIGURES_INTERVAL);
    }

    #[test]
    fn event_in_a_batch_is_news_for_one_frame_and_until_figures_are_captured() {
        let mut changes = Changes::default();
        changes.begin_frame(axis(1_000));
        changes.figures_captured();
        let event = Event { at: Stamp(1), worker: WorkerId(0), kind: EventKind::LifeBegan };
        changes.note(&Message::Batch(vec![Message::Watermark(Stamp(5)), Message::Events(vec![event])]));
        assert!(changes.begin_frame(axis(1_000)));
        assert!(!changes.begin_frame(axis(1_000)));
        assert_eq!(changes.figures_interval(), FIGURES_INTERVAL, "the figures do not know it yet");
    }
}
